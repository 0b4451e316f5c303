/* loops.jsx: event loops: how long requests lay before they were read, which callbacks took long, when one was held. */
import { Frames } from '../details/frames.jsx';
import { count, duration } from '../format.js';
import { actions } from '../state.js';
import { rowOfName } from './see.js';
import { Table } from './table.jsx';
import { Caption, Faint, Go } from './pieces.jsx';

const figure = (id, name) => ({ id, name, num: true, value: one => one[id] || 0, show: one => (one[id] > 0 ? duration(one[id]) : <span class="faint">–</span>) });

const ThreadName = ({ name }) => {
    const row = rowOfName(name);
    return row ? <Go to={() => actions.revealRow(row.id)}>{name}</Go> : <>{name}</>;
};

const LOOPS = [
    { id: 'thread', name: 'loop', value: one => one.thread, show: one => <ThreadName name={one.thread} /> },
    { id: 'requests', name: 'requests read', num: true, value: one => one.requests, show: one => count(one.requests) },
    figure('delay_p50_ns', 'delay p50'), figure('delay_p99_ns', 'p99'), figure('delay_max_ns', 'max'), figure('delay_total_ns', 'together'),
];

const CALLBACKS = [
    { id: 'callback', name: 'callback', value: one => one.callback, show: one => <span class="mono">{one.callback}</span> },
    { id: 'times', name: 'times', num: true, value: one => one.times, show: one => count(one.times) },
    figure('total_ns', 'together'), figure('p99_ns', 'p99'), figure('max_ns', 'max'), figure('lay_ready_max_ns', 'lay ready at most'),
    { id: 'timers', name: 'timers', num: true, value: one => one.timers || 0, show: one => (one.timers ? count(one.timers) : <span class="faint">–</span>) },
    figure('late_p99_ns', 'late p99'), figure('late_max_ns', 'late max'),
];

function Stall({ stall }) {
    return (
        <li class="card">
            <p><strong>{duration(stall.held_ns)}</strong> held when it was seen, {stall.thread}
                {stall.callback && <> in <span class="mono">{stall.callback}</span></>}: it {stall.it}
                <span class="faint"> · {(stall.at || '').replace(/^.*T|Z$/g, '')}</span></p>
            <Frames stack={stall.stack} of="Where it was" />
        </li>
    );
}

/** @param {{report: object}} props */
export function LoopsPanel({ report }) {
    const { loops, callbacks, loop_stalls: stalls, loop_stalls_seen: seen } = report;
    return (
        <div class="panel">
            <Caption more="from the arrival of a request's bytes to their read">Loop delay</Caption>
            {loops.length ? <Table caption="Event loops" columns={LOOPS} rows={loops} by="delay_total_ns" keyOf={one => one.thread} />
                : <Faint>No request lay before it was read for long, or none was found on a socket.</Faint>}
            <Caption more="that took 20 us or began 1 ms late">Callbacks</Caption>
            {callbacks.length ? <Table caption="Callbacks" columns={CALLBACKS} rows={callbacks} by="total_ns" keyOf={(one, i) => one.callback + i} />
                : <Faint>The program names none (libevent's are named by stallmark/libevent.h).</Faint>}
            <Caption more={<>{count(seen)} seen</>}>Held while it lasted</Caption>
            {stalls.length ? <ol class="stalls">{stalls.map((stall, i) => <Stall key={i} stall={stall} />)}</ol>
                : <Faint>Nobody saw a loop held.</Faint>}
        </div>
    );
}
