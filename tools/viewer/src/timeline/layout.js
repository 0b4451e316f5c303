/* layout.js: which rows there are, in which order, and where. Pure.
 *
 * From the top: pinned rows, requests (pinned ones, then the slowest in view, in as many places as there ever are, so
 * that nothing below moves), threads in groups with their samples and regions beneath, counters, CPUs, marks, and the
 * requests of each route in lanes. A thread that did next to nothing is a thin row.
 */

/**
 * @typedef {{key: string, kind: 'caption'|'group'|'request'|'thread'|'regions'|'samples'|'counter'|'cpu'|'marks'|'logs'
 *     |'requests', y: number, h: number, row?: any, request?: any, text?: string, count?: number, closed?: boolean,
 *     closable?: boolean}} Slot
 */

export const HEIGHTS = {
    caption: 24,
    group: 20,
    request: 36,
    thread: 20,
    quiet: 12,
    regions: 13,
    samples: 7,
    counter: 32,
    cpu: 14,
    marks: 16,
    logs: 14,
    requests: 11,
};
export const SLOWEST_SHOWN = 3;
const DEPTHS_SHOWN = 4;
/* Counters that every process has: beneath what its author counts. */
const OF_PROCESS = new Set('rss_bytes minor_faults major_faults user_us system_us threads descriptors'.split(' '));
const LANES_SHOWN = 12;
const QUIET_SHARE = 0.001;

const SKIPPED = ['running', 'runnable', 'ready', 'idle', 'unknown', 'poll'];

const sumOf = (sums, pick) => Object.entries(sums || {}).reduce((sum, [key, ns]) => sum + (pick(key) ? ns : 0), 0);
export const waitedOf = row => sumOf(row.sums, key => !SKIPPED.includes(key));
const busyOf = row => sumOf(row.sums, key => key !== 'idle' && key !== 'unknown');

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const ORDERS = {
    started: (a, b) => a.from - b.from || a.tid - b.tid || a.id - b.id,
    waiting: (a, b) => waitedOf(b) - waitedOf(a) || a.id - b.id,
    name: (a, b) => collator.compare(a.name, b.name) || a.id - b.id,
};

