/* paint-rows.js: one row of the timeline, by its kind. `p` is a painter, `scene` what scene.js describes. */
import { CODE, colourOf, keyOfNames, KEYS, patternOf } from '../colours.js';
import { counterValue, shortPath } from '../format.js';
import { FLAG, flagsOf } from '../look.js';
import { Columns, firstAfter, rasterize } from './raster.js';

export const BAR = 14;
const LABEL_FROM_PX = 28;
/* On which white is read better, in the light theme and in the dark one. */
const LIGHT_TEXT = ['lock cond disk memory other running', 'either poll sleep join unseen'];

/** `text` cut to `width` pixels with an ellipsis; "" where nothing sensible fits. */
export function fitText(p, text, width) {
    if (!text || width < 14) return '';
    if (p.measure(text) <= width) return text;
    text = shortPath(text);
    if (p.measure(text) <= width) return text;
    let low = 0,
        high = text.length;
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (p.measure(text.slice(0, middle) + '…') <= width) low = middle;
        else high = middle - 1;
    }
    return low >= 2 ? text.slice(0, low) + '…' : '';
}

/* Columns are used again from row to row and frame to frame. */
function columnsOf(scene) {
    const wide = Math.max(1, Math.round(scene.width * scene.ratio));
    if (!scene.columns || scene.columns.width !== wide) scene.columns = new Columns(wide);
    scene.columns.clear();
    return scene.columns;
}

function placeOf(scene) {
    const width = scene.width * scene.ratio;
    return { t0: scene.view.t0, scale: width / (scene.view.t1 - scene.view.t0), width };
}

function rasterRow(scene, row) {
    const columns = columnsOf(scene),
        bars = [],
        place = placeOf(scene);
    const pieces = scene.cache.pieces(row.id, scene.view, scene.level);
    for (const piece of pieces) if (piece.items) rasterize(piece.items, piece, place, columns, bars);
    return { columns, bars, pieces };
}

/* Nothing has come of a stretch yet, not even something coarser. */
function paintAbsent(p, scene, pieces, y, h) {
    for (const piece of pieces) {
        if (piece.items || piece.exact) continue;
        const x0 = Math.max(0, scene.x(piece.t0)),
            x1 = Math.min(scene.width, scene.x(piece.t1));
        p.rect(x0, y + h / 2 - 2, x1 - x0, 4, scene.theme.hover);
    }
}

function hairline(p, scene, x0, x1, y) {
    p.rect(x0, Math.round(y), x1 - x0, 1, scene.theme.hairline);
}

export function hatch(p, scene, x, y, w, h, colour = scene.theme.faint) {
    p.clip(x, y, w, h, () => {
        for (let at = x - h; at < x + w; at += 6)
            p.line(
                [
                    [at, y + h],
                    [at + h, y],
                ],
                colour,
                0.8,
            );
    });
}

function barText(p, scene, bar, x, y, w, h) {
    const label = scene.labels.get(bar.items.label[bar.index]);
    barWords(p, scene, fitText(p, label, w - 8), bar.code, x, y, w, h);
}

/* Words on a bar; no pattern is behind them. */
function barWords(p, scene, text, code, x, y, w, h) {
    if (!text) return;
    if (patternOf(KEYS[code]))
        p.rect(x + 2, y, Math.min(p.measure(text) + 4, w - 2), h, colourOf(KEYS[code], scene.theme.dark));
    p.text(text, x + 4, y + h / 2 + 0.5, LIGHT_TEXT[scene.theme.dark ? 1 : 0].includes(KEYS[code]) ? '#ffffff' : '#15191c');
}

function paintBar(p, scene, bar, y, h) {
    const x = bar.x0 / scene.ratio,
        w = (bar.x1 - bar.x0) / scene.ratio;
    const gap = flagsOf(bar.items.look[bar.index]) & FLAG.gap;
    if (bar.code === CODE.idle || scene.off[bar.code]) {
        hairline(p, scene, x, x + w, y + h / 2);
        return;
    }
    if (gap) {
        hatch(p, scene, x, y, w, h);
        return;
    }
    if (bar.code === CODE.unseen) {
        p.rect(x, y + h / 2 - 3, w, 6, scene.theme.unseen);
        return;
    }
    if (bar.code === CODE.unknown) {
        p.rect(x, y + h / 2 - 1.5, w, 3, scene.theme.unknown);
        return;
    }
    p.bar(x, y, w > 4 ? w - 0.5 : w, h, bar.code);
    if (w >= LABEL_FROM_PX && h >= 12) barText(p, scene, bar, x, y, w, h);
}

export function paintThread(p, scene, slot, y) {
    const h = slot.quiet ? 8 : BAR,
        top = y + (slot.h - h) / 2;
    const { columns, bars, pieces } = rasterRow(scene, slot.row);
    if (columns.any) {
        hairline(p, scene, 0, scene.width, top + h / 2);
        p.columns(columns, 0, top, h, scene.off);
    }
    for (const bar of bars) paintBar(p, scene, bar, top, h);
    if (slot.row.lost) hatch(p, scene, 0, top + h, scene.width, 3, scene.theme.bad); /* where, no file says */
    paintAbsent(p, scene, pieces, top, h);
}

