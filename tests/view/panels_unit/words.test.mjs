// What the panels say, of what the command line says.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { headline, placeText, whyNoStack } from '../../../tools/viewer/src/details/item-words.js';
import { inOrder, together, whatOf } from '../../../tools/viewer/src/details/groups.js';
import { chanceText, senseOf, verdictText } from '../../../tools/viewer/src/panels/diff-words.js';
import { costText, warningsOf } from '../../../tools/viewer/src/panels/file-words.js';
import { keyOfFinding, shareOfFinding, shownLabels, wordsOf } from '../../../tools/viewer/src/panels/finding-words.js';
import { queryOf } from '../../../tools/viewer/src/panels/limits.js';
import { heldIn, waiterAt } from '../../../tools/viewer/src/panels/lock-words.js';
import { processOfPid, rowOfName, sameSelection, sinceFirst, threadRow } from '../../../tools/viewer/src/panels/see.js';
import { sortRows } from '../../../tools/viewer/src/panels/sort.js';

const TEXT = [
  '1  cart_lock made GET /cart slow                                86 % of its time        exact',
  '   16 threads waited 832 times, 23.1 ms on average, 62.1 ms at most, 19.2 s together.',
  '   A convoy: each had it for 1.66 ms on average.',
  '   Slowed       GET /cart                 86 % of its time  307 of 309 requests waited for it',
  '                GET /checkout             77 % of its time  149 of 152 requests waited for it',
  '   Waiting in   cart_add                  cart.c:16         299 x, 7.64 s (worker-1 … worker-16, 16 threads)',
  '                  ← work_cart http.c:29 ← worker_main pool.c:41',
  '   See          stallmark request FILE 280',
];

test('a finding is taken apart as the report wrote it', () => {
  const words = wordsOf(TEXT);
  assert.equal(words.title, 'cart_lock made GET /cart slow');
  assert.equal(words.figure, '86 % of its time');
  assert.equal(words.certainty, 'exact');
  assert.equal(words.sentences.length, 2);
  assert.deepEqual(words.labelled.map(one => one.label), ['Slowed', 'Waiting in', 'See']);
  assert.equal(words.labelled[0].lines.length, 2);
  assert.deepEqual(words.labelled[1].lines[0], ['cart_add', 'cart.c:16', '299 x, 7.64 s (worker-1 … worker-16, 16 threads)']);
  assert.ok(words.labelled[1].lines[1][0].startsWith('← work_cart'));
  assert.deepEqual(shownLabels(words).map(one => one.label), ['Slowed', 'Waiting in']);
});

test('a deadlock has no figure, and its circle is sentences', () => {
  const words = wordsOf(['1  deadlock: 2 threads wait for each other                                             exact',
    '   worker-2 waits for stock_lock, held by worker-5, since 41.2 s', '                  ← reserve cart.c:201']);
  assert.equal(words.title, 'deadlock: 2 threads wait for each other');
  assert.equal(words.figure, '');
  assert.equal(words.certainty, 'exact');
  assert.equal(words.sentences[0], 'worker-2 waits for stock_lock, held by worker-5, since 41.2 s');
});

test('nothing that a program is called breaks a finding', () => {
  for (const text of [[], [''], ['1'], ['\u202e  x'], ['1  <img src=x onerror=alert(1)>   5 %   exact', '   Label']])
    assert.equal(typeof wordsOf(text).title, 'string');
});

test('the bar of a finding', () => {
  assert.equal(keyOfFinding({ kind: 'convoy' }), 'lock');
  assert.equal(keyOfFinding({ kind: 'disk', wait_kind: 'disk' }), 'disk');
  assert.equal(keyOfFinding({ kind: 'one of tomorrow' }), 'other');
  assert.equal(shareOfFinding({ routes: [{ share: 0.856 }, { share: 0.77 }], cost_ns: 5 }, 10), 0.856);
  assert.equal(shareOfFinding({ cost_ns: 5 }, 10), 0.5);
  assert.equal(shareOfFinding({}, 0), 1);
});

test('those that do the same stand together, waits first', () => {
  const thread = (row, state, kind, says, f) => ({ row, state, kind, says, function: f });
  const groups = inOrder(together([
    thread(1, 'idle', 'poll', 'poll epoll_wait, 5.00 ms so far'), thread(2, 'waiting', 'lock', 'lock cart_lock, 1.00 ms so far', 'f'),
    thread(3, 'waiting', 'lock', 'lock cart_lock, 146 ms so far', 'f'), thread(4, 'running', null, 'running, 3.00 us so far'),
    thread(5, 'waiting', 'lock', 'lock cart_lock, 2.00 s so far', 'f')]));
  assert.deepEqual(groups.map(group => group.threads.map(one => one.row)), [[2, 3, 5], [4], [1]]);
  assert.equal(whatOf('lock cart_lock, 146 ms so far'), 'lock cart_lock');
  assert.equal(whatOf('net recv 10.0.0.3:80'), 'net recv 10.0.0.3:80');
});

