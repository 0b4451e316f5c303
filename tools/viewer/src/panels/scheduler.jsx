/* scheduler.jsx: how long threads were ready without a CPU. */
import { binsOf } from '../charts/bins.js';
import { Histogram } from '../charts/histogram.jsx';
import { cssOf } from '../colours.js';
import { count, duration, time } from '../format.js';
import { rowById } from '../rows.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';
import { goToThread } from './see.js';
import { Caption, Faint, Figures, Go, Unknown } from './pieces.jsx';

function Worst({ worst, times }) {
    const name = row => (rowById(row) || { name: `row ${row}` }).name;
    return (
        <ol class="worst">
            {worst.map((one, i) => (
                <li key={i}>
                    <span class="num"><strong>{duration(one.ns)}</strong></span>{' '}
                    <Go to={() => goToThread(one.row, one.from + one.ns / 2)}>{name(one.row)}</Go>{' '}
                    <span class="faint num">{time(one.from, times, 1)}</span>
                </li>
            ))}
        </ol>
    );
}

/** @param {{report: object}} props */
export function SchedulerPanel({ report }) {
    const times = useTimes();
    useStore(state => state.rowList);
    const { data, error } = useAnswer('/api/scheduler');
    const { cpu, capture } = report;
    const ready = cpu.runnable_ns, ran = cpu.on_cpu_ns;
    return (
        <div class="panel two">
            <div>
                <Caption more="each time that a thread had to wait for one">Ready without a CPU</Caption>
                {error && <Unknown error={error} />}
                {data && <Histogram bins={binsOf(data.edges_ns, data.counts)} what="Ready without a CPU" height={120} colour={cssOf('ready')}
                    marks={data.count ? [{ name: 'p50', ns: data.p50_ns }, { name: 'p99', ns: data.p99_ns }] : []} />}
                <Figures of={[
                    ['on a CPU', duration(ran)], ['ready without one', duration(ready)],
                    ['of that, its CPU was taken away', cpu.preempted_ns ? duration(cpu.preempted_ns) : 'unknown'],
                    ['ready for each second on a CPU', ran > 0 ? duration(ready / ran * 1e9) : '–'],
                    ['CPUs allowed', capture.cpus_allowed || 'unknown'],
                    ['throttled by the control group', cpu.throttled_periods
                        ? `${count(cpu.throttled_periods)} periods, ${duration(cpu.throttled_ns)}` : 'not seen'],
                ]} />
                <Faint>Source: {capture.scheduler || 'none: running and ready are not told apart'}.</Faint>
            </div>
            <div>
                <Caption>The longest</Caption>
                {data && data.worst && data.worst.length ? <Worst worst={data.worst} times={times} /> : data && <Faint>none was seen</Faint>}
            </div>
        </div>
    );
}
