/* groups.js: everybody at an instant: those that did the same stand together. Pure. */

const TOGETHER = 3; /* fewer of the same kind stand alone */
const SO_FAR = /, [\d.,]+ (ns|us|ms|s) so far$/;

/* Those that somebody waits for are what one looks for: waits first, then who ran, the idle last. */
const RANK = { waiting: 0, runnable: 1, running: 2, unknown: 3, idle: 4 };

/** What a line says apart from for how long. */
export const whatOf = says => (says || '').replace(SO_FAR, '');

/**
 * Threads that do the same, in the order of the first of each. Pure.
 * @param {{row: number, state: string, kind: string|null, says: string, function: string|null}[]} threads
 * @returns {{key: string, threads: object[]}[]}
 */
export function together(threads) {
    const groups = new Map();
    for (const thread of threads) {
        const key = [thread.state, thread.kind || '', whatOf(thread.says), thread.function || ''].join('\u0001');
        if (!groups.has(key))
            groups.set(key, []);
        groups.get(key).push(thread);
    }
    const all = [];
    for (const [key, members] of groups) {
        if (members.length >= TOGETHER)
            all.push({ key, threads: members });
        else
            members.forEach((thread, i) => all.push({ key: key + i, threads: [thread] }));
    }
    return all;
}

export const inOrder = groups => [...groups].sort((a, b) => (RANK[a.threads[0].state] ?? 3) - (RANK[b.threads[0].state] ?? 3));
