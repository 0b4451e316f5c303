/* points.js: a cloud of points on pixels. Pure. */

const NEAR_PX = 9;

/** @typedef {{at: number[], ns: number[], route: number[], process: number[], id: number[]}} Points */

/** The point next to a place, at most NEAR_PX away; -1: none is. Pure. */
export function nearest(points, x, y, toX, toY) {
    let best = -1, least = NEAR_PX * NEAR_PX;
    for (let i = 0; i < points.at.length; i++) {
        const dx = toX(points.at[i]) - x, dy = toY(points.ns[i]) - y, far = dx * dx + dy * dy;
        if (far <= least) {
            least = far;
            best = i;
        }
    }
    return best;
}

/**
 * Which points are drawn: of those that would lie on the same pixel the last one. Pure.
 * @returns {number[]} their numbers
 */
export function thin(points, toX, toY, width) {
    const taken = new Map();
    for (let i = 0; i < points.at.length; i++)
        taken.set(Math.round(toX(points.at[i])) + Math.round(toY(points.ns[i])) * width, i);
    return [...taken.values()];
}