test('the large line, and why there is no stack', () => {
  assert.equal(headline({ says: '312 ms for cart_lock' }), '312 ms for cart_lock');
  assert.equal(headline({ says: '20.9 ms for fdatasync /tmp/a directory/appendonlydir/appendonly.aof.1.incr.aof, begun earlier' }),
    '20.9 ms for fdatasync appendonly.aof.1.incr.aof, begun earlier');
  assert.equal(headline({ says: '2 ms GET /cart/items' }), '2 ms GET /cart/items');
  assert.equal(headline({ ns: 312e6, state: 'waiting', kind: 'lock' }), '312 ms lock');
  assert.equal(placeText({ function: 'f', file: 'a.c', line: 3 }), 'f a.c:3');
  assert.equal(placeText(null), '');
  assert.notEqual(whyNoStack({ state: 'running' }), whyNoStack({ state: 'waiting' }));
});

test('a comparison says what the test says, and no more', () => {
  assert.equal(verdictText({ verdict: 'rose', before_ns: 3283550, after_ns: 55193960 }), 'rose to 16 times');
  assert.equal(verdictText({ verdict: 'fell', before_ns: 8608589273, after_ns: 1067023088 }), 'fell by 88 %');
  assert.equal(verdictText({ verdict: 'rose', before_ns: 0, after_ns: 5 }), 'rose from nothing');
  assert.equal(verdictText({ verdict: 'unknown', why: 'locks were not recorded before' }), 'unknown (locks were not recorded before)');
  assert.equal(senseOf({ verdict: 'no change told' }), 0);
  assert.equal(chanceText(2), 'p < 0.000001');
  assert.equal(chanceText(596000), 'p 0.000596');
  assert.equal(chanceText(undefined), '');
});

test('what a file lacks is said first', () => {
  const whole = { capture: { events_lost: 0, complete: true, problems: [], gaps: [] } };
  assert.deepEqual(warningsOf(whole), []);
  assert.match(warningsOf({ capture: { ...whole.capture, events_lost: 1204 } })[0], /^1,204 events were lost/);
  assert.equal(warningsOf({ capture: { ...whole.capture, complete: false } }).length, 1);
  assert.equal(warningsOf({ capture: { ...whole.capture, complete: false, problems: ['a chunk is cut'] } }).length, 1);
  assert.match(costText({ tracer_ns_estimated: 48191924, tracer_ns_error: 6971770, process_cpu_ns: 363422931 }), /^13 % ± 1\.9 %/);
  assert.match(costText({}), /^unknown/);
});

test('limits of the table are whole numbers', () => {
  assert.deepEqual(queryOf({ t0: 1.4, t1: 9.6, min: -3, max: null, route: 'GET /' }),
    { t0: 1, t1: 10, min_ns: 0, max_ns: null, route: 'GET /' });
});

test('whose the longest wait was, and who held the lock', () => {
  const threads = [{ row: 1, state: 'waiting', kind: 'lock', since: 100 }, { row: 2, state: 'waiting', kind: 'lock', since: 5000 }];
  assert.equal(waiterAt(threads, 'lock', 5200).row, 2);
  assert.equal(waiterAt(threads, 'disk', 5200), null);
  const findings = [{ address: '0x1', process: 0, lock: 'a', cost_ns: 10, held_in: [{ function: 'f', file: 'a.c', line: 2, ns: 9, threads: [] }] }];
  assert.equal(heldIn({ address: '0x1', process: 0, lock: 'a' }, findings).text, 'f a.c:2');
  assert.equal(heldIn({ address: '0x2', process: 0, lock: 'a' }, findings), null);
});

test('from what a report says to a row', () => {
  const rows = [{ id: 1, kind: 'thread', name: 'w', tid: 7, pid: 5, process: 0, from: 0, to: 10 },
    { id: 2, kind: 'thread', name: 'w', tid: 7, pid: 5, process: 0, from: 20, to: 30 },
    { id: 3, kind: 'thread', name: 'loop', tid: 8, pid: 5, process: 0, from: 0, to: 30 }];
  assert.equal(threadRow({ tid: 7 }, 25, rows).id, 2, 'a tid that was given twice');
  assert.equal(threadRow({ tid: 7, pid: 6 }, 25, rows), null);
  assert.equal(rowOfName('loop', rows).id, 3);
  assert.equal(rowOfName('w', rows), null, 'two are called so');
  assert.equal(rowOfName('5/loop', rows).id, 3);
  assert.equal(sinceFirst(150, { first_ns: 100 }), 50);
  assert.equal(processOfPid(4713, { processes: [{ process: 0, pid: 4711 }, { process: 1, pid: 4713 }] }), 1);
  assert.ok(sameSelection({ type: 'item', row: 1, item: 2 }, { type: 'item', row: 1, item: 2 }));
});

test('a table sorts by a column, and leaves equal rows in their order', () => {
  const column = { value: row => row.n };
  const rows = [{ n: 1, k: 'a' }, { n: 3, k: 'b' }, { n: 1, k: 'c' }];
  assert.deepEqual(sortRows(rows, column, true).map(row => row.k), ['b', 'a', 'c']);
  assert.deepEqual(sortRows(rows, { value: row => row.k }, false).map(row => row.k), ['a', 'b', 'c']);
});
