/* tile-decode.js: the bytes of /api/tiles and /api/window as typed arrays (docs/viewer-api.md). Pure.
 *
 * Throws where the bytes are no such answer: a page must not show what it has misread.
 */

const MAGIC = 0x544b4d53; /* "SMKT", little-endian */
const VERSION = 1;
const HEAD = 32;

/**
 * @typedef {{row: number, count: number, from: Float64Array, to: Float64Array, item: Uint32Array, look: Uint32Array,
 *     label: Uint32Array, merged: Uint32Array, low?: Float64Array, high?: Float64Array, last?: Float64Array,
 *     bytes: number}} Items
 */

/* Own memory for each row, so that letting one go lets its bytes go. @returns {Items} */
function itemsAt(buffer, at, row, count, counter) {
    const bytes = count * (counter ? 56 : 32);
    if (at + bytes > buffer.byteLength) throw new Error('a tile is shorter than it says');
    const own = buffer.slice(at, at + bytes);
    const doubles = n => new Float64Array(own, n * 8 * count, count);
    const words = n => new Uint32Array(own, 16 * count + n * 4 * count, count);
    const items = {
        row,
        count,
        from: doubles(0),
        to: doubles(1),
        item: words(0),
        look: words(1),
        label: words(2),
        merged: words(3),
        bytes: bytes + 200,
    };
    if (counter) {
        items.low = doubles(4);
        items.high = doubles(5);
        items.last = doubles(6);
    }
    return items;
}

/**
 * @param {ArrayBuffer} buffer @param {(row: number) => boolean} isCounter
 * @returns {{final: boolean, from: number, to: number, rows: Map<number, Items>}}
 */
export function decodeTile(buffer, isCounter) {
    const view = new DataView(buffer);
    if (buffer.byteLength < HEAD || view.getUint32(0, true) !== MAGIC) throw new Error('an answer is no tile');
    if (view.getUint32(4, true) !== VERSION) throw new Error('tiles of another version: load the page again');
    const rows = new Map();
    let at = HEAD;
    for (let n = view.getUint32(8, true); n > 0; n--) {
        if (at + 8 > buffer.byteLength) throw new Error('a tile is shorter than it says');
        const row = view.getUint32(at, true),
            count = view.getUint32(at + 4, true);
        const items = itemsAt(buffer, at + 8, row, count, isCounter(row));
        rows.set(row, items);
        at += 8 + items.bytes - 200;
    }
    return {
        final: (view.getUint32(12, true) & 1) === 0,
        from: view.getFloat64(16, true),
        to: view.getFloat64(24, true),
        rows,
    };
}

/** The index of the item that is at `t`; -1. Items are in the order of time. */
export function itemAt(items, t) {
    let low = 0,
        high = items.count - 1;
    while (low <= high) {
        const middle = (low + high) >> 1;
        if (items.from[middle] > t) high = middle - 1;
        else if (items.to[middle] <= t) low = middle + 1;
        else return middle;
    }
    return -1;
}
