/* locks.jsx: what threads waited for: locks, and other calls. A click shows the longest wait. */
import { ask } from '../data.js';
import { keyOfNames, nameOf } from '../colours.js';
import { count, duration } from '../format.js';
import { actions } from '../state.js';
import { useStore } from '../use-store.js';
import { showEvidence, sinceFirst } from './see.js';
import { Table } from './table.jsx';
import { Caption, Faint, Go, Swatch } from './pieces.jsx';
import { heldIn, waiterAt } from './lock-words.js';


/* Shows the longest wait: the thread of it is whoever was in it. */
async function showLongest(kind, fromNs, ns) {
    const t0 = sinceFirst(fromNs), t1 = t0 + ns;
    const at = await ask('/api/at', { time: Math.round((t0 + t1) / 2) });
    const who = waiterAt(at.threads, kind, t0);
    if (who)
        showEvidence({ selection: { type: 'item', row: who.row, item: who.item }, t0, t1, row: who.row });
    else
        showEvidence({ selection: { type: 'range', t0, t1 }, t0, t1, row: null });
}

const Longest = ({ ns, onClick }) => (ns > 0
    ? <button class="quiet num" onClick={onClick} title="show it">{duration(ns)}</button> : '–');

function lockColumns(findings) {
    return [
        { id: 'lock', name: 'lock', value: one => one.lock, show: one => <>
            <Swatch of={'lock'} /> {one.lock}
            {one.lock_named_by === 'address' && <span class="faint"> (no name)</span>}</> },
        { id: 'total', name: 'waited', num: true, value: one => one.waits.total_ns, show: one => duration(one.waits.total_ns) },
        { id: 'count', name: 'times', num: true, value: one => one.waits.count, show: one => count(one.waits.count) },
        { id: 'mean', name: 'mean', num: true, value: one => one.waits.mean_ns, show: one => duration(one.waits.mean_ns) },
        { id: 'p99', name: 'p99', num: true, value: one => one.waits.p99_ns, show: one => duration(one.waits.p99_ns) },
        { id: 'max', name: 'longest', num: true, value: one => one.waits.max_ns,
            show: one => <Longest ns={one.waits.max_ns} onClick={() => showLongest('lock', one.max_from_ns, one.waits.max_ns)} /> },
        { id: 'threads', name: 'threads', num: true, value: one => one.threads, show: one => count(one.threads) },
        { id: 'open', name: 'still waiting', num: true, value: one => one.still_waiting, show: one => (one.still_waiting ? count(one.still_waiting) : '–') },
        { id: 'held', name: 'held in', fixed: true, value: () => '', show: one => {
            const held = heldIn(one, findings);
            return held ? <span class="mono" title={held.threads.join(', ')}>{held.text}</span>
                : <span class="faint">in the longest wait</span>;
        } },
    ];
}

const WAITS = [
    { id: 'call', name: 'call', value: one => one.call, show: one => <>
        <Swatch of={keyOfNames('waiting', one.kind)} />{' '}
        {nameOf(keyOfNames('waiting', one.kind))} <span class="mono">{one.call}</span>{one.idle && <span class="faint"> idle</span>}</> },
    { id: 'total', name: 'waited', num: true, value: one => one.total_ns, show: one => duration(one.total_ns) },
    { id: 'count', name: 'times', num: true, value: one => one.count, show: one => count(one.count) },
    { id: 'mean', name: 'mean', num: true, value: one => one.mean_ns, show: one => duration(one.mean_ns) },
    { id: 'max', name: 'longest', num: true, value: one => one.max_ns, show: one => {
        const at = one.in.find(place => place.max_ns === one.max_ns);
        return at && at.max_from_ns
            ? <Longest ns={one.max_ns} onClick={() => showLongest(one.idle ? null : one.kind, at.max_from_ns, at.max_ns)} /> : duration(one.max_ns);
    } },
    { id: 'threads', name: 'threads', num: true, value: one => one.threads, show: one => count(one.threads) },
    { id: 'in', name: 'mostly in', fixed: true, value: () => '', show: one => (one.in[0] && one.in[0].function
        ? <span><span class="mono">{one.in[0].function} {one.in[0].file ? `${one.in[0].file}:${one.in[0].line}` : ''}</span>
            {one.in[0].what && <span class="faint"> for {one.in[0].what}</span>}</span>
        : <span class="faint">unknown (no stack was taken)</span>) },
];

/** @param {{report: object}} props */
export function LocksPanel({ report }) {
    useStore(state => state.rowList);
    const locks = report.locks, waits = report.waits;
    const recorded = report.capture.locks_recorded !== false;
    return (
        <div class="panel">
            <Caption more="that somebody had to wait for">Locks</Caption>
            {!recorded && <Faint>Locks were not recorded: nothing is known of them.</Faint>}
            {recorded && !locks.length && <Faint>Nobody waited for a lock.</Faint>}
            {locks.length > 0 && <Table caption="Locks" columns={lockColumns(report.findings)} rows={locks} by="total"
                keyOf={(one, i) => `${one.process}.${one.address}.${i}`} most={100} />}
            <Caption more="idle: waiting for work, in no request">Other waits</Caption>
            {waits.length ? <Table caption="Waits in calls" columns={WAITS} rows={waits} by="total"
                keyOf={(one, i) => `${one.kind}.${one.call}.${i}`} most={100} rowClass={one => (one.idle ? 'idle' : '')} />
                : <Faint>None was recorded.</Faint>}
            <p><Go to={() => actions.openPanel('flame')}>the same by stack: flame graph</Go></p>
        </div>
    );
}
