// A request's time adds up, and what is said of it is what the numbers say.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { barOf, detailsText, difference, estimated, holdersText, nameOfPart, ofThousand, partRows, sentenceOf, thousandths } from '../../../tools/viewer/src/details/parts.js';
import { keyOfLink, linkText, placeOf, stepOfLink, threadsText } from '../../../tools/viewer/src/details/chain-words.js';
import { byWaiting, figuresOf, partsOfSums, together } from '../../../tools/viewer/src/details/sums.js';
import { widthsOf } from '../../../tools/viewer/src/charts/widths.js';

const part = (kind, ns, more = {}) => ({ kind, ns, estimated_ns: 0, count: 1, details: [], ...more });
const ANSWER = {
  request: { id: 416, duration_ns: 99423200, parts: [part('cpu', 167527), part('runnable', 242864),
    part('lock', 88528865, { lock: 'cart_lock' }), part('net', 6374064), part('disk', 207487), part('sleep', 3802339),
    part('queue', 31512), part('loop', 68542)] },
  normal: { id: 562, duration_ns: 55193960, parts: [part('cpu', 151000), part('lock', 47700000, { lock: 'cart_lock' }), part('memory', 42960)] },
  chain: [],
};

test('thousandths add up to a thousand, whatever is rounded', () => {
  for (const values of [[1, 1, 1], [999, 1], [1, 1, 1, 1, 1, 1, 1], [88528865, 6374064, 31512], [5]])
    assert.equal(thousandths(values).reduce((a, b) => a + b), 1000);
  assert.deepEqual(thousandths([1, 1, 1]), [334, 333, 333]);
  assert.deepEqual(thousandths([0, 0]), [0, 0]);
  assert.deepEqual(thousandths([]), []);
  let seed = 7;
  for (let round = 0; round < 200; round++) {
    const values = Array.from({ length: 1 + round % 17 }, () => (seed = seed * 48271 % 2147483647));
    assert.equal(thousandths(values).reduce((a, b) => a + b), 1000);
  }
});

test('the parts of a request are all of its time, and those of the bar too', () => {
  const rows = partRows(ANSWER.request, ANSWER.normal);
  assert.equal(rows.reduce((sum, row) => sum + row.part.ns, 0), ANSWER.request.duration_ns);
  assert.equal(rows.reduce((sum, row) => sum + row.mille, 0), 1000);
  assert.ok(Math.abs(widthsOf(barOf(ANSWER.request.parts), ANSWER.request.duration_ns).reduce((a, b) => a + b) - 100) < 1e-9);
  const twin = widthsOf(barOf(ANSWER.normal.parts), ANSWER.request.duration_ns).reduce((a, b) => a + b);
  assert.ok(Math.abs(twin - 47893960 / 99423200 * 100) < 1e-6, 'the twin is drawn at the same scale');
});

test('beside each part stands the normal one, and what made the difference is marked', () => {
  const rows = partRows(ANSWER.request, ANSWER.normal);
  const lock = rows.find(row => row.part.kind === 'lock');
  assert.equal(lock.normal, 47700000);
  assert.equal(lock.more, 88528865 - 47700000);
  assert.ok(lock.most);
  assert.equal(rows.filter(row => row.most).length, 1);
  const memory = rows.find(row => row.part.kind === 'memory');
  assert.equal(memory.part.ns, 0, 'what only the normal one has is there, too');
  assert.equal(memory.more, -42960);
  assert.equal(partRows(ANSWER.request, null).find(row => row.most).part.kind, 'lock');
  assert.equal(partRows(ANSWER.request, null)[0].more, null);
});

test('two locks are two parts', () => {
  const request = { duration_ns: 3, parts: [part('lock', 1, { lock: 'a' }), part('lock', 2, { lock: 'b' })] };
  const rows = partRows(request, { duration_ns: 1, parts: [part('lock', 1, { lock: 'b' })] });
  assert.deepEqual(rows.map(row => row.normal), [0, 1]);
});

