// Tiles: their bytes, and which are asked for, kept, given up and let go.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TileCache } from '../../../tools/viewer/src/timeline/tile-cache.js';
import { decodeTile, itemAt } from '../../../tools/viewer/src/timeline/tile-decode.js';

/* The bytes of /api/tiles; a row is {row, items: [[from, to, item, look, label, merged, low, high, last]]}. */
function encode({ flags = 0, from = 0, to = 512, rows }) {
    const size = rows.reduce((sum, one) => sum + 8 + one.items.length * (one.counter ? 56 : 32), 32);
    const bytes = new ArrayBuffer(size),
        view = new DataView(bytes);
    [0x544b4d53, 1, rows.length, flags].forEach((n, i) => view.setUint32(i * 4, n, true));
    view.setFloat64(16, from, true);
    view.setFloat64(24, to, true);
    let at = 32;
    for (const { row, items, counter } of rows) {
        view.setUint32(at, row, true);
        view.setUint32(at + 4, items.length, true);
        at += 8;
        const doubles = k =>
            items.forEach(one => {
                view.setFloat64(at, one[k], true);
                at += 8;
            });
        const words = k =>
            items.forEach(one => {
                view.setUint32(at, one[k], true);
                at += 4;
            });
        [0, 1].forEach(doubles);
        [2, 3, 4, 5].forEach(words);
        if (counter) [6, 7, 8].forEach(doubles);
    }
    return bytes;
}

test('a tile is read as it was written', () => {
    const bytes = encode({
        flags: 1,
        from: 512,
        to: 1024,
        rows: [
            {
                row: 7,
                items: [
                    [1, 2, 3, 4, 5, 6],
                    [2, 2 ** 52, 8, 0xffffffff, 10, 11],
                ],
            },
            { row: 0, items: [] },
            { row: 9, counter: true, items: [[1, 5, 0, 15, 0, 1, -2.5, 7, 3]] },
        ],
    });
    const tile = decodeTile(bytes, row => row === 9);
    assert.deepEqual([tile.final, tile.from, tile.to], [false, 512, 1024]);
    const { from, to, item, look, label, merged } = tile.rows.get(7);
    assert.deepEqual([from[1], to[1], item[1], look[1], label[1], merged[0]], [2, 2 ** 52, 8, 0xffffffff, 10, 6]);
    assert.equal(tile.rows.get(0).count, 0);
    const counter = tile.rows.get(9);
    assert.deepEqual([counter.low[0], counter.high[0], counter.last[0]], [-2.5, 7, 3]);
});

test('bytes that are no tile are refused', () => {
    const good = encode({ rows: [{ row: 1, items: [[1, 2, 3, 4, 5, 6]] }] });
    for (let cut = 0; cut < good.byteLength; cut++) assert.throws(() => decodeTile(good.slice(0, cut), () => false));
    const huge = good.slice(0);
    new DataView(huge).setUint32(36, 0xffffffff, true);
    assert.throws(() => decodeTile(huge, () => false), /shorter/);
    const other = good.slice(0);
    new DataView(other).setUint32(4, 2, true);
    assert.throws(() => decodeTile(other, () => false), /version/);
});

test('the item at a time', () => {
    const items = decodeTile(
        encode({
            rows: [
                {
                    row: 1,
                    items: [
                        [0, 10, 0, 0, 0, 1],
                        [10, 12, 1, 0, 0, 1],
                        [20, 30, 2, 0, 0, 1],
                    ],
                },
            ],
        }),
        () => false,
    ).rows.get(1);
    assert.deepEqual(
        [0, 9, 10, 12, 15, 20, 30].map(t => itemAt(items, t)),
        [0, 0, 1, -1, -1, 2, -1],
    );
});

/* ---- the cache ---- */

const INFO = { level_min: 0, level_max: 12, tile_buckets: 512, duration_ns: 2 ** 20 };

/* A cache whose answers come when the test says so. */
function slow({ bytesMax = 1 << 20, final = true } = {}) {
    const asked = [],
        clock = { now: 0 };
    const cache = new TileCache({
        bytesMax,
        now: () => clock.now,
        later: () => {},
        changed: () => {},
        fetchTile: (level, index, rows, signal) =>
            new Promise((done, refuse) => {
                const answer = () =>
                    done({ final, rows: new Map(rows.map(row => [row, { row, count: 0, bytes: 1000, level }])) });
                signal.addEventListener('abort', () =>
                    refuse(Object.assign(new Error('gone'), { name: 'AbortError' })),
                );
                asked.push({ level, index, rows, answer, refuse, signal });
            }),
    });
    cache.setInfo(INFO);
    return { cache, asked, clock };
}