/** "worker" of "worker-12", "io" of "io#3 (2)". */
export function prefixOf(name) {
    return name.replace(/[\s\d#:/()._-]+$/u, '') || name;
}

function matches(row, filter) {
    if (!filter) return true;
    const text = `${row.name} ${row.tid || ''} ${row.process_name || ''}`.toLowerCase();
    return text.includes(filter.toLowerCase());
}

class Writer {
    constructor(settings) {
        this.settings = settings;
        this.slots = [];
        this.y = 0;
    }

    put(kind, key, more = {}, h = HEIGHTS[kind]) {
        this.slots.push({ key, kind, y: this.y, h, ...more });
        this.y += h;
    }

    isClosed(key, plain = false) {
        return this.settings.closed.includes(key) !== plain;
    }

    /** A heading; true: what is beneath is to be shown. */
    heading(kind, key, text, count, plain = false) {
        const closed = this.isClosed(key, plain);
        this.put(kind, key, { text, count, closed, closable: true });
        return !closed;
    }
}

const isNumber = value => typeof value === 'number';

/** What stands beneath a thread, and has its name: its regions, its samples, its logs, the stalls of its loop. */
export const isBeneath = row => row.kind !== 'thread' && isNumber(row.thread);

function childrenOf(rowList) {
    const children = new Map();
    for (const row of rowList) {
        if (!isBeneath(row)) continue;
        if (!children.has(row.thread)) children.set(row.thread, []);
        children.get(row.thread).push(row);
    }
    for (const list of children.values())
        list.sort((a, b) => (a.kind === 'samples' ? -1 : 0) - (b.kind === 'samples' ? -1 : 0) || a.depth - b.depth);
    return children;
}

function putThread(writer, row, children, duration, prefix = '') {
    const quiet = busyOf(row) < duration * QUIET_SHARE && row.sums && Object.keys(row.sums).length > 0;
    writer.put('thread', `${prefix}${row.id}`, { row, quiet }, quiet ? HEIGHTS.quiet : HEIGHTS.thread);
    for (const child of children.get(row.id) || [])
        if (child.kind === 'regions' ? child.depth < DEPTHS_SHOWN : child.items > 0)
            writer.put(child.kind, `${prefix}${child.id}`, { row: child });
}

/* ---- sections ------------------------------------------------------------------------------------------- */

function putPinned(writer, byId, children, duration) {
    const rows = writer.settings.pinned.map(id => byId.get(id)).filter(Boolean);
    if (!rows.length || !writer.heading('caption', 'pinned', 'Pinned', rows.length)) return;
    for (const row of rows) {
        if (row.kind === 'thread') putThread(writer, row, children, duration, 'p');
        else writer.put(row.kind, `p${row.id}`, { row });
    }
}

function putRequests(writer, requests) {
    const { pinned, slowest, total, inView } = requests;
    if (!total && !pinned.length) return;
    if (!writer.heading('caption', 'slow', inView > SLOWEST_SHOWN ? 'Slowest, of' : 'Slowest', inView)) return;
    for (const request of pinned)
        writer.put('request', `q${request.process}.${request.id}`, { request, pinned: true });
    const others = slowest.filter(one => !pinned.some(pin => pin.process === one.process && pin.id === one.id));
    for (let i = 0; i < Math.min(SLOWEST_SHOWN, total); i++)
        writer.put('request', others[i] ? `s${i}` : `none${i}`, { request: others[i] || null });
}

function groupsOf(threads, how, processes) {
    if (how === 'none') return [['', threads]];
    const groups = new Map();
    for (const row of threads) {
        const name = how === 'prefix' ? prefixOf(row.name) : `${row.process}`;
        if (!groups.has(name)) groups.set(name, []);
        groups.get(name).push(row);
    }
    if (how === 'process')
        return groups.size < 2
            ? [['', threads]]
            : [...groups].map(([id, rows]) => [processes.get(Number(id)) || `process ${rows[0].pid || id}`, rows]);
    return [...groups];
}

function putThreads(writer, threads, children, duration, processes) {
    if (!threads.length) return;
    const { group, sort } = writer.settings;
    if (!writer.heading('caption', 'threads', 'Threads', threads.length)) return;
    const sorted = [...threads].sort(ORDERS[sort] || ORDERS.started);
    for (const [name, rows] of groupsOf(sorted, group, processes)) {
        if (name && rows.length > 1 && !writer.heading('group', `t:${name}`, name, rows.length)) continue;
        rows.forEach(row => putThread(writer, row, children, duration));
    }
}

function putOthers(writer, rows, kind, text, plain, key = kind) {
    const some = rows.filter(row => row.kind === kind);
    if (!some.length || !writer.heading('caption', key, text, some.length, plain)) return;
    some.forEach(row => writer.put(kind, `${row.id}`, { row }));
}

/**
 * @param {{rowList: any[], settings: any, duration: number, requests: {pinned: any[], slowest: any[], total: number},
 *     processes?: Map<number, string>}} what
 * @returns {{slots: Slot[], height: number, byRow: Map<number, Slot>}}
 */
export function layOut({ rowList, settings, duration, requests, processes = new Map() }) {
    const writer = new Writer(settings);
    const byId = new Map(rowList.map(row => [row.id, row]));
    const children = childrenOf(rowList);
    const shown = rowList.filter(
        row =>
            !settings.hidden.includes(row.id) &&
            !settings.pinned.includes(row.id) &&
            (row.kind === 'marks' || matches(row, settings.filter)),
    );
    const free = shown.filter(row => !isBeneath(row));
    const lanes = shown.filter(row => row.kind === 'requests');
    putPinned(writer, byId, children, duration);
    putRequests(writer, requests);
    putThreads(
        writer,
        shown.filter(row => row.kind === 'thread'),
        children,
        duration,
        processes,
    );
    const ofProcess = row => OF_PROCESS.has(row.name);
    putOthers(
        writer,
        free.filter(row => !ofProcess(row)),
        'counter',
        'Counters',
        false,
    );
    putOthers(writer, free, 'cpu', 'CPUs', false);
    putOthers(writer, free.filter(ofProcess), 'counter', 'The process', false, 'process');
    putOthers(writer, free, 'marks', 'Not recorded', false);
    putOthers(writer, free, 'regions', 'Regions of requests', false);
    putOthers(writer, free, 'requests', 'All requests', lanes.length > LANES_SHOWN);
    const byRow = new Map();
    for (const slot of writer.slots) if (slot.row && !byRow.has(slot.row.id)) byRow.set(slot.row.id, slot);
    return { slots: writer.slots, height: writer.y + 8, byRow };
}

/** The slots between two heights. */
export function slotsBetween(slots, top, bottom) {
    const first = indexAt(slots, top);
    const visible = [];
    for (let i = first; i < slots.length && slots[i].y < bottom; i++) visible.push(slots[i]);
    return visible;
}

/** The slot at a height; the last that begins above it. */
export function indexAt(slots, y) {
    let low = 0,
        high = slots.length - 1;
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (slots[middle].y <= y) low = middle;
        else high = middle - 1;
    }
    return low;
}

export function slotAt(layout, y) {
    const slot = layout.slots[indexAt(layout.slots, y)];
    return slot && y >= slot.y && y < slot.y + slot.h ? slot : null;
}
