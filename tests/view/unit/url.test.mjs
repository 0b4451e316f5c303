// The whole state goes into the address and comes back; what somebody else wrote there does no harm.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createStore, initialState } from '../../../tools/viewer/src/state.js';
import { followAddress, hashToState, linkOf, stateToHash, tokenOf } from '../../../tools/viewer/src/url.js';

const full = {
    ...initialState(),
    view: { t0: 12345, t1: 67890123456 },
    cursor: 50000,
    selection: { type: 'item', row: 3, item: 17 },
    panel: 'locks',
    requests: [
        { process: 0, id: '7' },
        { process: 1, id: '18446744073709551615' },
    ],
    off: ['idle', 'poll'],
    clock: 'relative',
    rows: {
        group: 'prefix',
        sort: 'waiting',
        filter: 'a&b=c#%20é',
        pinned: [0, 4],
        hidden: [9],
        closed: ['t:a.b&c', 'cpu'],
    },
};

test('what is written is read', () => {
    const back = hashToState('#' + stateToHash(full, 'abc'));
    for (const name of ['view', 'cursor', 'selection', 'panel', 'rows', 'requests', 'off', 'clock'])
        assert.deepEqual(back[name], full[name], name);
    for (const selection of [
        { type: 'request', process: 0, id: '12345678901234567890' },
        { type: 'range', t0: 1, t1: 9 },
        null,
    ])
        assert.deepEqual(hashToState(stateToHash({ ...full, selection })).selection, selection);
});

test('the token stays first and is in no link', () => {
    assert.match(stateToHash(full, 'abc'), /^token=abc&v=/);
    assert.equal(tokenOf('#token=abc&v=1-2'), 'abc');
    assert.equal(tokenOf('#abc'), 'abc');
    assert.equal(tokenOf('#v=1-2'), null);
    assert.equal(tokenOf(''), null);
    const link = linkOf(full, { origin: 'http://127.0.0.1:1', pathname: '/' });
    assert.ok(link.startsWith('http://127.0.0.1:1/#v=') && !link.includes('token'));
});

test('nonsense is left out', () => {
    const state = hashToState(
        '#v=9-1&at=-4&s=item.x.1&p=<script>&g=evil&o=&pin=a.b.3&r=1-2.x&off=%&c=no&=&%E0%A4%A=1',
    );
    assert.equal(state.view, undefined);
    assert.deepEqual([state.cursor, state.selection, state.panel], [null, null, null]);
    assert.deepEqual([state.rows.group, state.rows.sort, state.rows.pinned], ['process', 'started', [3]]);
    assert.deepEqual([state.requests, state.clock], [[{ process: 1, id: '2' }], 'wall']);
    assert.deepEqual(hashToState('#s=range.9.9').selection, null);
});

/* What a browser does with its history, as far as the address bar follows it. */
function fakeWindow() {
    const entries = ['#token=k'],
        listeners = {};
    let at = 0;
    return {
        location: {
            get hash() {
                return entries[at];
            },
        },
        history: {
            pushState: (_s, _t, hash) => {
                entries.splice(++at, Infinity, hash);
            },
            replaceState: (_s, _t, hash) => {
                entries[at] = hash;
            },
        },
        addEventListener: (name, listener) => {
            listeners[name] = listener;
        },
        removeEventListener: name => {
            delete listeners[name];
        },
        back() {
            at--;
            listeners.popstate();
        },
        entries,
    };
}

test('a jump is a step of the history, panning is none, and Back goes to where one was', () => {
    const store = createStore(),
        window = fakeWindow(),
        stop = followAddress(store, window, 'k');
    store.set({ view: { t0: 10, t1: 20 } }, 'push');
    store.set({ view: { t0: 11, t1: 21 } }, 'replace');
    store.set({ view: { t0: 12, t1: 22 } }, 'replace');
    store.set({ view: { t0: 100, t1: 200 } }, 'push');
    assert.equal(window.entries.length, 3);
    assert.match(window.entries[1], /v=12-22/);
    window.back();
    assert.deepEqual(store.get().view, { t0: 12, t1: 22 });
    stop();
});
