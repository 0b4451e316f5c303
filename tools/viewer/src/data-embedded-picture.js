/* data-embedded-picture.js: what an exported page reads off its own picture: everybody at an instant, the sums of a
 * stretch, and what has a name. It is less than the server says (no holder, no function; of what is drawn together the two
 * largest parts), and enough to find one's way.
 *
 * `page` is data-embedded.js's: json(where), binary(where), say(where, answer).
 */
import { duration } from './format.js';
import { FLAG, flagsOf, shareOf } from './look.js';
import { describe, itemOf, stateOfSecond } from './timeline/hit.js';
import { decodeTile, itemAt } from './timeline/tile-decode.js';
import { tileWidth, tilesOf } from './timeline/zoom.js';

const TILES_READ = 4; /* of a stretch, for its sums */
const HITS = 30;

const rowsOf = async page => (await page.json('/api/rows')).rows;

/* The items of all rows in the tiles of the finest level that has the stretch in so few. */
async function tilesIn(page, rows, t0, t1) {
    const { level_min, level_max, tile_buckets, duration_ns } = await page.json('/api/info');
    const counters = new Set(rows.filter(row => row.kind === 'counter').map(row => row.id));
    let level = level_min;
    while (level < level_max && (t1 - t0) / tileWidth(level, tile_buckets) > TILES_READ) level++;
    const { first, last } = tilesOf(t0, t1, level, tile_buckets, duration_ns);
    const tiles = [];
    for (let tile = first; tile <= last; tile++) {
        const bytes = await page.binary(`/api/tiles?level=${level}&tile=${tile}`);
        tiles.push(decodeTile(bytes, row => counters.has(row)));
    }
    return tiles;
}

/** @param {number} time @returns {Promise<{time: number, threads: object[]}>} as /api/at */
export async function momentOf(page, time) {
    const rows = await rowsOf(page),
        labels = await page.json('/api/labels');
    const [tile] = await tilesIn(page, rows, time, time + 1);
    const threads = [];
    for (const row of rows) {
        const items = row.kind === 'thread' && tile.rows.get(row.id);
        const i = items ? itemAt(items, time) : -1;
        if (i < 0) continue;
        const at = describe(items, i),
            label = labels[at.label] || '';
        const is = itemOf(at, label);
        threads.push({
            ...is,
            since: at.from,
            until: at.to,
            holder: null,
            function: null,
            says: `${is.kind || is.state} ${label}`.trim() + `, ${duration(time - at.from)} so far`,
        });
    }
    return { time, threads };
}

/* Adds a row's items between two times to `sums`, by state and kind. What goes on from the tile before is counted there. */
function addSums(sums, items, from, to, first) {
    const add = ({ state, kind }, ns, count) => {
        const key = `${state}/${kind}`,
            sum = sums.get(key) || { state, kind, ns: 0, count: 0 };
        sums.set(key, { ...sum, ns: sum.ns + ns, count: sum.count + count });
    };
    for (let i = 0; i < items.count; i++) {
        const ns = Math.min(items.to[i], to) - Math.max(items.from[i], from),
            look = items.look[i];
        if (ns <= 0) continue;
        const share = flagsOf(look) & FLAG.together ? shareOf(look) : 1;
        add(itemOf(describe(items, i), ''), ns * share, items.from[i] >= from || first ? items.merged[i] : 0);
        if (share < 1) add(stateOfSecond(look), ns * (1 - share), 0);
    }
}

/** @returns {Promise<{rows: object[], all: object}>} as /api/sums */
export async function sumsOf(page, t0, t1) {
    const rows = await rowsOf(page),
        all = new Map(),
        answer = [];
    const tiles = await tilesIn(page, rows, t0, t1);
    for (const { id, kind } of rows) {
        const sums = new Map();
        for (const { rows: its, from, to } of kind === 'thread' ? tiles : []) {
            const items = its.get(id);
            for (const into of items ? [sums, all] : []) addSums(into, items, Math.max(t0, from), Math.min(t1, to), from <= t0);
        }
        if (kind === 'thread') answer.push({ row: id, sums: [...sums.values()] });
    }
    return { rows: answer, all: { sums: [...all.values()] } };
}

/** @returns {Promise<{hits: object[], more: boolean}>} as /api/search: of names, the longest that bears each */
export async function hitsOf(page, q) {
    const rows = await rowsOf(page),
        labels = await page.json('/api/labels');
    const has = text => String(text).toLowerCase().includes(q.toLowerCase()),
        hits = [],
        longest = new Map();
    for (const { id, name, kind } of rows)
        if (kind === 'thread' && has(name)) hits.push({ what: 'thread', text: name, row: id });
    const { requests } = await page.json('/api/requests').catch(() => ({ requests: [] }));
    for (const { process, id, route, from, to, ns } of requests)
        if (id === q || has(route))
            hits.push({ what: 'request', text: `${id} ${route}, ${duration(ns)}`, process, id, from, to });
    for (const tile of await tilesIn(page, rows, 0, Infinity))
        for (const items of tile.rows.values())
            for (let i = 0; i < items.count; i++) {
                const best = longest.get(items.label[i]);
                if (has(labels[items.label[i]] || '') && !(best && best.to - best.from >= items.to[i] - items.from[i]))
                    longest.set(items.label[i], describe(items, i));
            }
    for (const [label, at] of longest) {
        page.say(`/api/item?item=${at.item}&row=${at.row}`, itemOf(at, labels[label]));
        hits.push({ what: 'longest', text: labels[label], row: at.row, from: at.from, to: at.to, item: at.item });
    }
    return { hits: hits.slice(0, HITS), more: hits.length > HITS };
}