test('the sentence', () => {
  assert.equal(sentenceOf(ANSWER), 'It took 44.2 ms longer than a normal one; 40.8 ms of that is lock cart_lock.');
  assert.equal(sentenceOf({ request: ANSWER.request, normal: null }), 'Most of it was lock cart_lock: 88.5 ms.');
  assert.equal(sentenceOf({ request: ANSWER.normal, normal: ANSWER.request }), 'It took no longer than a normal one.');
});

test('words of parts', () => {
  assert.equal(nameOfPart(part('runnable', 1)), 'ready, no CPU');
  assert.equal(nameOfPart(part('something new', 1)), 'something new');
  assert.equal(ofThousand(890), '89.0 %');
  assert.equal(ofThousand(2), '0.2 %');
  assert.equal(difference(-3720), '−3.72 us');
  assert.equal(difference(40828865), '+40.8 ms');
  assert.equal(estimated(part('cpu', 5, { estimated_ns: 1200000 })), '± 1.20 ms');
  assert.equal(estimated(part('cpu', 5)), '');
  assert.equal(detailsText([{ name: 'render_log', ns: 65336 }, { name: 'fdatasync', ns: 31018 }, { name: 'x', ns: 1 }], 2),
    'render_log 65.3 us, fdatasync 31.0 us and 1 more');
  const chain = [{ what: 'wait', kind: 'lock', for: 'cart_lock', then: [{ what: 'holder', threads: [{ name: 'a' }, { name: 'b' }] }] }];
  assert.equal(holdersText(chain, 'cart_lock'), 'held by a and 1 more');
  assert.equal(holdersText(chain, 'other'), '');
});

test('links of the chain', () => {
  assert.equal(linkText({ what: 'wait', kind: 'lock', for: 'cart_lock', threads: [] }, 0), 'it waited for lock cart_lock');
  assert.equal(linkText({ what: 'holder', inferred: true, threads: [{ name: 'w' }] }, 1), 'held up by w');
  assert.equal(linkText({ what: 'never heard of' }, 1), 'not known');
  assert.equal(keyOfLink({ what: 'wait', kind: 'disk' }), 'disk');
  assert.equal(threadsText(['a', 'b', 'c', 'd', 'e'].map(name => ({ name }))), 'a, b, c and 2 more');
  assert.equal(placeOf([{ function: 'futex', module: 'libc' }, { function: 'lock_cart', file: 'cart.c', line: 87 }]), 'lock_cart cart.c:87');
  assert.equal(placeOf([]), '');
});

test('a link leads to its longest step', () => {
  const stack = [{ function: 'f', file: 'a.c', line: 1 }];
  const step = (from, to, name) => ({ from_ns: from, to_ns: to, wait: { kind: 'lock', for: name, stack } });
  const steps = [step(0, 5, 'a'), step(10, 30, 'a'), step(40, 90, 'b'), { from_ns: 90, to_ns: 999 }];
  assert.equal(stepOfLink({ kind: 'lock', for: 'a', stack }, steps).from_ns, 10);
  assert.equal(stepOfLink({ kind: 'disk', for: 'a', stack }, steps), null);
});

test('sums of states', () => {
  const sums = [{ state: 'idle', kind: 'poll', ns: 900, count: 1 }, { state: 'waiting', kind: 'lock', ns: 50, count: 2 },
    { state: 'running', kind: null, ns: 70, count: 3 }, { state: 'runnable', kind: null, ns: 20, count: 1 }];
  assert.deepEqual(partsOfSums(sums).map(one => one.key), ['running', 'lock', 'ready', 'idle']);
  assert.equal(together([{ sums }, { sums }])[0].ns, 140);
  assert.deepEqual(figuresOf(sums), { running: 70, ready: 20, waiting: 50, idle: 900 });
  assert.deepEqual(byWaiting([{ row: 1, sums: [] }, { row: 2, sums }]).map(row => [row.row, row.waited]), [[2, 70], [1, 0]]);
});
