// Many items in few pixels: no state is lost, no share is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CODE } from '../../../tools/viewer/src/colours.js';
import { hitItem, neighbour } from '../../../tools/viewer/src/timeline/hit.js';
import { Columns, CODES, firstAfter, rasterize, stackOf } from '../../../tools/viewer/src/timeline/raster.js';

const RUNNING = 1 | (255 << 16),
    LOCK = 3 | (1 << 4) | (255 << 16),
    IDLE = 4 | (255 << 16);

function itemsOf(list) {
    const doubles = k => Float64Array.from(list, one => one[k]),
        words = k => Uint32Array.from(list, one => one[k] ?? 0);
    return {
        row: 5,
        count: list.length,
        from: doubles(0),
        to: doubles(1),
        look: words(2),
        item: words(3),
        label: words(4),
        merged: words(5),
    };
}

function drawn(list, { t0 = 0, scale = 1, width = 100, piece = { t0: 0, t1: 1e9 } } = {}) {
    const columns = new Columns(width),
        bars = [];
    rasterize(itemsOf(list), piece, { t0, scale, width }, columns, bars);
    return { columns, bars, time: (x, key) => columns.times[x * CODES + CODE[key]] };
}

test('what is wide is a bar on whole pixels, clipped to the view', () => {
    const { bars, columns } = drawn([
        [0, 10.4, RUNNING],
        [10.4, 500, LOCK],
    ]);
    assert.deepEqual(
        bars.map(({ x0, x1, code }) => [x0, x1, code]),
        [
            [0, 10, CODE.running],
            [10, 100, CODE.lock],
        ],
    );
    assert.equal(columns.any, false);
});

test('what is a little wide fills its columns', () => {
    const { bars, time } = drawn([[10.3, 13.4, LOCK]]);
    assert.equal(bars.length, 0);
    assert.deepEqual(
        [9, 10, 11, 12, 13].map(x => time(x, 'lock')),
        [0, 1, 1, 1, 0],
    );
});

test('what is narrow is added up by state and pixel', () => {
    const list = Array.from({ length: 40 }, (_, i) => [20 + i / 10, 20 + (i + 1) / 10, i % 2 ? LOCK : RUNNING]);
    const { bars, time } = drawn(list);
    assert.equal(bars.length, 0);
    for (const x of [20, 21, 22, 23]) {
        assert.ok(Math.abs(time(x, 'lock') - 0.5) < 1e-5);
        assert.ok(Math.abs(time(x, 'running') - 0.5) < 1e-5);
    }
    assert.equal(time(24, 'lock'), 0);
});

test('what is drawn together counts by its share and its second state', () => {
    const look = (3 | (1 << 4) | (1 << 8) | (64 << 16) | ((1 | (0 << 4)) << 24)) >>> 0;
    const { time } = drawn([[50, 51, look, 0, 0, 9]]);
    assert.ok(Math.abs(time(50, 'lock') - 64 / 255) < 1e-5);
    assert.ok(Math.abs(time(50, 'running') - (1 - 64 / 255)) < 1e-5);
    const idle = drawn([[50, 51, (3 | (1 << 4) | (1 << 8) | (64 << 16)) >>> 0, 0, 0, 9]]);
    assert.ok(Math.abs(idle.time(50, 'idle') - (1 - 64 / 255)) < 1e-5);
});

test('a moment that is far shorter than a pixel is still seen', () => {
    const { columns } = drawn(
        [
            [0, 1e6, IDLE],
            [1e6, 1e6 + 1, LOCK],
            [1e6 + 1, 2e7, IDLE],
        ],
        { scale: 1e-5 },
    );
    const put = [];
    stackOf(columns, 10, 14, new Uint8Array(CODES), (code, y0, y1) => put.push([code, y0, y1]));
    assert.deepEqual(put, [[CODE.lock, 0, 1]]);
});

test('a stack is never higher than its row, and leaves out what is switched off', () => {
    const columns = new Columns(1);
    ['lock', 'net', 'ready', 'running'].forEach(key => columns.add(CODE[key], 0, 1, 0.4));
    let top = 0;
    stackOf(columns, 0, 14, new Uint8Array(CODES), (_code, _y0, y1) => {
        top = y1;
    });
    assert.equal(top, 14);
    const off = new Uint8Array(CODES);
    off[CODE.lock] = 1;
    const codes = [];
    stackOf(columns, 0, 14, off, code => codes.push(code));
    assert.ok(!codes.includes(CODE.lock) && codes.includes(CODE.net));
});

test('a coarse piece that stands in draws only its own stretch', () => {
    const { bars } = drawn([[0, 100, LOCK]], { piece: { t0: 20, t1: 40 } });
    assert.deepEqual([bars[0].x0, bars[0].x1], [20, 40]);
});

test('an item that is in two tiles is one bar', () => {
    const columns = new Columns(100),
        bars = [],
        place = { t0: 0, scale: 1, width: 100 };
    const list = [
        [0, 30, RUNNING, 1],
        [30, 90, LOCK, 2],
    ];
    rasterize(itemsOf(list), { t0: 0, t1: 50 }, place, columns, bars);
    rasterize(itemsOf([list[1], [90, 200, RUNNING, 3]]), { t0: 50, t1: 100 }, place, columns, bars);
    assert.deepEqual(
        bars.map(({ x0, x1 }) => [x0, x1]),
        [
            [0, 30],
            [30, 90],
            [90, 100],
        ],
    );
});

test('the first that ends after a time', () => {
    const items = itemsOf([
        [0, 10, 0],
        [10, 20, 0],
        [20, 30, 0],
    ]);
    assert.deepEqual(
        [-1, 0, 9, 10, 29, 30].map(t => firstAfter(items, t)),
        [0, 0, 0, 1, 2, 3],
    );
});

test('the pointer finds what is under it, and a moment beside it', () => {
    const pieces = [
        {
            t0: 0,
            t1: 1000,
            items: itemsOf([
                [0, 500, IDLE, 1],
                [500, 501, LOCK, 2],
                [501, 1000, IDLE, 3],
            ]),
        },
    ];
    assert.equal(hitItem(pieces, 250, 1).item, 1);
    assert.equal(hitItem(pieces, 500.5, 1).item, 2);
    assert.equal(hitItem(pieces, 2000, 1), null);
    assert.equal(neighbour(pieces, 250, 1).item, 2);
    assert.equal(neighbour(pieces, 500, -1).item, 1);
    assert.equal(neighbour(pieces, 501, 1), null);
});