const settle = () => new Promise(done => setImmediate(done));
const view = { t0: 0, t1: 2048 };

test('what a frame needs is asked once, in few questions at a time, the middle first', async () => {
    const { cache, asked } = slow();
    cache.want([1, 2], view, 0);
    assert.equal(asked.length, 4);
    assert.deepEqual(asked[0].rows, [1, 2]);
    assert.ok([1, 2].includes(asked[0].index));
    cache.want([1, 2], view, 0);
    assert.equal(asked.length, 4);
    asked.forEach(one => one.answer());
    await settle();
    cache.want([1, 2], view, 0);
    assert.ok(
        asked.length > 4 && asked.slice(4).every(one => one.level === 1 || one.index === 4),
        'neighbours are next',
    );
});

test('a row that comes into sight is asked alone', async () => {
    const { cache, asked } = slow();
    cache.want([1], { t0: 0, t1: 512 }, 0);
    asked.forEach(one => one.answer());
    await settle();
    const before = asked.length;
    cache.want([1, 2], { t0: 0, t1: 512 }, 0);
    assert.deepEqual(asked.slice(before).find(one => one.level === 0 && one.index === 0).rows, [2]);
});

test('a coarser tile stands in until the finer one comes', async () => {
    const { cache, asked } = slow();
    assert.equal(cache.pieces(1, view, 0)[0].items, null);
    cache.want([1], { t0: 0, t1: 2 ** 20 }, 11);
    asked.forEach(one => one.answer());
    await settle();
    const [piece, ...more] = cache.pieces(1, view, 0);
    assert.deepEqual([piece.items.level, piece.exact, more.length], [11, false, 0]);
    assert.ok(piece.t0 <= 0 && piece.t1 >= 2048);
    asked.length = 0;
    cache.want([1], view, 0);
    asked.forEach(one => one.answer());
    await settle();
    assert.ok(cache.pieces(1, view, 0).every(one => one.exact && one.items.level === 0));
});

test('what is no longer wanted is given up, and asked again when it is', async () => {
    const { cache, asked } = slow();
    cache.want([1], view, 0);
    cache.want([1], { t0: 500000, t1: 500500 }, 0);
    assert.ok(asked[0].signal.aborted);
    await settle();
    const before = asked.length;
    cache.want([1], view, 0);
    assert.ok(asked.length > before);
});

test('a tile that is not final is shown, and asked again after a while', async () => {
    const { cache, asked, clock } = slow({ final: false });
    const small = { t0: 0, t1: 512 };
    const ofThis = () => asked.filter(one => one.level === 0 && one.index === 0).length;
    cache.want([1], small, 0);
    asked.forEach(one => one.answer());
    await settle();
    assert.ok(cache.pieces(1, small, 0)[0].items);
    cache.want([1], small, 0);
    assert.equal(ofThis(), 1);
    asked.forEach(one => one.answer());
    await settle();
    clock.now = 1000;
    cache.want([1], small, 0);
    assert.equal(ofThis(), 2);
});

test('a question that failed is asked again later, not at once', async () => {
    const { cache, asked, clock } = slow();
    cache.want([1], { t0: 0, t1: 512 }, 0);
    asked[0].refuse(new Error('no'));
    await settle();
    const ofThis = () => asked.filter(one => one.level === 0 && one.index === 0).length;
    cache.want([1], { t0: 0, t1: 512 }, 0);
    assert.equal(ofThis(), 1);
    clock.now = 3000;
    cache.want([1], { t0: 0, t1: 512 }, 0);
    assert.equal(ofThis(), 2);
});

test('the memory is bounded, and what was drawn last stays', async () => {
    const { cache, asked } = slow({ bytesMax: 20000 });
    for (let at = 0; at < 100; at++) {
        cache.want([1], { t0: at * 512, t1: at * 512 + 512 }, 0);
        asked.splice(0).forEach(one => one.answer());
        await settle();
        assert.ok(cache.bytes <= 20000 && cache.tiles.size <= 20, `${cache.bytes}`);
    }
    assert.ok(cache.get(0, 99, 1));
    assert.equal(cache.get(0, 0, 1), null);
});
