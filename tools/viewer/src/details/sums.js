/* sums.js: time by state, of rows and of all together (`/api/sums`). Pure. */
import { keyOfNames, nameOf } from '../colours.js';

/**
 * Sums of states as parts of a bar, longest first; idle and unknown at the end, since nobody looks for them.
 * @param {{state: string, kind: string|null, ns: number, count: number}[]} sums
 */
export function partsOfSums(sums) {
    const byKey = new Map();
    for (const sum of sums) {
        const key = keyOfNames(sum.state, sum.kind);
        const part = byKey.get(key) || { key, name: nameOf(key), ns: 0, count: 0 };
        byKey.set(key, { ...part, ns: part.ns + sum.ns, count: part.count + (sum.count || 0) });
    }
    const last = part => (part.key === 'idle' || part.key === 'unknown' ? 1 : 0);
    return [...byKey.values()].filter(part => part.ns > 0).sort((a, b) => last(a) - last(b) || b.ns - a.ns);
}

/** All rows added up. @param {{sums: object[]}[]} rows */
export const together = rows => partsOfSums(rows.flatMap(row => row.sums));

/** Rows by what they waited (neither idle nor unknown), most first. */
export function byWaiting(rows) {
    const waited = row => row.sums.filter(sum => sum.state === 'waiting' || sum.state === 'runnable')
        .reduce((all, sum) => all + sum.ns, 0);
    return rows.map(row => ({ ...row, waited: waited(row) })).sort((a, b) => b.waited - a.waited);
}

/** Sums of a row by what a reader asks: ran, stood ready, waited, idled. Pure. */
export function figuresOf(sums) {
    const of = state => sums.filter(sum => sum.state === state).reduce((all, sum) => all + sum.ns, 0);
    return { running: of('running'), ready: of('runnable'), waiting: of('waiting'), idle: of('idle') };
}
