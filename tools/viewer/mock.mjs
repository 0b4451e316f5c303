// A server of an invented trace, for work on the page and for measuring it: the paths of docs/viewer-api.md that the
// timeline asks. Not built, not installed.
//
//     node mock.mjs OUT [THREADS] [ITEMS a thread] [PORT]      OUT is where build.mjs put the page
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const [out, threads = '24', items = '2000', port = '0'] = process.argv.slice(2);
const DURATION = 5e9,
    BUCKETS = 512,
    LEVEL_MIN = 8,
    LEVEL_MAX = 24;
let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;

/* ---- the trace ---- */

const rows = [],
    states = new Map();
const LOOKS = [1, 2, 3 | (1 << 4), 3 | (3 << 4), 3 | (5 << 4), 3 | (2 << 4), 4, 4];

function thread(id, n, name) {
    const from = new Float64Array(n),
        to = new Float64Array(n),
        look = new Uint32Array(n);
    const weights = Float64Array.from({ length: n }, () => random() ** 6 + 0.0005),
        sum = weights.reduce((a, b) => a + b, 0);
    const sums = {};
    for (let i = 0, t = 0; i < n; i++) {
        const late = t > DURATION * 0.4 && t < DURATION * 0.55 && random() < 0.7;
        from[i] = Math.round(t);
        t += (weights[i] / sum) * DURATION;
        to[i] = Math.round(t);
        look[i] = (late ? LOOKS[2] : LOOKS[Math.floor(random() * LOOKS.length)]) | (255 << 16);
        const state = ['unknown', 'running', 'runnable', 'waiting', 'idle'][look[i] & 15];
        sums[state] = (sums[state] || 0) + to[i] - from[i];
    }
    states.set(id, { from, to, look });
    rows.push({
        id,
        kind: 'thread',
        name,
        process: 0,
        pid: 4711,
        tid: 4711 + id,
        thread: null,
        depth: 0,
        from: 0,
        to: DURATION,
        items: n,
        lost: 0,
        sums,
    });
}

for (let i = 0; i < Number(threads); i++) thread(i + 1, Number(items), i === 0 ? 'loop' : `worker-${i}`);

/* ---- tiles ---- */

/* Of one row in [t0, t1): in each bucket two items at most. */
function pick({ from, to, look }, t0, t1, bucket) {
    let low = 0,
        high = from.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (to[middle] <= t0) low = middle + 1;
        else high = middle;
    }
    const picked = [];
    for (let i = low; i < from.length && from[i] < t1;) {
        const end = (Math.floor(Math.max(from[i], t0) / bucket) + 1) * bucket;
        let longest = i,
            j = i;
        for (; j < from.length && from[j] < end; j++)
            longest = to[j] - from[j] > to[longest] - from[longest] ? j : longest;
        j = Math.max(j, i + 1);
        if (j - i <= 2) for (; i < j; i++) picked.push([from[i], to[i], i, look[i], 1]);
        else
            picked.push([
                from[i],
                to[j - 1],
                longest,
                (look[longest] & 0xff) |
                    (1 << 8) |
                    (160 << 16) |
                    (((look[i] & 15) | (((look[i] >> 4) & 15) << 4)) << 24),
                j - i,
            ]);
        i = j;
    }
    return picked;
}

function tile(level, index, ids) {
    const bucket = 2 ** level,
        t0 = index * BUCKETS * bucket,
        t1 = t0 + BUCKETS * bucket;
    const picked = ids.map(id => pick(states.get(id) || { from: [], to: [], look: [] }, t0, t1, bucket));
    const bytes = Buffer.alloc(32 + picked.reduce((sum, list) => sum + 8 + 32 * list.length, 0));
    [0x544b4d53, 1, ids.length, 0].forEach((n, i) => bytes.writeUInt32LE(n, i * 4));
    bytes.writeDoubleLE(t0, 16);
    bytes.writeDoubleLE(t1, 24);
    let at = 32;
    picked.forEach((list, k) => {
        bytes.writeUInt32LE(ids[k], at);
        bytes.writeUInt32LE(list.length, at + 4);
        const n = list.length,
            base = at + 8;
        list.forEach(([from, to, item, look, merged], i) => {
            bytes.writeDoubleLE(from, base + i * 8);
            bytes.writeDoubleLE(to, base + n * 8 + i * 8);
            [item, look >>> 0, (look & 15) === 3 ? (look >> 4) & 15 : 0, merged].forEach((word, w) =>
                bytes.writeUInt32LE(word, base + n * 16 + n * 4 * w + i * 4),
            );
        });
        at = base + n * 32;
    });
    return bytes;
}

/* ---- answers ---- */

