/* range.jsx: a stretch of time: what all threads' time in it was, and where to look on. */
import { useMemo } from 'preact/hooks';

import { topOf } from '../charts/flame-layout.js';
import { StackBar } from '../charts/stack-bar.jsx';
import { count, duration, time } from '../format.js';
import { limitRequests, openFlame } from '../panels/chosen.js';
import { rowById } from '../rows.js';
import { actions, store } from '../state.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';
import { ofThousand, thousandths } from './parts.js';
import { byWaiting, partsOfSums, together } from './sums.js';
import { Caption, Faint, Go, Swatch, Unknown } from '../panels/pieces.jsx';

const ROWS = 256, SHOWN = 10, WAITS = 8;

function States({ parts }) {
    const mille = thousandths(parts.map(part => part.ns));
    return (
        <table class="parts">
            <thead><tr><th scope="col">all threads</th><th scope="col" class="num">time</th><th scope="col" class="num">share</th>
                <th scope="col" class="num">times</th></tr></thead>
            <tbody>{parts.map((part, i) => (
                <tr key={part.key}><th scope="row"><Swatch of={part.key} /> {part.name}</th>
                    <td class="num">{duration(part.ns)}</td><td class="num faint">{ofThousand(mille[i])}</td>
                    <td class="num faint">{count(part.count)}</td></tr>
            ))}</tbody>
        </table>
    );
}

function Threads({ rows, length }) {
    return (
        <section><Caption>Threads that waited most</Caption>
            <ul class="thread-bars">{byWaiting(rows).slice(0, SHOWN).map(row => (
                <li key={row.row}>
                    <Go to={() => actions.revealRow(row.row)}>{(rowById(row.row) || { name: row.row }).name}</Go>
                    <StackBar parts={partsOfSums(row.sums)} scale={length} what={(rowById(row.row) || { name: '' }).name} slim />
                </li>
            ))}</ul>
        </section>
    );
}

function Waits({ t0, t1 }) {
    const { data, error } = useAnswer('/api/flame', useMemo(() => ({ kind: 'off', t0: Math.round(t0), t1: Math.round(t1) }), [t0, t1]));
    if (error)
        return <Faint>where they waited: unknown ({error})</Faint>;
    const top = data && data.root ? topOf(data.root, WAITS) : [];
    return top.length > 0 && (
        <section><Caption>Where they waited</Caption>
            <ul class="plain-list">{top.map(one => (
                <li key={one.name + one.place}><span class="num">{duration(one.ns)}</span> <Swatch of={one.key || 'unknown'} /> {one.name}{' '}
                    <span class="faint mono">{one.place}</span></li>
            ))}</ul>
        </section>
    );
}

/** @param {{t0: number, t1: number}} props */
export function RangeDetails({ t0, t1 }) {
    const times = useTimes();
    const rowList = useStore(state => state.rowList);
    const ids = useMemo(() => rowList.filter(row => row.kind === 'thread').slice(0, ROWS).map(row => row.id).join(','), [rowList]);
    const { data, error } = useAnswer(ids ? '/api/sums' : null, { t0: Math.round(t0), t1: Math.round(t1), rows: ids });
    const stretch = { t0, t1 };
    return (
        <article class="details">
            <p class="caption">Selection</p>
            <h2 class="headline plain">{duration(t1 - t0)}</h2>
            <p class="when">{time(t0, times, 1)} to {time(t1, times, 1)}</p>
            <nav class="turn" aria-label="This stretch">
                <button onClick={() => actions.zoomTo(t0, t1)}>zoom</button>
                <button onClick={() => openFlame(stretch, actions.openPanel)}>flame graph</button>
                <button onClick={() => limitRequests(stretch, actions.openPanel)}>its requests</button>
            </nav>
            {error && <Unknown error={error} />}
            {data && <>
                <StackBar parts={together(data.rows)} scale={together(data.rows).reduce((all, part) => all + part.ns, 0)} what="All threads" />
                <States parts={together(data.rows)} />
                <Waits t0={t0} t1={t1} />
                <Threads rows={data.rows} length={t1 - t0} />
            </>}
            {store.get().rowList.filter(row => row.kind === 'thread').length > ROWS && <Faint>of the first {ROWS} threads</Faint>}
        </article>
    );
}
