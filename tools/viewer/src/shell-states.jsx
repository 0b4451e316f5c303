/* shell-states.jsx: opening, reading on, nothing there, failed: each says what is known and what to do. */
import { count, percent, time } from './format.js';
import { useStore, useTimes } from './use-store.js';

const shareOf = progress => (progress && progress.total ? Math.min(progress.done / progress.total, 1) : 0);

function Bar({ progress }) {
    return <progress max="1" value={shareOf(progress)} aria-label="How much is read" />;
}

const DOING = { scanning: 'Looking through the file', building: 'Drawing the timeline', ready: 'Ready' };

const doing = ({ state, done, total }) =>
    `${DOING[state] || DOING.building}: ${count(done)} of ${count(total)} events`;

/** Before anything is known. */
export function Opening({ progress }) {
    return (
        <div class="state" role="status">
            <h1>Opening the trace</h1>
            <p>{progress ? doing(progress) : 'Asking the viewer …'}</p>
            <Bar progress={progress} />
        </div>
    );
}

/** A thin line above the timeline while the server still reads: what is there is true, and says how far it goes. */
export function Reading() {
    const progress = useStore(state => state.progress),
        info = useStore(state => state.info);
    const failed = useStore(state => state.failed),
        times = useTimes();
    if (!info) return null;
    if (failed)
        return (
            <div class="reading bad" role="alert">
                {failed.text}
            </div>
        );
    if (!progress || progress.state === 'ready') return null;
    return (
        <div class="reading" role="status">
            <Bar progress={progress} />
            <span>
                Reading on: {percent(shareOf(progress))} of {count(progress.total)} events.
                {progress.known_to ? ` Until ${time(progress.known_to, times)} the picture is final.` : ''}
            </span>
        </div>
    );
}

export function Nothing({ info }) {
    return (
        <div class="state">
            <h1>Nothing was recorded</h1>
            <p>The trace opens, and has no thread in it: {count(info.events || 0)} events.</p>
            {(info.problems || []).length > 0 && (
                <ul>
                    {info.problems.map((text, i) => (
                        <li key={i}>{textOf(text)}</li>
                    ))}
                </ul>
            )}
            <p class="faint">
                <code>stallmark check</code> says what is in the file; <code>stallmark status</code> of the program,
                which of its calls are recorded.
            </p>
        </div>
    );
}

/** Of a problem, whether it is a text or an object with one. */
export const textOf = problem =>
    typeof problem === 'string'
        ? problem
        : (problem && (problem.text || problem.says || problem.what)) || JSON.stringify(problem);

const openAddress = event => {
    event.preventDefault();
    const text = new FormData(event.currentTarget).get('address').trim();
    const token = text.includes('#') ? text.slice(text.indexOf('#') + 1) : text;
    const rest = window.location.hash.replace(/^#/, '').replace(/(^|&)token=[^&]*/, '');
    window.location.hash = `${token.includes('=') ? token : `token=${token}`}${
        rest && !token.includes('v=') ? '&' + rest : ''
    }`.replace('&&', '&');
    window.location.reload();
};

/** No answer, or one that says no. */
export function Failed({ failed }) {
    const stranger = failed.status === 401 || failed.status === 403;
    return (
        <div class="state" role="alert">
            <h1>{stranger ? 'The viewer does not know this page' : 'The trace cannot be shown'}</h1>
            <p>{failed.text}</p>
            {stranger && (
                <form onSubmit={openAddress}>
                    <p>
                        A link has no key in it. Paste the address that <code>stallmark view</code> printed; the link's
                        place is kept.
                    </p>
                    <input
                        class="field"
                        name="address"
                        aria-label="The address that stallmark view printed"
                        size="50"
                        autocomplete="off"
                        placeholder="http://127.0.0.1:…/#token=…"
                    />
                    <button class="button">Open</button>
                </form>
            )}
            {failed.status === 0 && (
                <button class="button" onClick={() => window.location.reload()}>
                    Try again
                </button>
            )}
        </div>
    );
}