function item(row, i) {
    const { from, to, look } = states.get(row),
        name = rows[row - 1].name;
    return {
        row,
        item: i,
        what: 'state',
        from: from[i],
        to: to[i],
        ns: to[i] - from[i],
        state: 'waiting',
        kind: 'lock',
        says: 'waits for cart_lock',
        look: look[i],
        regions: [],
        releaser: { row: row === 1 ? 2 : row - 1, name: 'worker', at: to[i] },
        name,
        chain: [],
        stack: null,
    };
}

const labels = { 1: 'cart_lock', 2: 'pthread_cond_wait', 3: 'recv 10.0.0.3:80', 5: 'fdatasync audit.log' };

const ANSWERS = {
    '/api/info': () => ({
        version: 1,
        program: 'mock',
        capture: 'mock',
        files: [],
        first_ns: 0,
        duration_ns: DURATION,
        realtime_first_ns: '1795442527118000000',
        processes: [{ pid: 4711, name: 'mock' }],
        events: Number(threads) * Number(items),
        lost: 0,
        complete: true,
        complete_from: 0,
        problems: [],
        sources_missing: [],
        scheduler: 'none',
        cost: 0.006,
        symbols: true,
        gaps: [{ from: 4.2e9, to: 4.4e9, category: 'lock', reason: 'budget' }],
        level_min: LEVEL_MIN,
        level_max: LEVEL_MAX,
        tile_buckets: BUCKETS,
    }),
    '/api/progress': () => ({ state: 'ready', done: 1, total: 1, known_to: DURATION, error: null, serial: 1 }),
    '/api/rows': () => ({ rows, groups: [] }),
    '/api/density': () => ({
        final: true,
        events: [],
        states: [
            ['waiting', 'lock'],
            ['waiting', 'net'],
            ['runnable', null],
        ].map(([state, kind]) => ({
            state,
            kind,
            shares: Array.from({ length: 1000 }, (_, x) =>
                kind === 'lock' && x > 400 && x < 550 ? 0.6 : 0.05 + 0.05 * random(),
            ),
        })),
    }),
    '/api/labels': q =>
        Object.fromEntries(
            q
                .get('ids')
                .split(',')
                .map(id => [id, labels[id] || '']),
        ),
    '/api/item': q => item(Number(q.get('row')), Number(q.get('item'))),
    '/api/sums': () => ({
        rows: [],
        all: {
            sums: [
                { state: 'waiting', kind: 'lock', ns: 3e9, count: 5 },
                { state: 'running', kind: null, ns: 1e9, count: 9 },
            ],
        },
    }),
    '/api/requests': () => ({
        total: 1,
        requests: [{ process: 0, id: '7', route: 'GET /cart', from: 2.1e9, to: 2.5e9, ns: 4e8, row: 2 }],
    }),
    '/api/parts': () => ({
        process: 0,
        id: '7',
        route: 'GET /cart',
        from: 2.1e9,
        to: 2.5e9,
        parts: [
            { from: 2.1e9, to: 2.15e9, state: 'running', kind: null, row: 1, item: 1, label: '' },
            { from: 2.15e9, to: 2.45e9, state: 'waiting', kind: 'lock', row: 2, item: 1, label: 'cart_lock' },
            { from: 2.45e9, to: 2.5e9, state: 'waiting', kind: 'net', row: 2, item: 2, label: 'send' },
        ],
        regions: [
            { name: 'lock_cart', from: 2.15e9, to: 2.45e9 },
            { name: 'render', from: 2.45e9, to: 2.5e9 },
        ],
        handoffs: [],
    }),
    '/api/search': q => ({
        hits: rows
            .filter(row => row.name.includes(q.get('q')))
            .map(row => ({ what: 'thread', text: row.name, row: row.id })),
    }),
};
const FILES = {
    '/': ['index.html', 'text/html'],
    '/viewer.js': ['viewer.js', 'text/javascript'],
    '/viewer.css': ['viewer.css', 'text/css'],
};

function file(name) {
    try {
        return readFileSync(join(out, name));
    } catch {
        return gunzipSync(readFileSync(join(out, `${name}.gz`)));
    }
}

const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://mock');
    response.setHeader(
        'Content-Security-Policy',
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'",
    );
    if (FILES[pathname]) {
        response.setHeader('Content-Type', FILES[pathname][1]);
        response.end(file(FILES[pathname][0]));
    } else if (pathname === '/api/tiles') {
        response.end(
            tile(
                Number(searchParams.get('level')),
                Number(searchParams.get('tile')),
                searchParams.get('rows').split(',').map(Number),
            ),
        );
    } else if (ANSWERS[pathname]) {
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify(ANSWERS[pathname](searchParams)));
    } else {
        response.statusCode = 404;
        response.end('{"error": "the mock does not know this"}');
    }
});
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/#token=0`));
