/* bottom.jsx: the tabs beneath the timeline. */
import { actions } from '../state.js';
import { useAnswer, useStore } from '../use-store.js';
import { DiffPanel } from './diff.jsx';
import { FilePanel } from './file.jsx';
import { FlamePanel } from './flame.jsx';
import { LocksPanel } from './locks.jsx';
import { LoopsPanel } from './loops.jsx';
import { PausesPanel } from './pauses.jsx';
import { RequestsPanel } from './requests.jsx';
import { SchedulerPanel } from './scheduler.jsx';
import { ThreadsPanel } from './threads.jsx';

const TABS = [
    ['requests', 'Requests', RequestsPanel], ['locks', 'Locks and waits', LocksPanel], ['flame', 'Flame graph', FlamePanel],
    ['threads', 'Threads', ThreadsPanel], ['scheduler', 'Scheduler', SchedulerPanel], ['pauses', 'Pauses', PausesPanel],
    ['loops', 'Event loops', LoopsPanel], ['file', 'File', FilePanel], ['diff', 'Compare', DiffPanel],
];

/* Left and right go to the next tab, as in any list of tabs. */
function onKey(event, at) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step)
        return;
    const buttons = [...event.currentTarget.querySelectorAll('[role=tab]')];
    const next = buttons[(at + step + buttons.length) % buttons.length];
    next.focus();
    event.preventDefault();
    event.stopPropagation();
}

export function Bottom() {
    const panel = useStore(state => state.panel);
    const known = useStore(state => !!state.info);
    const report = useAnswer(known ? '/api/report' : null);
    const open = TABS.find(([id]) => id === panel);
    const Panel = open ? open[2] : null;
    return (
        <>
            <div class="tabs" role="tablist" aria-label="Panels"
                onKeyDown={event => onKey(event, TABS.findIndex(([id]) => id === (event.target.dataset || {}).tab))}>
                {TABS.map(([id, name], i) => (
                    <button key={id} role="tab" id={`tab-${id}`} data-tab={id} aria-selected={panel === id}
                        aria-controls="panel" tabIndex={panel === id || (!open && i === 0) ? 0 : -1}
                        onClick={() => actions.openPanel(panel === id ? null : id)}>{name}</button>
                ))}
                {open && <button class="close" aria-label="Close the panel" onClick={() => actions.openPanel(null)}>×</button>}
            </div>
            {Panel && <div class="body" role="tabpanel" id="panel" aria-labelledby={`tab-${panel}`} tabIndex={-1}>
                {report.error ? <p class="bad" role="alert">No report: {report.error}</p>
                    : report.data ? <Panel report={report.data} /> : <p class="faint" role="status">reading the trace …</p>}
            </div>}
        </>
    );
}
