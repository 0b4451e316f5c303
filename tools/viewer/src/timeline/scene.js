/* scene.js: one picture of the timeline, from the axis down, painted with a painter (a canvas' or an SVG's).
 *
 * A scene is: `view`, `width` and `height` in CSS pixels, `ratio`, `top` (how far it is scrolled), `layout`, `cache`,
 * `labels`, `level`, `info`, `theme` (theme.js), `off` (by code: switched off), `times` (format.js), `cursor`,
 * `selection`, `selected` ({row, from, to}), `request` (parts of the selected one), `knownTo`, `arrows`, `range`,
 * `partsOf(request)`, `x(t)`.
 */
import { duration, groupsFor, time } from '../format.js';
import { slotsBetween } from './layout.js';
import {
    hatch,
    paintCounter,
    paintMarks,
    paintRequest,
    paintSamples,
    paintThread,
    paintTinted,
} from './paint-rows.js';
import { paintArrows } from './arrows.js';
import { tickStep, ticksOf } from './zoom.js';

export const AXIS_HEIGHT = 26;
const TICK_PX = 110;

const PAINT = {
    thread: paintThread,
    regions: paintTinted,
    requests: paintTinted,
    cpu: paintTinted,
    samples: paintSamples,
    counter: paintCounter,
    marks: paintMarks,
    logs: paintMarks,
    request: paintRequest,
};

export function ticksFor(scene) {
    const ns = scene.view.t1 - scene.view.t0;
    const step = tickStep(ns, Math.max(2, scene.width / TICK_PX));
    const ofDay = scene.times.clock === 'wall' && scene.times.ofDay !== null ? scene.times.ofDay % 60e9 : 0;
    return { step, ticks: ticksOf(scene.view, step, ofDay) };
}

function paintGrid(p, scene, ticks, top) {
    for (const t of ticks) p.rect(Math.round(scene.x(t)), top, 1, scene.height - top, scene.theme.grid);
}

/* The words over the axis: a selected stretch's length, the pinned instant. Ticks leave room for them. */
function axisWords(p, scene) {
    const words = [],
        { range, cursor, view, width } = scene;
    const add = (text, middle) => {
        const w = p.measure(text) + 12;
        words.push({ text, w, left: Math.min(Math.max(middle - w / 2, 0), width - w) });
    };
    if (range) add(duration(range.t1 - range.t0), (scene.x(range.t0) + scene.x(range.t1)) / 2);
    if (cursor !== null && cursor >= view.t0 && cursor <= view.t1) add(time(cursor, scene.times, 2), scene.x(cursor));
    return words;
}

function paintAxis(p, scene, ticks, step) {
    const { theme } = scene,
        groups = groupsFor(step),
        words = axisWords(p, scene);
    p.rect(0, 0, scene.width, AXIS_HEIGHT, theme.panel);
    p.rect(0, AXIS_HEIGHT - 1, scene.width, 1, theme.line);
    for (const t of ticks) {
        const x = Math.round(scene.x(t)),
            text = time(t, scene.times, groups),
            end = x + 4 + p.measure(text);
        p.rect(x, AXIS_HEIGHT - 6, 1, 5, theme.line);
        if (end < scene.width && !words.some(one => x < one.left + one.w + 4 && end > one.left - 4))
            p.text(text, x + 4, AXIS_HEIGHT / 2, theme.faint);
    }
    for (const { text, w, left } of words) {
        p.rect(left, 4, w, 17, theme.accent);
        p.text(text, left + w / 2, 13, theme.onAccent, 'center');
    }
}

/* Beneath the rows, whose colours stay what they are. */
function paintRange(p, scene) {
    const { range, theme, height } = scene;
    if (!range) return;
    const x0 = scene.x(range.t0),
        x1 = scene.x(range.t1);
    p.rect(x0, AXIS_HEIGHT, x1 - x0, height, theme.range);
}

function paintRangeEnds(p, scene) {
    const { range, theme, height } = scene;
    for (const t of range ? [range.t0, range.t1] : [])
        p.rect(Math.round(scene.x(t)), AXIS_HEIGHT, 1, height, theme.accent);
}

