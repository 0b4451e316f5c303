/* shell.jsx: the frame: head, left, timeline, right, bottom; and the states in which there is no timeline yet. */
import { Bottom, Left, Right } from './panels/index.jsx';
import { Head } from './shell-head.jsx';
import { Help } from './shell-help.jsx';
import { Failed, Nothing, Opening, Reading } from './shell-states.jsx';
import { actions } from './state.js';
import { Timeline } from './timeline/timeline.jsx';
import { Sash } from './shell-sash.jsx';
import { useStore } from './use-store.js';
import { Notice } from './shell-notice.jsx';

function Side({ side, label, children }) {
    const open = useStore(state => state.sides[side]);
    return (
        <aside class={`side ${side} ${open ? '' : 'shut'}`} aria-label={label}>
            {open && <div class="side-body">{children}</div>}
            <button
                class="side-fold"
                aria-expanded={open}
                aria-label={`${open ? 'Close' : 'Open'} ${label}`}
                title={`${open ? 'Close' : 'Open'} ${label}`}
                onClick={() => actions.setSide(side, !open)}>
                {(side === 'left') === open ? '‹' : '›'}
            </button>
        </aside>
    );
}

function BottomPlace() {
    const panel = useStore(state => state.panel);
    return (
        <section class={panel ? 'bottom open' : 'bottom'} aria-label="Panels">
            {panel && <Sash />}
            <Bottom />
        </section>
    );
}

function Middle() {
    const info = useStore(state => state.info),
        failed = useStore(state => state.failed);
    const rows = useStore(state => state.rowList),
        progress = useStore(state => state.progress);
    if (failed && !info) return <Failed failed={failed} />;
    if (!info) return <Opening progress={progress} />;
    if (!rows.length && progress && progress.state === 'ready') return <Nothing info={info} />;
    return <Timeline />;
}

export function Shell() {
    const info = useStore(state => state.info);
    return (
        <div class="shell">
            <Head />
            <Reading />
            <div class="shell-row">
                {info && (
                    <Side side="left" label="findings and requests">
                        <Left />
                    </Side>
                )}
                <main class="middle">
                    <Middle />
                </main>
                {info && (
                    <Side side="right" label="details">
                        <Right />
                    </Side>
                )}
            </div>
            {info && <BottomPlace />}
            <Help />
            <Notice />
        </div>
    );
}
