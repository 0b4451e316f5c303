/* tile-cache.js: the tiles that the page has, and those that it wants.
 *
 * A tile of a row is known by level, index and row. What a frame needs and is not there is asked for, at most IN_FLIGHT
 * questions at a time, the newest frame's first; what no frame needs any more is given up. Until a tile comes the
 * nearest coarser one stands in for it. Tiles that are not final yet are shown and asked again. The memory is bounded:
 * the tiles that were longest not drawn are let go.
 */
import { tileWidth, tilesOf } from './zoom.js';

const IN_FLIGHT = 4;
const ROWS_A_QUESTION = 256;
const BYTES_MAX = 64 << 20;
const RETRY_MS = 400,
    FAILED_MS = 2000;

const keyOf = (level, index, row) => `${level}/${index}/${row}`;

export class TileCache {
    /**
     * @param {{fetchTile: (level: number, index: number, rows: number[], signal: AbortSignal) => Promise<any>,
     *     changed: () => void, bytesMax?: number, now?: () => number, later?: typeof setTimeout}} how
     */
    constructor(how) {
        this.how = { bytesMax: BYTES_MAX, now: () => performance.now(), later: (f, ms) => setTimeout(f, ms), ...how };
        this.tiles = new Map(); /* by key, the longest unused first */
        this.bytes = 0;
        this.flights = new Map(); /* "level/index/rows" to AbortController */
        this.waiting =
            new Map(); /* keys that are asked for, or were and failed: until when they are not asked again */
        this.frames = 0;
    }

    /** @param {{level_min: number, level_max: number, tile_buckets: number, duration_ns: number}} info */
    setInfo(info) {
        this.info = info;
    }

    clear() {
        for (const flight of this.flights.values()) flight.abort();
        this.flights.clear();
        this.waiting.clear();
        this.tiles.clear();
        this.bytes = 0;
    }

    /** A row's items of one tile; null. What is asked for stays. */
    get(level, index, row) {
        const key = keyOf(level, index, row),
            tile = this.tiles.get(key);
        if (!tile) return null;
        this.tiles.delete(key);
        this.tiles.set(key, tile);
        return tile;
    }

    /** The best there is of a tile: itself, or the nearest coarser one. */
    standIn(level, index, row) {
        for (let l = level, i = index; l <= this.info.level_max; l++, i = Math.floor(i / 2)) {
            const tile = this.get(l, i, row);
            if (tile) return { tile, exact: l === level };
        }
        return null;
    }

    /**
     * What to draw of a row: pieces of time, each with the items that are known of it, in order.
     * @returns {{t0: number, t1: number, items: import('./tile-decode.js').Items|null, exact: boolean}[]}
     */
    pieces(row, view, level) {
        const { tile_buckets: buckets, duration_ns: duration } = this.info;
        const { first, last } = tilesOf(view.t0, view.t1, level, buckets, duration);
        const width = tileWidth(level, buckets),
            pieces = [];
        for (let index = first; index <= last; index++) {
            const found = this.standIn(level, index, row);
            const items = found ? found.tile.items : null,
                before = pieces[pieces.length - 1];
            if (before && items && before.items === items)
                before.t1 = (index + 1) * width; /* one coarse tile stands in for several */
            else pieces.push({ t0: index * width, t1: (index + 1) * width, items, exact: !!found && found.exact });
        }
        return pieces;
    }

    /* ---- asking ------------------------------------------------------------------------------------- */

    missing(level, index, rows) {
        const now = this.how.now();
        return rows.filter(row => {
            const key = keyOf(level, index, row),
                tile = this.tiles.get(key);
            if (tile && (tile.final || tile.retryAt > now)) return false;
            return !(this.waiting.get(key) > now);
        });
    }

    /** What a frame shows: asks for what is not there, and gives up what is no longer wanted. */
    want(rows, view, level) {
        const { tile_buckets: buckets, duration_ns: duration, level_max: top } = this.info;
        const { first, last, end } = tilesOf(view.t0, view.t1, level, buckets, duration);
        const questions = [],
            wanted = new Set();
        const add = (l, index) => {
            wanted.add(`${l}/${index}`);
            questions.push([l, index]);
        };
        const middle = (first + last) / 2;
        const seen = Array.from({ length: last - first + 1 }, (_, i) => first + i);
        seen.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle)).forEach(index => add(level, index));
        const needed = questions.length;
        if (first > 0) add(level, first - 1);
        if (last < end) add(level, last + 1);
        if (level < top) add(level + 1, Math.floor(middle / 2));
        this.abandon(wanted);
        questions.forEach(([l, index], n) => this.askFor(l, index, rows, n < needed ? IN_FLIGHT : IN_FLIGHT - 2));
    }

    abandon(wanted) {
        for (const [name, flight] of this.flights) {
            if (wanted.has(name.slice(0, name.lastIndexOf('/')))) continue;
            flight.abort();
        }
    }

    askFor(level, index, rows, most) {
        let missing = this.missing(level, index, rows);
        while (missing.length && this.flights.size < most) {
            this.fly(level, index, missing.slice(0, ROWS_A_QUESTION));
            missing = missing.slice(ROWS_A_QUESTION);
        }
    }

    async fly(level, index, rows) {
        const name = `${level}/${index}/${rows[0]}+${rows.length}`,
            flight = new AbortController();
        const until = ms => rows.forEach(row => this.waiting.set(keyOf(level, index, row), this.how.now() + ms));
        this.flights.set(name, flight);
        until(Infinity);
        try {
            const answer = await this.how.fetchTile(level, index, rows, flight.signal);
            rows.forEach(row => this.waiting.delete(keyOf(level, index, row)));
            this.keep(level, index, rows, answer);
            if (!answer.final) this.how.later(this.how.changed, RETRY_MS + 20);
        } catch (error) {
            until(error.name === 'AbortError' ? 0 : FAILED_MS);
            if (error.name !== 'AbortError') this.how.later(this.how.changed, FAILED_MS + 20);
        } finally {
            if (this.flights.get(name) === flight) this.flights.delete(name);
        }
        this.how.changed();
    }

    /* A row that the answer does not have, has nothing there. */
    keep(level, index, rows, answer) {
        for (const row of rows) {
            const key = keyOf(level, index, row),
                old = this.tiles.get(key);
            const items = answer.rows.get(row) || null,
                bytes = items ? items.bytes : 100;
            if (old) this.bytes -= old.bytes;
            this.tiles.delete(key);
            this.tiles.set(key, { items, bytes, final: answer.final, retryAt: this.how.now() + RETRY_MS });
            this.bytes += bytes;
        }
        for (const [key, tile] of this.tiles) {
            if (this.bytes <= this.how.bytesMax) break;
            this.tiles.delete(key);
            this.bytes -= tile.bytes;
        }
    }

    get busy() {
        return this.flights.size > 0;
    }
}
