// Times, pixels, levels and tiles.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clampView } from '../../../tools/viewer/src/state.js';
import {
    levelFor,
    nsPerPx,
    panBy,
    tOf,
    tickStep,
    ticksOf,
    tilesOf,
    xOf,
    zoomAt,
} from '../../../tools/viewer/src/timeline/zoom.js';

const DURATION = 5e9;

test('what is under the pointer stays there while zooming', () => {
    let view = { t0: 1e9, t1: 3e9 };
    for (const factor of [0.5, 0.1, 0.9, 3, 2]) {
        const before = tOf(300, view, 1000),
            next = zoomAt(view, factor, before, DURATION);
        assert.ok(Math.abs(tOf(300, next, 1000) - before) < 1, `${factor}`);
        view = next;
    }
});

test('a view never leaves the trace, nor becomes narrower than can be shown', () => {
    assert.deepEqual(zoomAt({ t0: 0, t1: 1e9 }, 100, 5e8, DURATION), { t0: 0, t1: DURATION });
    assert.deepEqual(panBy({ t0: 1e9, t1: 2e9 }, -5e9, DURATION), { t0: 0, t1: 1e9 });
    assert.deepEqual(panBy({ t0: 1e9, t1: 2e9 }, 9e9, DURATION), { t0: 4e9, t1: 5e9 });
    const narrow = zoomAt({ t0: 100, t1: 200 }, 1e-9, 150, DURATION);
    assert.equal(narrow.t1 - narrow.t0, 20);
    assert.deepEqual(clampView(-50, -10, 1000), { t0: 0, t1: 40 });
});

test('pixels and back', () => {
    const view = { t0: 1e9, t1: 2e9 };
    assert.equal(xOf(1.5e9, view, 800), 400);
    assert.equal(tOf(400, view, 800), 1.5e9);
    assert.equal(nsPerPx(view, 1000), 1e6);
});

test('the level has buckets of at most a pixel, within what there is', () => {
    for (const perPx of [1, 2, 3, 1000, 1e6, 12345678]) {
        const level = levelFor(perPx, 0, 40);
        assert.ok(2 ** level <= perPx && 2 ** (level + 1) > perPx, `${perPx}`);
    }
    assert.equal(levelFor(0.1, 0, 40), 0);
    assert.equal(levelFor(1, 8, 20), 8);
    assert.equal(levelFor(1e12, 8, 20), 20);
});

test('tiles that a stretch touches', () => {
    const width = 512 * 1024;
    assert.deepEqual(tilesOf(0, width, 10, 512, DURATION), {
        first: 0,
        last: 0,
        end: Math.ceil(DURATION / width) - 1,
    });
    assert.deepEqual(tilesOf(width, width + 1, 10, 512, DURATION).first, 1);
    assert.equal(tilesOf(0, DURATION, 30, 512, DURATION).last, 0);
});

test('ticks stand on round times of the clock that is shown', () => {
    assert.deepEqual([tickStep(1000, 10), tickStep(1001, 10), tickStep(5e9, 7), tickStep(3, 10)], [100, 200, 1e9, 1]);
    const ofDay = 7.118e9;
    for (const t of ticksOf({ t0: 0, t1: 5e9 }, 1e9, ofDay)) assert.equal((t + ofDay) % 1e9, 0);
    assert.equal(ticksOf({ t0: 0, t1: 5e9 }, 1e9, ofDay).length, 5);
});