/* ---- tinted bars: regions, lanes of requests, CPUs --------------------------------------------------------- */

const TOGETHER_LIMIT_PX = 3;

function tinted(p, scene, items, i, y, h, dense) {
    const x0 = Math.max(-2, scene.x(items.from[i])),
        x1 = Math.min(scene.width + 2, scene.x(items.to[i]));
    const w = x1 - x0,
        flags = flagsOf(items.look[i]);
    if (w < TOGETHER_LIMIT_PX || flags & FLAG.together) {
        dense(x0, Math.max(x1, x0 + 0.5), flags & FLAG.failed ? scene.theme.bad : scene.theme.tintStrong);
        return;
    }
    p.rect(x0, y, w - 0.5, h, scene.theme.tint);
    p.rect(x0, y, 1, h, flags & FLAG.failed ? scene.theme.bad : scene.theme.tintStrong);
    const text = w >= LABEL_FROM_PX && h >= 10 ? fitText(p, scene.labels.get(items.label[i]), w - 7) : '';
    if (text) p.text(text, Math.max(x0, 0) + 4, y + h / 2 + 0.5, scene.theme.text);
}

/* What touches and has one colour is one rectangle: thousands of them a row are what a frame has no time for. */
function denseRun(p, y, h) {
    let from = 0,
        to = -Infinity,
        colour = null;
    return (x0, x1, next) => {
        if (next === colour && x0 <= to + 0.5) {
            to = Math.max(to, x1);
            return;
        }
        if (colour) p.rect(from, y, to - from, h, colour);
        from = x0;
        to = x1;
        colour = next;
    };
}

export function paintTinted(p, scene, slot, y) {
    const h = slot.h - 2,
        dense = denseRun(p, y, h);
    for (const piece of scene.cache.pieces(slot.row.id, scene.view, scene.level)) {
        const { items } = piece;
        if (!items) continue;
        const to = Math.min(piece.t1, scene.view.t1),
            from = Math.max(piece.t0, scene.view.t0);
        let last = -1;
        for (let i = firstAfter(items, from); i < items.count && items.from[i] < to; i++) {
            const pixel = Math.floor(scene.x(items.to[i]) * 2);
            if (pixel === last && scene.x(items.from[i]) * 2 >= last)
                continue; /* what lies in half a pixel that is painted */
            last = pixel;
            tinted(p, scene, items, i, y, h, dense);
        }
    }
    dense(0, 0, null);
}

/* ---- points, counters --------------------------------------------------------------------------------------- */

export function paintSamples(p, scene, slot, y) {
    let last = -1;
    for (const { items, t1 } of scene.cache.pieces(slot.row.id, scene.view, scene.level))
        for (let i = items ? firstFrom(items, scene.view.t0) : 0; items && i < items.count; i++) {
            if (items.from[i] > Math.min(scene.view.t1, t1)) break;
            const x = Math.round(scene.x(items.from[i]));
            if (x !== last) p.rect(x, y, 1, slot.h - 2, scene.theme.sample);
            last = x;
        }
}

