// Rows, keys, pictures, arrows, looks, answers: the page's smaller parts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { CODE, KEYS, colourOf, keyOfNames, LEGEND } from '../../../tools/viewer/src/colours.js';
import { address, serverBackend } from '../../../tools/viewer/src/data.js';
import { embeddedBackend } from '../../../tools/viewer/src/data-embedded.js';
import { KEYS as BOUND, onKey } from '../../../tools/viewer/src/keys.js';
import { codeOfLook, keyOfLook, secondKeyOfLook } from '../../../tools/viewer/src/look.js';
import { createActions, createStore, initialState } from '../../../tools/viewer/src/state.js';
import { arrowsOfItem, arrowsOfRequest } from '../../../tools/viewer/src/timeline/arrows.js';
import { layOut, prefixOf, slotAt, slotsBetween, waitedOf } from '../../../tools/viewer/src/timeline/layout.js';
import { escapeXml, SvgPainter } from '../../../tools/viewer/src/timeline/svg-painter.js';

/* ---- looks and colours ---- */

test('a look is a state', () => {
    assert.equal(keyOfLook(3 | (1 << 4)), 'lock');
    assert.equal(keyOfLook(1 | (16 << 8)), 'either');
    assert.equal(keyOfLook(3 | (9 << 4)), 'other');
    assert.equal(keyOfLook(15), 'unknown');
    assert.equal(codeOfLook((4 | (255 << 16)) >>> 0), CODE.idle);
    assert.equal(secondKeyOfLook(((3 | (5 << 4)) << 24) >>> 0), 'disk');
    assert.equal(secondKeyOfLook(255 << 16), null);
    assert.equal(keyOfNames('waiting', 'cond'), 'cond');
    assert.equal(keyOfNames('runnable', null), 'ready');
    assert.equal(keyOfNames('waiting', 'toString'), 'other');
});

test('each state has a colour of its own in both themes, and all are in the legend', () => {
    for (const dark of [false, true])
        assert.equal(new Set(LEGEND.map(key => colourOf(key, dark))).size, LEGEND.length);
    assert.deepEqual([...LEGEND].sort(), KEYS.slice(1).sort());
});

/* ---- rows ---- */

const thread = (id, name, more = {}) => ({
    id,
    kind: 'thread',
    name,
    process: 0,
    tid: id,
    from: 0,
    depth: 0,
    sums: { running: 1e9 },
    ...more,
});
const nothing = { pinned: [], slowest: [], total: 0 };
const laidOut = (rowList, settings = {}, requests = nothing) =>
    layOut({ rowList, duration: 5e9, requests, settings: { ...initialState().rows, ...settings } });
const names = layout => layout.slots.filter(slot => slot.kind === 'thread').map(slot => slot.row.name);

test('rows stand under each other, regions beneath their thread', () => {
    const layout = laidOut([
        thread(0, 'a'),
        thread(1, 'b'),
        { id: 2, kind: 'regions', thread: 0, depth: 0, items: 1, name: '' },
        { id: 3, kind: 'counter', name: 'c' },
    ]);
    assert.deepEqual(
        layout.slots.map(slot => slot.kind),
        ['caption', 'thread', 'regions', 'thread', 'caption', 'counter'],
    );
    let y = 0;
    for (const slot of layout.slots) {
        assert.equal(slot.y, y);
        y += slot.h;
        assert.equal(slotAt(layout, slot.y), slot);
        assert.equal(slotAt(layout, y - 0.5), slot);
    }
    assert.equal(layout.byRow.get(2).kind, 'regions');
    assert.deepEqual(slotsBetween(layout.slots, layout.slots[3].y, layout.slots[3].y + 1), [layout.slots[3]]);
});

