/* raster.js: many items into few pixels. Pure.
 *
 * An item of six pixels or more is a bar with edges on whole pixels, one of two or more fills its columns. All smaller
 * ones are added up by column and state:
 * a column then is a stack of what the thread did in that pixel's time, as high as its share, and what was idle stays
 * empty. So a row that is seen from far away says how much of its time was what, and no rare state is lost for its
 * neighbour's sake.
 */
import { CODE, KEYS } from '../colours.js';
import { codeOfLook, flagsOf, FLAG, secondKeyOfLook, shareOf } from '../look.js';

export const CODES = KEYS.length;
const SOLID_PX = 2,
    BAR_PX = 6;

/* From the bottom: what delays stands on the line, and is compared there. */
export const STACK = [
    'lock',
    'cond',
    'memory',
    'disk',
    'net',
    'poll',
    'sleep',
    'join',
    'other',
    'unseen',
    'ready',
    'either',
    'running',
].map(key => CODE[key]);

/** Columns of one row: time per code and pixel, in pixels. */
export class Columns {
    constructor(width) {
        this.width = width;
        this.times = new Float32Array(width * CODES);
        this.used = new Uint8Array(width);
        this.any = false;
        this.seen = new Uint8Array(CODES); /* since it was made: for the legend */
    }

    clear() {
        if (!this.any) return;
        this.times.fill(0);
        this.used.fill(0);
        this.any = false;
    }

    /** All of the pixels [x0, x1) is `code`. */
    solid(code, x0, x1) {
        for (let x = Math.max(x0, 0); x < Math.min(x1, this.width); x++) {
            this.times[x * CODES + code] = 1;
            this.used[x] = 1;
        }
        this.seen[code] = 1;
        this.any = true;
    }

    /** `share` of the pixels in [x0, x1) were `code`. */
    add(code, x0, x1, share) {
        const first = Math.max(0, Math.floor(x0));
        const last = Math.min(this.width - 1, Math.max(Math.ceil(x1) - 1, Math.floor(x0)));
        for (let x = first; x <= last; x++) {
            const part = Math.min(x1, x + 1) - Math.max(x0, x);
            this.times[x * CODES + code] += Math.max(part, 0.002) * share;
            this.used[x] = 1;
        }
        this.seen[code] = 1;
        this.any = this.any || first <= last;
    }
}

/**
 * One piece of a row: wide items go to `bars`, the others to `columns`.
 * @param {import('./tile-decode.js').Items} items
 * @param {{t0: number, t1: number}} piece the stretch that these items stand for
 * @param {{t0: number, scale: number, width: number}} place of pixels; `scale` is pixels a ns
 * @param {Columns} columns @param {{x0: number, x1: number, code: number, index: number}[]} bars
 */
export function rasterize(items, piece, place, columns, bars) {
    const { t0, scale, width } = place;
    const from = Math.max(piece.t0, t0),
        to = Math.min(piece.t1, t0 + width / scale);
    for (let i = firstAfter(items, from); i < items.count && items.from[i] < to; i++) {
        const look = items.look[i];
        const x0 = (Math.max(items.from[i], from) - t0) * scale,
            x1 = (Math.min(items.to[i], to) - t0) * scale;
        if (flagsOf(look) & FLAG.together) addTogether(columns, look, x0, x1);
        else if (x1 - x0 >= BAR_PX || goesOn(bars, items, i))
            addBar(columns, bars, { x0: Math.round(x0), x1: Math.round(x1), code: codeOfLook(look), index: i, items });
        else if (x1 - x0 >= SOLID_PX) columns.solid(codeOfLook(look), Math.round(x0), Math.round(x1));
        else columns.add(codeOfLook(look), x0, x1, 1);
    }
}

/* An item that reaches out of a tile is in the next one, too. */
function goesOn(bars, items, i) {
    const last = bars[bars.length - 1];
    return (
        !!last &&
        last.items !== items &&
        last.items.item[last.index] === items.item[i] &&
        last.items.from[last.index] === items.from[i]
    );
}

function addBar(columns, bars, bar) {
    columns.seen[bar.code] = 1;
    if (goesOn(bars, bar.items, bar.index)) bars[bars.length - 1].x1 = Math.max(bars[bars.length - 1].x1, bar.x1);
    else bars.push(bar);
}

function addTogether(columns, look, x0, x1) {
    const share = shareOf(look),
        second = secondKeyOfLook(look);
    columns.add(codeOfLook(look), x0, x1, share);
    if (share < 1) columns.add(second ? CODE[second] : CODE.idle, x0, x1, 1 - share);
}

/** The first item that ends after `t`. */
export function firstAfter(items, t) {
    let low = 0,
        high = items.count;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (items.to[middle] <= t) low = middle + 1;
        else high = middle;
    }
    return low;
}

/**
 * The stack of one column: calls `put(code, y0, y1)` with heights from the bottom, of `height` pixels.
 * What is there at all is at least a pixel high.
 */
export function stackOf(columns, x, height, off, put) {
    const at = x * CODES,
        { times } = columns;
    let y = 0;
    for (const code of STACK) {
        const time = times[at + code];
        if (time <= 0 || off[code]) continue;
        const tall = Math.max(1, Math.round(Math.min(time, 1) * height));
        const end = Math.min(height, y + tall);
        if (end > y) put(code, y, end);
        y = end;
    }
}