function paintInstant(p, scene) {
    const { cursor, theme, view } = scene;
    if (cursor === null || cursor < view.t0 || cursor > view.t1) return;
    const x = Math.round(scene.x(cursor)) + 0.5;
    p.line(
        [
            [x, AXIS_HEIGHT],
            [x, scene.height],
        ],
        theme.accent,
        1,
        [4, 3],
    );
}

/* What was not recorded, over all rows. */
function paintGaps(p, scene) {
    for (const gap of scene.info.gaps || []) {
        const x0 = Math.max(0, scene.x(gap.from)),
            x1 = Math.min(scene.width, scene.x(gap.to));
        if (x1 < 0 || x0 > scene.width || x1 - x0 < 1) continue;
        hatch(p, scene, x0, AXIS_HEIGHT, x1 - x0, scene.height - AXIS_HEIGHT, scene.theme.gap);
        const text = `not recorded${gap.category ? ': ' + gap.category : ''}`;
        if (x1 - x0 > p.measure(text) + 12) {
            p.rect(x0 + 4, AXIS_HEIGHT + 4, p.measure(text) + 8, 16, scene.theme.bg);
            p.text(text, x0 + 8, AXIS_HEIGHT + 12, scene.theme.faint);
        }
    }
}

/* The item, and thinner the whole wait that it is a piece of. */
function paintSelected(p, scene) {
    const { selected, layout, theme } = scene;
    const slot = selected && layout.byRow.get(selected.row);
    if (!slot) return;
    const h = slot.kind === 'thread' ? 16 : slot.h,
        y = AXIS_HEIGHT + slot.y - scene.top + (slot.h - h) / 2;
    const around = ({ from, to }, thick) => {
        const x0 = Math.max(-3, scene.x(from)),
            x1 = Math.min(scene.width + 3, scene.x(to));
        if (x1 >= 0 && x0 <= scene.width) p.frame(x0 - 1, y, Math.max(x1 - x0, 1) + 2, h, theme.accent, thick);
    };
    around(selected.whole || selected, 1.5);
    around(selected, 2.5);
}

/* Where a selected request was: on its threads' rows. */
function paintRequestTrace(p, scene) {
    const { request, layout, theme } = scene;
    for (const part of (request && request.parts) || []) {
        const slot = layout.byRow.get(part.row);
        const x0 = Math.max(0, scene.x(part.from)),
            x1 = Math.min(scene.width, scene.x(part.to));
        if (slot && x1 > x0)
            p.rect(x0, AXIS_HEIGHT + slot.y - scene.top + slot.h - 2, Math.max(x1 - x0, 1), 2, theme.accent);
    }
}

/* What the server has not read yet. */
function paintUnread(p, scene) {
    const { knownTo, theme } = scene;
    if (knownTo === null || knownTo >= scene.view.t1) return;
    const x = Math.max(0, scene.x(knownTo));
    p.rect(x, AXIS_HEIGHT, scene.width - x, scene.height, theme.range);
    if (scene.width - x > 90) p.text('not read yet', x + 8, AXIS_HEIGHT + 12, theme.faint);
}

function paintSlots(p, scene) {
    const { top, layout, height } = scene;
    for (const slot of slotsBetween(layout.slots, top, top + height - AXIS_HEIGHT)) {
        const y = AXIS_HEIGHT + slot.y - top;
        if (slot.kind === 'caption') p.rect(0, y + slot.h - 1, scene.width, 1, scene.theme.grid);
        else if (slot === scene.hoverSlot) p.rect(0, y, scene.width, slot.h, scene.theme.hover);
        if (PAINT[slot.kind]) PAINT[slot.kind](p, scene, slot, y);
    }
}

/** Paints all of it; the painter has begun. */
export function paintScene(p, scene) {
    const { step, ticks } = ticksFor(scene);
    p.clip(0, AXIS_HEIGHT, scene.width, scene.height - AXIS_HEIGHT, () => {
        paintGrid(p, scene, ticks, AXIS_HEIGHT);
        paintRange(p, scene);
        paintSlots(p, scene);
        paintGaps(p, scene);
        paintUnread(p, scene);
        paintRequestTrace(p, scene);
        paintSelected(p, scene);
        paintArrows(p, scene);
    });
    paintAxis(p, scene, ticks, step);
    p.clip(0, 0, scene.width, scene.height, () => {
        paintRangeEnds(p, scene);
        paintInstant(p, scene);
    });
}