test('sorted, filtered, hidden, pinned, grouped', () => {
    const rows = [
        thread(0, 'w-10', { from: 5, sums: { waiting: 9, running: 1e9 } }),
        thread(1, 'w-2', { from: 1, sums: { lock: 50, idle: 1e9, running: 1e9 } }),
        thread(2, 'io', { from: 3 }),
    ];
    assert.deepEqual(names(laidOut(rows)), ['w-2', 'io', 'w-10']);
    assert.deepEqual(names(laidOut(rows, { sort: 'name' })), ['io', 'w-2', 'w-10']);
    assert.deepEqual(names(laidOut(rows, { sort: 'waiting' })), ['w-2', 'w-10', 'io']);
    assert.deepEqual(names(laidOut(rows, { filter: 'W-' })), ['w-2', 'w-10']);
    assert.deepEqual(names(laidOut(rows, { hidden: [2] })), ['w-2', 'w-10']);
    assert.deepEqual(names(laidOut(rows, { pinned: [0] })), ['w-10', 'w-2', 'io']);
    assert.deepEqual(
        laidOut(rows, { group: 'prefix' })
            .slots.filter(slot => slot.kind === 'group')
            .map(slot => slot.text),
        ['w'],
    );
    assert.deepEqual(names(laidOut(rows, { group: 'prefix', closed: ['t:w'] })), ['io']);
    assert.deepEqual(['worker-12', 'io#3', '7', 'net (2)'].map(prefixOf), ['worker', 'io', '7', 'net']);
    assert.equal(waitedOf({ sums: { lock: 3, running: 9, idle: 9, poll: 9, disk: 4 } }), 7);
});

test('as many places for slow requests as ever, so that nothing moves', () => {
    const one = { process: 0, id: 1, from: 0, to: 1 };
    const some = laidOut([thread(0, 'a')], {}, { pinned: [], slowest: [one], total: 9 });
    const none = laidOut([thread(0, 'a')], {}, { pinned: [], slowest: [], total: 9 });
    assert.equal(some.height, none.height);
    const pinned = laidOut([thread(0, 'a')], {}, { pinned: [one], slowest: [one], total: 9 });
    assert.equal(pinned.slots.filter(slot => slot.request).length, 1);
});

/* ---- actions and keys ---- */

function page() {
    const store = createStore({ ...initialState(), info: { duration_ns: 1000000 }, view: { t0: 0, t1: 1000000 } });
    const moves = [];
    const controller = { scrollBy: px => moves.push(px), partsOf: () => null, selected: { from: 1000, to: 2000 } };
    const how = { store, actions: createActions(store), controller, duration: () => 1000000 };
    const press = (key, more = {}) => onKey({ key, target: null, preventDefault() {}, ...more }, how);
    return { store, press, moves };
}

test('keys zoom, pan, fit, close', () => {
    const { store, press, moves } = page();
    press('w');
    const zoomed = store.get().view;
    assert.ok(zoomed.t0 > 0 && zoomed.t1 < 1000000);
    press('d');
    assert.ok(store.get().view.t0 > zoomed.t0);
    press('f');
    assert.deepEqual(store.get().view, { t0: 0, t1: 1000000 });
    press('ArrowDown');
    assert.ok(moves[0] > 0);
    store.set({ selection: { type: 'item', row: 1, item: 1 } });
    press('z');
    assert.ok(store.get().view.t1 - store.get().view.t0 < 3000);
    press('Escape');
    assert.equal(store.get().selection, null);
    press('/');
    assert.equal(store.get().search, '');
});

test("keys in a field and the browser's own stay theirs", () => {
    const { store, press } = page();
    assert.equal(press('w', { target: { tagName: 'INPUT' } }), false);
    assert.equal(press('w', { ctrlKey: true }), false);
    assert.equal(press('q'), false);
    assert.deepEqual(store.get().view, { t0: 0, t1: 1000000 });
});

test('each key is bound once', () => {
    const keys = BOUND.flatMap(([list]) => list);
    assert.equal(new Set(keys).size, keys.length);
});

/* ---- pictures, arrows ---- */

test('a name in a picture is text', () => {
    assert.equal(escapeXml('<script>&"\'\u0000\ud800'), '&#60;script&#62;&#38;&#34;&#39;\ufffd\ufffd');
    const p = new SvgPainter();
    p.begin(100, 50, 1, { dark: false, bg: '#fff' });
    p.text('</text><script>alert(1)</script>', 1, 2, '#000');
    const file = p.document('<b>');
    assert.ok(!file.includes('<script') && !file.includes('<b>'));
});

