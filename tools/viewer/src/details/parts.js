/* parts.js: what a request's time is made of (`stallmark request --json`), as rows of a table and parts of a bar. Pure. */
import { keyOfNames } from '../colours.js';
import { duration } from '../format.js';

/* In the order of the command line; those that are no state of a thread have a name and a shade of their own. */
const KINDS = {
    cpu: ['on CPU', 'running'], runnable: ['ready, no CPU', 'ready'], lock: ['lock', 'lock'], cond: ['condition', 'cond'],
    net: ['network', 'net'], poll: ['poll', 'poll'], disk: ['disk', 'disk'], sleep: ['sleep', 'sleep'],
    memory: ['memory', 'memory'], join: ['join', 'join'], other: ['other wait', 'other'], queue: ['queue', 'queue'],
    loop: ['event loop', 'loop'], outside: ['outside', 'outside'], unexplained: ['unexplained', 'unexplained'],
};
const SHADES = { queue: 'var(--shade-queue)', loop: 'var(--shade-loop)', outside: 'var(--shade-outside)', unexplained: 'var(--text)' };

export const nameOfPart = part => {
    const name = (KINDS[part.kind] || [part.kind])[0];
    return part.lock ? `${name} ${part.lock}` : name;
};

export const keyOfPart = part => (KINDS[part.kind] || [0, keyOfNames('waiting', part.kind)])[1];

/** Null where it is a state's own colour. */
export const shadeOfPart = part => SHADES[keyOfPart(part)] || null;

/** Parts as stack-bar.jsx wants them. */
export const barOf = parts => parts.map(part => ({
    key: keyOfPart(part), name: nameOfPart(part), ns: part.ns, colour: shadeOfPart(part),
}));

/**
 * Thousandths that add up to 1000 (largest remainders): what is rounded must still be all of it.
 * @param {number[]} values @returns {number[]}
 */
export function thousandths(values) {
    const all = values.reduce((sum, value) => sum + value, 0);
    if (all <= 0)
        return values.map(() => 0);
    const exact = values.map(value => value / all * 1000);
    const whole = exact.map(Math.floor);
    const left = Math.round(1000 - whole.reduce((sum, value) => sum + value, 0));
    exact.map((value, i) => ({ i, rest: value - whole[i] })).sort((a, b) => b.rest - a.rest).slice(0, left)
        .forEach(({ i }) => whole[i]++);
    return whole;
}

/** "89.0 %": one digit always, so that a column of them can be added up. */
export const ofThousand = mille => `${Math.floor(mille / 10)}.${mille % 10} %`;

/** "± 1.20 ms" of what is estimated; "" where nothing is. */
export const estimated = part => (part.estimated_ns > 0 ? `± ${duration(part.estimated_ns)}` : '');

/** "render_log 65.3 us, fdatasync 31.0 us and 2 more". @param {{name: string, ns: number}[]} details */
export function detailsText(details, most = 3) {
    const shown = details.slice(0, most).map(one => `${one.name} ${duration(one.ns)}`).join(', ');
    return details.length > most ? `${shown} and ${details.length - most} more` : shown;
}

/* "+40.8 ms", "−3.72 us". */
export const difference = ns => (ns < 0 ? `−${duration(-ns)}` : `+${duration(ns)}`);

const samePart = (a, b) => a.kind === b.kind && (a.lock || null) === (b.lock || null);

/**
 * The table: each part of the request with that of a normal one beside it, then those that only the normal one has.
 * `most`: the one that makes the largest difference (of a request without a twin: the largest).
 * @typedef {{part: object, mille: number, normal: number|null, more: number|null, most: boolean}} PartRow
 * @returns {PartRow[]}
 */
export function partRows(request, normal) {
    const parts = [...request.parts];
    for (const other of normal ? normal.parts : [])
        if (!parts.some(part => samePart(part, other)))
            parts.push({ kind: other.kind, lock: other.lock, ns: 0, estimated_ns: 0, count: 0, details: [] });
    const mille = thousandths(parts.map(part => part.ns));
    const rows = parts.map((part, i) => {
        const twin = normal ? normal.parts.find(other => samePart(part, other)) : null;
        const beside = normal ? (twin ? twin.ns : 0) : null;
        return { part, mille: mille[i], normal: beside, more: beside === null ? null : part.ns - beside, most: false };
    });
    const weight = row => (row.more === null ? row.part.ns : row.more);
    const most = rows.reduce((best, row) => (best === null || weight(row) > weight(best) ? row : best), null);
    if (most && weight(most) > 0)
        most.most = true;
    return rows;
}

/** Who held up a part's lock, as the chain knows it: "held by worker-15 and 7 more". */
export function holdersText(chain, lock) {
    const names = new Set();
    for (const link of chain)
        if (link.what === 'wait' && link.kind === 'lock' && link.for === lock)
            for (const next of link.then || [])
                if (next.what === 'holder')
                    next.threads.forEach(thread => names.add(thread.name));
    const all = [...names];
    if (!all.length)
        return '';
    return all.length > 1 ? `held by ${all[0]} and ${all.length - 1} more` : `held by ${all[0]}`;
}

/** "It was slower by 44.2 ms than a normal one: 40.8 ms of that are lock cart_lock." Pure. */
export function sentenceOf(answer) {
    const { request, normal } = answer;
    const most = partRows(request, normal).find(row => row.most);
    if (!normal)
        return most ? `Most of it was ${nameOfPart(most.part)}: ${duration(most.part.ns)}.` : '';
    const more = request.duration_ns - normal.duration_ns;
    if (more <= 0 || !most)
        return 'It took no longer than a normal one.';
    return `It took ${duration(more)} longer than a normal one; ${duration(most.more)} of that is ${nameOfPart(most.part)}.`;
}
