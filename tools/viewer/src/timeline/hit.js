/* hit.js: what is under the pointer. Pure. */
import { KINDS } from '../colours.js';
import { duration } from '../format.js';
import { kindOf, stateOf } from '../look.js';
import { firstAfter } from './raster.js';

const NEAR_PX = 3;

/**
 * The item of a row nearest to `t`, within some pixels where it is not under it: the longest there, so that a wait is
 * found among the idle time around it.
 * @param {{items: any, t0: number, t1: number}[]} pieces @param {number} perPx ns a pixel
 */
export function hitItem(pieces, t, perPx) {
    const piece = pieces.find(one => one.items && t >= one.t0 && t < one.t1);
    if (!piece) return null;
    const { items } = piece,
        near = perPx * NEAR_PX;
    let best = null,
        bestAt = Infinity;
    for (let i = firstAfter(items, t - near); i < items.count && items.from[i] <= t + near; i++) {
        const at = items.from[i] > t ? items.from[i] - t : items.to[i] < t ? t - items.to[i] : 0;
        const better = at < bestAt || (at === bestAt && best && items.to[i] - items.from[i] < best.to - best.from);
        if (better) {
            bestAt = at;
            best = describe(items, i);
        }
    }
    return best;
}

export function describe(items, i) {
    return {
        row: items.row,
        item: items.item[i],
        from: items.from[i],
        to: items.to[i],
        look: items.look[i],
        label: items.label[i],
        merged: items.merged[i],
        value: items.last ? items.last[i] : null,
    };
}

const STATES = ['unknown', 'running', 'runnable', 'waiting', 'idle'];

/** What the picture knows of an item, as /api/item would say it. */
export function itemOf({ row, item, from, to, look }, label) {
    const state = STATES[stateOf(look)] || null,
        kind = KINDS[kindOf(look)] || null,
        ns = to - from;
    const says = `${duration(ns)} ${state === 'waiting' ? 'for ' : ''}${label || kind || state || ''}`;
    return { row, item, what: state ? 'state' : 'region', from, to, ns, state, kind, says, regions: [], chain: [] };
}

/** The other state of what is drawn together: it had the rest of the time. */
export const stateOfSecond = look => ({
    state: STATES[look >>> 24 ? (look >>> 24) & 15 : 4],
    kind: KINDS[look >>> 28] || null,
});

/** The item before or after a time, for the keyboard: `way` is -1 or 1. */
export function neighbour(pieces, from, way) {
    let best = null;
    for (const { items } of pieces) {
        if (!items) continue;
        for (let i = 0; i < items.count; i++) {
            if (
                way > 0
                    ? items.from[i] > from && (!best || items.from[i] < best.from)
                    : items.from[i] < from && (!best || items.from[i] > best.from)
            )
                best = describe(items, i);
        }
    }
    return best;
}