test('from who released to who waited, else from who woke', () => {
    const wait = { row: 2, to: 50, releaser: { row: 1, at: 49 }, waker: { row: 1, at: 48 } };
    assert.deepEqual(
        arrowsOfItem(wait).map(one => [one.fromRow, one.fromT, one.toRow, one.toT, one.text]),
        [[1, 49, 2, 50, 'released']],
    );
    assert.deepEqual(
        arrowsOfItem({ row: 2, to: 50, waker: { row: 0, at: 48 } }).map(one => one.text),
        ['woke'],
    );
    assert.deepEqual(arrowsOfItem({ row: 2, to: 50, waker: { row: null } }), []);
    const piece = { row: 2, from: 10, to: 20, wait: { from: 5, to: 50 }, releaser: { row: 1, at: 49 } };
    assert.equal(arrowsOfItem(piece)[0].toT, 50, 'to the end of the wait, of which this is a piece');
    assert.deepEqual(arrowsOfItem(null), []);
    const parts = [
        { row: 1, from: 0, to: 5 },
        { row: 1, from: 5, to: 9 },
        { row: 3, from: 12, to: 20 },
    ];
    assert.deepEqual(
        arrowsOfRequest({ parts }).map(one => [one.fromRow, one.fromT, one.toRow, one.toT]),
        [[1, 9, 3, 12]],
    );
});

/* ---- answers ---- */

test('a question is one address, whatever the order of its parts', () => {
    assert.equal(address('/api/at', { time: 5, rows: '1,2', none: null }), '/api/at?rows=1%2C2&time=5');
    assert.equal(address('/api/info'), '/api/info');
});

test('the server is asked with the token, and its own words are the error', async () => {
    const asked = [];
    const answer = {
        ok: false,
        status: 400,
        statusText: 'Bad',
        json: async () => ({ error: 'level 99; allowed: 0 to 40' }),
    };
    const backend = serverBackend('secret', async (where, how) => {
        asked.push([where, how.headers]);
        return answer;
    });
    await assert.rejects(backend.json('/api/tiles?level=99'), /level 99; allowed/);
    assert.deepEqual(asked[0], ['/api/tiles?level=99', { Authorization: 'Bearer secret' }]);
    const gone = serverBackend('x', async () => {
        throw new TypeError('fetch failed');
    });
    await assert.rejects(gone.json('/api/info'), error => error.status === 0);
});

test('an exported page answers from itself, and says what it does not have', async () => {
    const pack = text => gzipSync(Buffer.from(text)).toString('base64');
    const backend = embeddedBackend({
        '/api/info': pack('{"program": "a"}'),
        '/api/labels': pack('{"1": "x"}'),
        '/api/tiles?level=20&tile=0': pack('SMKT'),
        '/api/requests': pack(
            '{"total": 2, "requests": [{"from": 0, "to": 4, "ns": 9}, {"from": 8, "to": 12, "ns": 4}]}',
        ),
    });
    assert.equal((await backend.json('/api/info')).program, 'a');
    assert.deepEqual(await backend.json('/api/labels?ids=1%2C2'), { 1: 'x' });
    assert.equal((await backend.binary('/api/tiles?level=20&rows=1&tile=0')).byteLength, 4);
    assert.equal((await backend.json('/api/progress?wait=0')).state, 'ready');
    assert.deepEqual((await backend.json('/api/requests?limit=1&offset=0&sort=slowest&t0=5&t1=9')).requests, [
        { from: 8, to: 12, ns: 4 },
    ]);
    backend.say('/api/item?item=1&row=2', { says: '3 ms for x' });
    assert.equal((await backend.json('/api/item?item=1&row=2')).says, '3 ms for x');
    await assert.rejects(backend.json('/api/request?id=1&process=0'), /not in this file/);
});
