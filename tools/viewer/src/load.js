/* load.js: what is asked first, and again while the server still reads the trace. */
import { askAnew, forgetAnswers, isEmbedded } from './data.js';
import { clampView, store } from './state.js';

const pause = ms => new Promise(done => setTimeout(done, ms));

async function loadRows() {
    const [info, { rows }] = await Promise.all([askAnew('/api/info'), askAnew('/api/rows')]);
    const patch = { info, rowList: rows };
    const { view } = store.get();
    const whole = view.t1 <= 1 ? { t0: 0, t1: info.duration_ns } : view; /* or what the address has */
    patch.view = clampView(whole.t0, whole.t1, info.duration_ns);
    store.set(patch, 'none');
    document.title = `${info.program || 'trace'} · stallmark`;
}

/* Follows the progress until the trace is known whole. Rows come again each time that there may be more. */
async function followProgress() {
    for (let serial = 0; ;) {
        const progress = await askAnew('/api/progress', { wait: serial });
        const changed = progress.serial !== serial;
        serial = progress.serial;
        store.set({ progress }, 'none');
        if (progress.state === 'failed') throw new Error(progress.error || 'the trace could not be read');
        if (changed || !store.get().info) {
            forgetAnswers();
            await loadRows();
        }
        if (progress.state === 'ready') return;
        await pause(100);
    }
}

export async function load() {
    try {
        if (isEmbedded()) store.set({ progress: await askAnew('/api/progress') }, 'none');
        await followProgress();
    } catch (error) {
        store.set({ failed: { text: error.message, status: error.status } }, 'none');
    }
}
