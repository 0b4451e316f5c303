/* range-bar.jsx: a selected stretch of time: how long it is, and what the threads did in it. */
import { cssOf, keyOfNames, nameOf } from '../colours.js';
import { duration, percent, time } from '../format.js';
import { actions } from '../state.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';

/* Sums of one key each, most first. */
function sumsByKey(list) {
    const sums = new Map();
    for (const { state, kind, ns } of list || []) {
        const key = keyOfNames(state, kind);
        sums.set(key, (sums.get(key) || 0) + ns);
    }
    return [...sums].sort((a, b) => b[1] - a[1]);
}

const SUMS_SHOWN = 4;

function Share({ sums, all }) {
    return (
        <span class="tl-shares" aria-hidden="true">
            {sums.map(([key, ns]) => (
                <i key={key} style={{ width: `${(ns / all) * 100}%`, backgroundColor: cssOf(key) }} />
            ))}
        </span>
    );
}

export function RangeBar() {
    const selection = useStore(state => state.selection),
        times = useTimes();
    const range = selection && selection.type === 'range' ? selection : null;
    const query = range && { t0: Math.round(range.t0), t1: Math.round(range.t1) };
    const { data, error } = useAnswer(range && '/api/sums', query);
    if (!range) return null;
    const sums = data ? sumsByKey(data.all.sums) : [],
        all = sums.reduce((sum, [, ns]) => sum + ns, 0);
    return (
        <div class="tl-range" role="status">
            <b>{duration(range.t1 - range.t0)}</b>
            <span class="faint">from {time(range.t0, times, 1)}</span>
            {all > 0 && <Share sums={sums} all={all} />}
            <span class="tl-sums">
                {sums.slice(0, SUMS_SHOWN).map(([key, ns]) => (
                    <span key={key} class="tl-sum">
                        <span class="swatch" style={{ backgroundColor: cssOf(key) }} />
                        {nameOf(key)} <b>{duration(ns)}</b> <span class="faint">{percent(ns / all)}</span>
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
