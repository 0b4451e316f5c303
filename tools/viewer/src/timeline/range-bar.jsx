/* range-bar.jsx: a selected stretch of time: how long it is, and what the threads did in it. */
import { StackBar } from '../charts/stack-bar.jsx';
import { cssOf } from '../colours.js';
import { partsOfSums } from '../details/sums.js';
import { duration, percent, time } from '../format.js';
import { actions } from '../state.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';

const SUMS_SHOWN = 4;

export function RangeBar() {
    const selection = useStore(state => state.selection),
        times = useTimes();
    const range = selection && selection.type === 'range' ? selection : null;
    const query = range && { t0: Math.round(range.t0), t1: Math.round(range.t1) };
    const { data, error } = useAnswer(range && '/api/sums', query);
    if (!range) return null;
    const sums = data ? partsOfSums(data.all.sums) : [],
        all = sums.reduce((sum, one) => sum + one.ns, 0);
    return (
        <div class="tl-range" role="status">
            <b>{duration(range.t1 - range.t0)}</b>
            <span class="faint">from {time(range.t0, times, 1)}</span>
            {all > 0 && (
                <span class="tl-shares">
                    <StackBar parts={sums} scale={all} what="the threads" slim />
                </span>
            )}
            <span class="tl-sums">
                {sums.slice(0, SUMS_SHOWN).map(({ key, name, ns }) => (
                    <span key={key} class="tl-sum">
                        <span class="swatch" style={{ backgroundColor: cssOf(key) }} />
                        {name} <b>{duration(ns)}</b> <span class="faint">{percent(ns / all)}</span>
                    </span>
                ))}
                {error && <span class="faint">{error}</span>}
            </span>
            <button class="button" onClick={() => actions.zoomTo(range.t0, range.t1, 0)}>
                Zoom
            </button>
            <button class="button" aria-label="Drop this selection" onClick={() => actions.select(null)}>
                ×
            </button>
        </div>
    );
}
