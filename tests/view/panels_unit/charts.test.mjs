// Where charts put things.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { binsOf, binsOfPowers, heightOf } from '../../../tools/viewer/src/charts/bins.js';
import { layOut, matches, neighbour, nodeAt, topOf } from '../../../tools/viewer/src/charts/flame-layout.js';
import { nearest, thin } from '../../../tools/viewer/src/charts/points.js';
import { linearScale, logBounds, logScale, logTicks } from '../../../tools/viewer/src/charts/scale.js';

const ROOT = {
  name: 'all', ns: 100, count: 10, children: [
    { name: 'main', ns: 80, count: 8, children: [
      { name: 'lock_cart', file: 'cart.c', line: 87, ns: 60, count: 5 }, { name: 'tiny', ns: 0.01, count: 1 }] },
    { name: 'worker', ns: 20, count: 2, children: [{ name: 'lock_cart', file: 'cart.c', line: 87, ns: 15, count: 1 }] }],
};

test('a flame graph: children lie within their parent, as wide as their share', () => {
  const boxes = layOut(ROOT, [], 0.001);
  assert.deepEqual(boxes.map(box => box.node.name), ['all', 'main', 'worker', 'lock_cart', 'lock_cart']);
  for (const box of boxes.slice(1)) {
    const parent = boxes[box.parent];
    assert.ok(box.x >= parent.x - 1e-9 && box.x + box.width <= parent.x + parent.width + 1e-9);
    assert.equal(box.depth, parent.depth + 1);
  }
  assert.equal(boxes[0].width, 1);
  assert.ok(Math.abs(boxes[1].width - 0.8) < 1e-9);
});

test('what is narrower than a pixel is left out', () => {
  assert.ok(layOut(ROOT, [], 0.000001).some(box => box.node.name === 'tiny'));
  assert.ok(!layOut(ROOT, [], 0.01).some(box => box.node.name === 'tiny'));
});

test('enlarged, a function fills the width, and those around it stay above', () => {
  const boxes = layOut(ROOT, [1], 0.001);
  assert.deepEqual(boxes.map(box => [box.node.name, box.depth, box.width]),
    [['all', 0, 1], ['worker', 1, 1], ['lock_cart', 2, 0.75]]);
  assert.deepEqual(boxes[2].path, [1, 0]);
  assert.equal(boxes[1].share, 0.2, 'shares stay those of the whole');
  assert.equal(nodeAt(ROOT, [0, 0]).name, 'lock_cart');
  assert.equal(layOut(ROOT, [9, 9], 0.001)[0].node.name, 'all', 'a path that is not there shows what is');
});

test('a search counts nested hits once', () => {
  const nested = { name: 'f', ns: 10, children: [{ name: 'g', ns: 8, children: [{ name: 'f', ns: 5 }] }] };
  const boxes = layOut({ name: 'all', ns: 10, children: [nested] }, [], 0);
  assert.equal(matches(boxes, 'F').ns, 10);
  assert.equal(matches(boxes, ' ').ns, 0);
  assert.equal(matches(layOut(ROOT, [], 0), 'lock_cart').ns, 75);
});

test('keys go from box to box', () => {
  const boxes = layOut(ROOT, [], 0.001);
  assert.equal(boxes[neighbour(boxes, 0, 'ArrowDown')].node.name, 'main');
  assert.equal(boxes[neighbour(boxes, 1, 'ArrowRight')].node.name, 'worker');
  assert.equal(neighbour(boxes, 2, 'ArrowRight'), 2);
  assert.equal(neighbour(boxes, 1, 'ArrowUp'), 0);
  assert.equal(neighbour(boxes, 0, 'ArrowUp'), 0);
});

test('a stack without an end, and one of a thousand, are drawn to a depth', () => {
  let deep = { name: 'x', ns: 1 };
  for (let i = 0; i < 1000; i++)
    deep = { name: 'x', ns: 1, children: [deep] };
  assert.ok(layOut(deep, [], 0).length <= 200);
});

test('what was waited in most: own time, callers do not count', () => {
  assert.deepEqual(topOf(ROOT, 1), [{ name: 'lock_cart', place: 'cart.c:87', ns: 75, key: null }]);
  assert.deepEqual(topOf(ROOT, 9).map(one => one.name), ['lock_cart', 'main', 'worker', 'tiny']);
  const waits = { name: 'all', ns: 9, children: [{ name: 'f', file: 'x/a.c', line: 3, ns: 9, children: [{ name: 'lock l', ns: 9 }] }] };
  assert.deepEqual(topOf(waits, 9), [{ name: 'lock l', place: 'f a.c:3', ns: 9, key: 'lock' }], 'a wait is told with its function');
});

test('points that lie on one another are drawn once, and the nearest is found', () => {
  const points = { at: [0, 0.2, 50, 100], ns: [10, 10, 10, 10], route: [], process: [], id: [] };
  assert.deepEqual(thin(points, x => x, y => y, 200), [1, 2, 3]);
  assert.equal(nearest(points, 52, 12, x => x, y => y), 2);
  assert.equal(nearest(points, 75, 10, x => x, y => y), -1);
});

test('ten thousand points become at most one a pixel', () => {
  const n = 10000, at = Array.from({ length: n }, (_, i) => i % 97), ns = Array.from({ length: n }, (_, i) => i % 13);
  assert.equal(thin({ at, ns }, x => x, y => y, 100).length, 97 * 13);
});

test('scales go there and back', () => {
  const log = logScale(1e3, 1e9, 120, true);
  for (const ns of [1e3, 5e5, 1e9])
    assert.ok(Math.abs(log.from(log.to(ns)) / ns - 1) < 1e-9);
  assert.ok(log.to(1e9) < log.to(1e3), 'slow is on top');
  assert.equal(log.to(1), 120, 'what is less lies at the edge');
  const linear = linearScale(100, 300, 50);
  assert.equal(linear.from(linear.to(250)), 250);
  assert.ok(Number.isFinite(logScale(5, 5, 10).to(5)));
});

test('an axis names at least two values where it can', () => {
  assert.deepEqual(logTicks(900, 1.2e6), [1e3, 1e4, 1e5, 1e6]);
  assert.deepEqual(logTicks(1.5e6, 6e6), [2e6, 5e6]);
  const { least, most } = logBounds(1e6, 1e6);
  assert.ok(least < 1e6 && most > 1e6);
});

test('bins: the empty ones at both ends are gone, all are counted', () => {
  assert.deepEqual(binsOf([1, 2, 4, 8], [0, 3, 0, 0]), [{ from: 2, to: 4, count: 3 }]);
  assert.deepEqual(binsOf([], []), []);
  assert.deepEqual(binsOf([1, 2, 4], [1, 2]).map(bin => bin.to), [2, 4]);
  assert.deepEqual(binsOfPowers([{ from_ns: 16000, count: 3 }]), [{ from: 16000, to: 32000, count: 3 }]);
  assert.equal(heightOf(0, 9), 0);
  assert.ok(heightOf(1, 1e6) >= 0.03, 'one beside a million is seen');
});
