/* chosen.js: what the panels know beside the page's state: which finding was chosen, what the tables are limited to.
 * It is not in the address: a finding comes back with the selection of its evidence, a limit is quickly set again.
 */
import { useEffect, useState } from 'preact/hooks';

import { createStore } from '../state.js';

/**
 * @typedef {{t0: number|null, t1: number|null, min: number|null, max: number|null, route: string|null}} Limits
 * null: not limited
 */
export const NO_LIMITS = { t0: null, t1: null, min: null, max: null, route: null };

export const chosen = createStore({
    finding: null, /* its number in the report */
    evidence: [],  /* of each finding, once it is known */
    /** @type {Limits} */
    limits: NO_LIMITS, /* of the table of requests */
    flame: { kind: 'off', t0: null, t1: null, row: null, wait: null },
    highlight: null,   /* the route that the pointer is on */
});

export const setChosen = patch => chosen.set(patch);

/** @template T @param {(state: any) => T} pick @returns {T} */
export function useChosen(pick) {
    const [, redraw] = useState(0);
    useEffect(() => {
        let seen = pick(chosen.get());
        redraw(n => n + 1);
        return chosen.subscribe(state => {
            const now = pick(state);
            if (!Object.is(now, seen)) {
                seen = now;
                redraw(n => n + 1);
            }
        });
    }, []);
    return pick(chosen.get());
}

/** Opens the table of requests with these limits alone. @param {Partial<Limits>} limits */
export function limitRequests(limits, openPanel) {
    setChosen({ limits: { ...NO_LIMITS, ...limits } });
    openPanel('requests');
}

/** Opens the flame graph of a stretch, a row, a kind of wait. */
export function openFlame(what, openPanel) {
    setChosen({ flame: { kind: 'off', t0: null, t1: null, row: null, wait: null, ...what } });
    openPanel('flame');
}
