/* pauses.jsx: times in which nothing of the program's own went on: for memory, faults, a held loop, throttling. */
import { useMemo, useState } from 'preact/hooks';

import { binsOfPowers } from '../charts/bins.js';
import { Histogram } from '../charts/histogram.jsx';
import { StackBar } from '../charts/stack-bar.jsx';
import { cssOf, keyOfNames, nameOf } from '../colours.js';
import { placeOf } from '../details/chain-words.js';
import { Frames } from '../details/frames.jsx';
import { byWaiting, partsOfSums } from '../details/sums.js';
import { bytes, count, duration, time } from '../format.js';
import { rowById } from '../rows.js';
import { actions } from '../state.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';
import { showEvidence, goToThread, sinceFirst, threadRow } from './see.js';
import { Busy, Caption, Faint, Go, Swatch, Unknown } from './pieces.jsx';

const BEFORE_NS = 100e6;
const COLOURS = { memory: 'memory', fault: 'memory', loop: 'running', throttled: 'ready' };
const WORDS = {
    memory: 'getting and giving back memory', fault: 'page faults from disk', loop: 'event loops that were held',
    throttled: 'throttled by the control group',
};

const stackOf = pause => (pause.wait && pause.wait.stack) || (pause.before && pause.before.stack) || pause.stack || null;

function Kind({ kind }) {
    return (
        <div>
            <Caption more={<>{WORDS[kind.kind] || ''}</>}>{kind.kind}</Caption>
            {kind.count > 0 ? <>
                <Histogram bins={binsOfPowers(kind.histogram)} what={`Pauses, ${kind.kind}`} height={70} colour={cssOf(COLOURS[kind.kind] || 'other')}
                    marks={[{ name: 'p99', ns: kind.p99_ns }]} />
                <p>{count(kind.count)} · {duration(kind.total_ns)} together · p50 {duration(kind.p50_ns)} · p99 {duration(kind.p99_ns)} · max {duration(kind.max_ns)}</p>
            </> : <Faint>none was seen</Faint>}
        </div>
    );
}

/* What every thread did in the 100 ms before. */
function Before({ t0, t1 }) {
    const rowList = useStore(state => state.rowList);
    const ids = useMemo(() => rowList.filter(row => row.kind === 'thread').slice(0, 256).map(row => row.id).join(','), [rowList]);
    const { data } = useAnswer(ids ? '/api/sums' : null, { t0: Math.round(t0), t1: Math.round(t1), rows: ids });
    const rows = data ? byWaiting(data.rows).filter(row => row.sums.some(sum => sum.state !== 'idle' && sum.state !== 'unknown')) : [];
    return (
        <section>
            <Caption>Every thread in the {duration(t1 - t0)} before</Caption>
            {data && !rows.length && <Faint>all were idle</Faint>}
            <ul class="thread-bars">{rows.slice(0, 14).map(row => (
                <li key={row.row}>
                    <Go to={() => goToThread(row.row, (t0 + t1) / 2)}>{(rowById(row.row) || { name: row.row }).name}</Go>
                    <StackBar parts={partsOfSums(row.sums)} scale={t1 - t0} what="its time" slim />
                </li>
            ))}</ul>
        </section>
    );
}

function Pause({ pause }) {
    const info = useStore(state => state.info);
    const from = sinceFirst(pause.from_ns, info);
    const stack = stackOf(pause);
    const { before, meanwhile } = pause;
    return (
        <div class="details">
            {pause.kind === 'loop' && meanwhile && <p>Meanwhile the thread: {typeof meanwhile === 'string' ? meanwhile
                : `${nameOf(keyOfNames(meanwhile.state, meanwhile.kind))}${meanwhile.stack ? ` in ${placeOf(meanwhile.stack)}` : ''}`}</p>}
            <Frames stack={stack} of={pause.bytes ? 'Got in' : 'Stack'} />
            {before && <Faint>Before it {nameOf(keyOfNames(before.state, before.kind))} for {duration(before.ns)}{before.route ? `, for ${before.route}` : ''}.</Faint>}
            <Before t0={Math.max(0, from - BEFORE_NS)} t1={Math.max(from, 1)} />
        </div>
    );
}

function Line({ pause, isChosen, onChoose, times, info }) {
    return (
        <li>
            <button class={isChosen ? 'row chosen' : 'row'} aria-pressed={isChosen} onClick={onChoose}>
                <span class="num"><strong>{duration(pause.to_ns - pause.from_ns)}</strong></span>
                <Swatch of={COLOURS[pause.kind] || 'other'} />
                <span>{pause.kind}{pause.wait ? ` ${pause.wait.call || ''}` : ''}{pause.bytes ? ` of ${bytes(pause.bytes)}` : ''}
                    <span class="faint"> {pause.thread ? pause.thread.name : 'all threads'} · {time(sinceFirst(pause.from_ns, info), times, 1)}</span></span>
            </button>
        </li>
    );
}

/* The thread at that moment is selected, and the 100 ms before it are in view. */
async function show(pause, info) {
    const from = sinceFirst(pause.from_ns, info), to = sinceFirst(pause.to_ns, info);
    const row = pause.thread && threadRow(pause.thread, (from + to) / 2);
    const t0 = Math.max(0, from - BEFORE_NS);
    if (row)
        await goToThread(row.id, (from + to) / 2);
    else
        showEvidence({ selection: { type: 'range', t0: from, t1: to }, t0, t1: to, row: null });
    if (row)
        actions.setView(t0 - (to - t0) * 0.05, to + (to - t0) * 0.05);
}

export function PausesPanel() {
    const { data, error } = useAnswer('/api/pauses');
    const times = useTimes();
    const info = useStore(state => state.info);
    const [at, setAt] = useState(0);
    if (error)
        return <Unknown error={error} />;
    if (!data)
        return <Busy />;
    const seen = data.kinds.filter(kind => kind.count > 0), none = data.kinds.filter(kind => !kind.count);
    return (
        <div class="panel three">
            <div>
                {seen.map(kind => <Kind key={kind.kind} kind={kind} />)}
                {none.length > 0 && <Faint>None was seen: {none.map(kind => WORDS[kind.kind] || kind.kind).join('; ')}.</Faint>}
                {data.gaps > 0 && <Faint>In {count(data.gaps)} times pauses were not recorded.</Faint>}
                {data.throttled_periods > 0 && <p>The control group was throttled in {count(data.throttled_periods)} periods, {duration(data.throttled_ns)} together.</p>}
            </div>
            <div>
                <Caption>The longest</Caption>
                <ol class="rows">{data.worst.map((pause, i) => <Line key={i} pause={pause} isChosen={i === at} times={times} info={info}
                    onChoose={() => { setAt(i); show(pause, info); }} />)}</ol>
                {!data.worst.length && <Faint>There is none to show.</Faint>}
            </div>
            <div>{data.worst[at] && <Pause pause={data.worst[at]} />}</div>
        </div>
    );
}
