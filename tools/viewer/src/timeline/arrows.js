/* arrows.js: who let whom go on: from the releaser or waker to who waited, and along a request from thread to
 * thread. */

const HOPS_SHOWN = 40;

/**
 * The arrows of what is selected.
 * @typedef {{fromRow: number, fromT: number, toRow: number, toT: number, text: string}} Arrow
 * @returns {Arrow[]}
 */
export function arrowsOfItem(detail) {
    if (!detail) return [];
    const arrows = [],
        { to } = wholeOf(detail);
    const add = (who, text) => {
        if (who && typeof who.row === 'number' && who.row !== detail.row)
            arrows.push({ fromRow: who.row, fromT: who.at ?? to, toRow: detail.row, toT: to, text });
    };
    add(detail.releaser, 'released');
    if (!detail.releaser || (detail.waker && detail.waker.row !== detail.releaser.row)) add(detail.waker, 'woke');
    return arrows;
}

/** A wait may be several pieces of its thread's time: who was woken in it and slept again. */
export const wholeOf = ({ from, to, wait }) =>
    wait ? { from: Math.min(from, wait.from), to: Math.max(to, wait.to) } : { from, to };

export function arrowsOfRequest(whole) {
    if (!whole) return [];
    return hops(whole.parts || []).slice(0, HOPS_SHOWN);
}

/* Where a request came to a thread that it was not on just before. Parts of two threads may overlap. */
function hops(parts) {
    const arrows = [],
        ends = new Map();
    let before = null;
    for (const part of parts) {
        if (typeof part.row !== 'number') continue;
        const end = ends.get(part.row);
        if (before && before.row !== part.row && (end === undefined || end < part.from))
            arrows.push({
                fromRow: before.row,
                fromT: Math.min(before.to, part.from),
                toRow: part.row,
                toT: part.from,
                text: '',
            });
        ends.set(part.row, Math.max(end ?? 0, part.to));
        before = part;
    }
    return arrows;
}

function middleOf(scene, row, axis) {
    const slot = scene.layout.byRow.get(row);
    return slot ? axis + slot.y - scene.top + slot.h / 2 : null;
}

function paintHead(p, x, y, dx, dy, colour) {
    const n = Math.hypot(dx, dy) || 1,
        ux = dx / n,
        uy = dy / n;
    p.fill(
        [
            [x, y],
            [x - 7 * ux - 3.5 * uy, y - 7 * uy + 3.5 * ux],
            [x - 7 * ux + 3.5 * uy, y - 7 * uy - 3.5 * ux],
        ],
        colour,
    );
}

/* A bow to the right, so that it is seen where both ends are at one time. */
function paintArrow(p, scene, arrow, axis) {
    const y0 = middleOf(scene, arrow.fromRow, axis),
        y1 = middleOf(scene, arrow.toRow, axis);
    const x0 = scene.x(arrow.fromT),
        x1 = scene.x(arrow.toT);
    if (y0 === null || y1 === null || Math.max(x0, x1) < -50 || Math.min(x0, x1) > scene.width + 50) return;
    const bow = Math.min(26, 10 + Math.abs(y1 - y0) / 6);
    const edge = y1 > y0 ? y1 - 7 : y1 + 7;
    p.curve(
        [x0, y0, x0 + bow, y0 + (edge - y0) * 0.3, x1 + bow, y0 + (edge - y0) * 0.7, x1 + 1, edge],
        scene.theme.text,
        1.4,
    );
    paintHead(p, x1 + 1, edge, -bow, (edge - y0) * 0.6, scene.theme.text);
    if (arrow.text) {
        const x = Math.max(x0, x1) + bow + 2,
            y = (y0 + edge) / 2,
            w = p.measure(arrow.text);
        p.rect(x - 2, y - 7, w + 4, 14, scene.theme.bg);
        p.text(arrow.text, x, y, scene.theme.text);
    }
}

export function paintArrows(p, scene, axis = 26) {
    for (const arrow of scene.arrows) paintArrow(p, scene, arrow, axis);
}