/* The first that begins at `t` or later: of points, which end where they begin. */
function firstFrom(items, t) {
    let low = 0,
        high = items.count;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (items.from[middle] < t) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Steps: a value holds until the next. The view's range of them is its height. */
export function counterPoints(pieces, view) {
    const points = [];
    for (const { items, t0, t1 } of pieces)
        for (let i = 0; items && i < items.count; i++) {
            if (items.from[i] > t1 || items.from[i] > view.t1) break;
            if (items.to[i] >= Math.max(t0, view.t0) || i + 1 >= items.count || items.from[i + 1] > view.t0)
                points.push({ t: items.from[i], low: items.low[i], high: items.high[i], last: items.last[i] });
        }
    return points;
}

export function paintCounter(p, scene, slot, y) {
    const points = counterPoints(scene.cache.pieces(slot.row.id, scene.view, scene.level), scene.view);
    if (!points.length) return;
    const highest = Math.max(...points.map(one => one.high)),
        lowest = Math.min(0, ...points.map(one => one.low));
    const h = slot.h - 20,
        yOf = value => y + 16 + h - ((value - lowest) / (highest - lowest || 1)) * h;
    const line = [];
    let before = null;
    for (const one of points) {
        const x = scene.x(one.t);
        if (before !== null) line.push([x, before]);
        if (one.high > one.low) p.rect(x, yOf(one.high), 1, yOf(one.low) - yOf(one.high), scene.theme.sample);
        line.push([x, yOf(one.last)]);
        before = yOf(one.last);
    }
    line.push([scene.width, before]);
    p.line(line, scene.theme.sample, 1.2);
    const grew = /^(user|system)_us$|_faults$/.test(slot.row.name); /* it only rises */
    p.text(grew ? `+${counterValue(slot.row, highest - points[0].last)}` : `${counterValue(slot.row, highest)} at most`, scene.width - 6, y + 9, scene.theme.faint, 'right');
}

/* Gaps; and points, each with its name where there is room before the next. */
export function paintMarks(p, scene, slot, y) {
    for (const { items, t1 } of scene.cache.pieces(slot.row.id, scene.view, scene.level))
        for (let i = 0; items && i < items.count && items.from[i] < Math.min(t1, scene.view.t1); i++) {
            const x0 = scene.x(items.from[i]),
                x1 = scene.x(items.to[i]);
            if (x1 < 0) continue;
            if (x1 - x0 > 3)
                hatch(p, scene, Math.max(x0, 0), y + 2, Math.min(x1, scene.width) - Math.max(x0, 0), slot.h - 4);
            else {
                p.fill(
                    [
                        [x0 - 3, y + 4],
                        [x0 + 3, y + 4],
                        [x0, y + 11],
                    ],
                    scene.theme.faint,
                );
                const end = i + 1 < items.count ? Math.min(scene.x(items.from[i + 1]), scene.width) : scene.width;
                const text = fitText(p, scene.labels.get(items.label[i]), end - x0 - 12);
                if (text) p.text(text, x0 + 6, y + 7, scene.theme.text);
            }
        }
}

/* ---- a request as its parts ----------------------------------------------------------------------------- */

export const REQUEST_BAR = 16;

function paintParts(p, scene, parts, y) {
    for (const part of parts) {
        const x0 = Math.max(-4, scene.x(part.from)),
            x1 = Math.min(scene.width + 4, scene.x(part.to));
        const code = CODE[keyOfNames(part.state, part.kind)],
            w = Math.max(x1 - x0, 0.6);
        if (x1 < 0 || x0 > scene.width) continue;
        if (code === CODE.unknown || code === CODE.idle || scene.off[code]) {
            p.rect(x0, y + REQUEST_BAR / 2 - 1.5, w, 3, scene.theme.unknown);
            continue;
        }
        p.bar(x0, y, w > 4 ? w - 0.5 : w, REQUEST_BAR, code);
        const text = w >= LABEL_FROM_PX ? fitText(p, part.label || '', x1 - Math.max(x0, 0) - 8) : '';
        barWords(p, scene, text, code, Math.max(x0, 0), y, w, REQUEST_BAR);
    }
}

/* The regions of the threads that worked on it, while they did. */
function regionsOf(scene, whole) {
    const spans = new Map();
    for (const { row, from, to } of whole.parts || []) {
        const span = spans.get(row);
        spans.set(row, span ? { from: Math.min(span.from, from), to: Math.max(span.to, to) } : { from, to });
    }
    const regions = [];
    for (const [thread, span] of spans)
        for (const row of scene.regionRows.get(thread) || []) regionsIn(scene, row, span, regions);
    return regions.sort((a, b) => a.from - b.from);
}

function regionsIn(scene, row, span, regions) {
    for (const { items, t0, t1 } of scene.cache.pieces(row, scene.view, scene.level))
        for (let i = items ? firstAfter(items, Math.max(span.from, t0)) : 0; items && i < items.count; i++) {
            if (items.from[i] >= Math.min(span.to, t1)) break;
            if (items.from[i] >= span.from && items.to[i] <= span.to)
                regions.push({ name: scene.labels.get(items.label[i]), from: items.from[i], to: items.to[i] });
        }
}

function paintRegions(p, scene, regions, y) {
    let end = -Infinity;
    for (const region of regions) {
        const x0 = Math.max(-2, scene.x(region.from)),
            x1 = Math.min(scene.width + 2, scene.x(region.to));
        if (x1 < 0 || x0 > scene.width || x0 < end - 0.5)
            continue; /* inside the one before: there is one line for them */
        end = x1;
        p.rect(x0, y, Math.max(x1 - x0 - 0.5, 0.5), 12, scene.theme.tint);
        const text = fitText(p, region.name || '', x1 - x0 - 8);
        if (text) p.text(text, Math.max(x0, 0) + 4, y + 6.5, scene.theme.text);
    }
}

export function paintRequest(p, scene, slot, y) {
    const { request } = slot;
    if (!request) return;
    const x0 = Math.max(0, scene.x(request.from)),
        x1 = Math.min(scene.width, scene.x(request.to));
    const whole = scene.partsOf(request);
    /* Where no part is, no thread worked on it. */
    p.rect(x0, y + REQUEST_BAR / 2, Math.max(x1 - x0, 1), 4, scene.theme.unseen);
    if (!whole) {
        p.rect(x0, y + 2, Math.max(x1 - x0, 1), REQUEST_BAR, scene.theme.hover);
        return;
    }
    paintParts(p, scene, whole.parts || [], y + 2);
    paintRegions(p, scene, whole.regions || regionsOf(scene, whole), y + 20);
    const { selection } = scene;
    if (
        selection &&
        selection.type === 'request' &&
        selection.process === request.process &&
        selection.id === request.id
    )
        p.frame(x0 - 1, y + 1, Math.max(x1 - x0, 1) + 2, REQUEST_BAR + 2, scene.theme.accent, 2);
}
