/* see.js: from what an answer of the command line says (CLOCK_MONOTONIC, pid and tid) to a place in the page: a row, an
 * item, a time since the trace's first moment. */
import { ask } from '../data.js';
import { actions, store } from '../state.js';

/** @param {number} ns on CLOCK_MONOTONIC @returns {number} since the trace's first moment */
export const sinceFirst = (ns, info = store.get().info) => ns - Number(info ? info.first_ns : 0);

/**
 * The row of a thread. Several may have had one tid, one after the other: that which was there then.
 * @param {{tid: number, process?: number|null, pid?: number|null}} who @param {number} [at]
 */
export function threadRow(who, at, rows = store.get().rowList) {
    const all = rows.filter(row => row.kind === 'thread' && row.tid === who.tid
        && (who.process === undefined || who.process === null || row.process === who.process)
        && (!who.pid || row.pid === who.pid));
    return all.find(row => at === undefined || (row.from <= at && at <= row.to)) || all[0] || null;
}

/** The row of a thread by the name that a report gives it: "worker-3", "4713/worker-3". Null where several are called so. */
export function rowOfName(name, rows = store.get().rowList) {
    if (!name)
        return null;
    const all = rows.filter(row => row.kind === 'thread' && (row.name === name || `${row.pid}/${row.name}` === name));
    return all.length === 1 ? all[0] : null;
}

/** The process (its number in the trace) with this pid. */
export function processOfPid(pid, info = store.get().info) {
    const found = info && Array.isArray(info.processes) ? info.processes.find(one => one.pid === pid) : null;
    return found ? found.process : 0;
}

/** What the thread of a row did at a moment: as in /api/at, or null. */
export async function itemAt(row, time) {
    const answer = await ask('/api/at', { time: Math.round(time), rows: row });
    return answer.threads.find(thread => thread.row === row) || null;
}

/** Jumps to what the thread of a row did at a moment, and selects it. */
export async function goToThread(row, time) {
    const there = await itemAt(row, time);
    if (!there || there.item === null || there.item === undefined) {
        actions.setCursor(time);
        actions.revealRow(row);
        return;
    }
    goToItem(row, there.item, there.since, there.until);
}

/** Selects an item; the view follows only where the item is out of sight or too small to be seen in it. */
export function goToItem(row, item, from, to) {
    const selection = { type: 'item', row, item };
    const { view } = store.get();
    const width = view.t1 - view.t0;
    const inSight = from >= view.t0 && to <= view.t1 && to - from >= width / 40;
    if (inSight || from === undefined || from === null)
        actions.select(selection);
    else
        actions.show(selection, from, to);
    actions.revealRow(row);
}

/** Selects a request and jumps to its time. */
export function goToRequest(process, id, from, to) {
    actions.show({ type: 'request', process, id: String(id) }, from, to);
}

/**
 * What of the page shows a finding best: {selection, t0, t1, row}, or null where the report does not say when it was.
 * @param {{see: object|null}} finding
 */
export async function evidenceOf(finding) {
    const { see } = finding;
    if (!see)
        return null;
    const t0 = sinceFirst(see.from_ns), t1 = sinceFirst(see.to_ns);
    const row = see.tid ? threadRow(see, (t0 + t1) / 2) : null;
    const isLoop = finding.kind === 'event loop';
    if (row && !isLoop) {
        const there = await itemAt(row.id, (t0 + t1) / 2);
        if (there && there.item !== null && there.item !== undefined)
            return { selection: { type: 'item', row: row.id, item: there.item }, t0, t1, row: row.id };
    }
    const whom = row ? row.id : null;
    if (see.request)
        return { selection: { type: 'request', process: see.process, id: String(see.request) }, t0, t1, row: whom };
    return { selection: { type: 'range', t0, t1 }, t0, t1, row: whom };
}

/** Shows it. */
export function showEvidence(evidence) {
    if (!evidence)
        return;
    actions.show(evidence.selection, evidence.t0, evidence.t1, 0.25);
    if (evidence.row !== null)
        actions.revealRow(evidence.row);
}

/** Two selections of the same thing. */
export const sameSelection = (a, b) => !!a && !!b && JSON.stringify(a) === JSON.stringify(b);
