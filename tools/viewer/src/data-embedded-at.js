/* data-embedded-at.js: everybody at an instant, in an exported page: out of the finest tile that it has of that time. It
 * is less than the server says (no holder, no function), and enough to show a finding's moment. */
import { duration } from './format.js';
import { describe, itemOf } from './timeline/hit.js';
import { decodeTile, itemAt } from './timeline/tile-decode.js';

/**
 * @param {{json: (where: string) => Promise<any>, binary: (where: string) => Promise<ArrayBuffer>}} page
 * @param {number} time @returns {Promise<{time: number, threads: object[]}>} as /api/at
 */
export async function momentOf({ json, binary }, time) {
    const [info, { rows }, labels] = await Promise.all(['/api/info', '/api/rows', '/api/labels'].map(json));
    const counters = new Set(rows.filter(row => row.kind === 'counter').map(row => row.id));
    let bytes = null;
    for (let level = info.level_min; level <= info.level_max && !bytes; level++) {
        const tile = Math.floor(time / (info.tile_buckets * 2 ** level));
        bytes = await binary(`/api/tiles?level=${level}&tile=${tile}`).catch(() => null);
    }
    const threads = [];
    const tile = bytes && decodeTile(bytes, row => counters.has(row));
    for (const row of tile ? rows : []) {
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
