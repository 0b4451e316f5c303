/* zoom.js: times and pixels: the arithmetic of a view {t0, t1} that is `width` pixels wide. Pure. */
import { clampView } from '../state.js';

export const nsPerPx = (view, width) => (view.t1 - view.t0) / Math.max(width, 1);
export const xOf = (t, view, width) => ((t - view.t0) * width) / (view.t1 - view.t0);
export const tOf = (x, view, width) => view.t0 + (x * (view.t1 - view.t0)) / Math.max(width, 1);

/** Zooms by `factor` (above 1: further out); what is at `anchor` (a time) stays where it is. */
export function zoomAt(view, factor, anchor, duration) {
    const width = view.t1 - view.t0;
    const zoomed = clampView(0, width * factor, duration);
    const wide = zoomed.t1 - zoomed.t0;
    const from = anchor - (anchor - view.t0) * (wide / width);
    return clampView(from, from + wide, duration);
}

export function panBy(view, ns, duration) {
    return clampView(view.t0 + ns, view.t1 + ns, duration);
}

/** The finest level whose buckets are not wider than a pixel, among those that there are. */
export function levelFor(perPx, min, max) {
    const level = perPx <= 1 ? 0 : Math.floor(Math.log2(perPx));
    return Math.min(Math.max(level, min), max);
}

export const tileWidth = (level, buckets) => 2 ** level * buckets;

/** The first and the last tile of a level that a stretch touches. */
export function tilesOf(t0, t1, level, buckets, duration) {
    const width = tileWidth(level, buckets);
    const last = Math.max(0, Math.ceil(duration / width) - 1);
    const clamp = index => Math.min(Math.max(index, 0), last);
    return { first: clamp(Math.floor(t0 / width)), last: clamp(Math.ceil(t1 / width) - 1), end: last };
}

/* ---- the axis ------------------------------------------------------------------------------------------- */

const STEPS = [1, 2, 5];

/** The nicest distance of ticks so that there are at most `most`. */
export function tickStep(ns, most) {
    const least = ns / Math.max(most, 1);
    for (let decade = 1; ; decade *= 10) for (const step of STEPS) if (step * decade >= least) return step * decade;
}

/** Times of ticks, on whole steps since `origin` (the second's beginning of a wall clock, or 0). */
export function ticksOf(view, step, origin = 0) {
    const ticks = [];
    const first = Math.ceil((view.t0 + origin) / step) * step - origin;
    for (let t = first; t <= view.t1 && ticks.length < 1000; t += step) ticks.push(t);
    return ticks;
}
