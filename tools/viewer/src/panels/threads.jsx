/* threads.jsx: every thread's time by state, as a bar and in figures. */
import { useMemo, useState } from 'preact/hooks';

import { StackBar } from '../charts/stack-bar.jsx';
import { figuresOf, partsOfSums } from '../details/sums.js';
import { duration, percent } from '../format.js';
import { actions } from '../state.js';
import { useAnswer, useStore } from '../use-store.js';
import { Table } from './table.jsx';
import { Choice, Faint, Go, Unknown } from './pieces.jsx';

const ROWS = 256;

function columnsOf(length) {
    const figure = (id, name) => ({
        id, name, num: true, value: row => row.figures[id],
        show: row => (row.figures[id] > 0 ? <>{duration(row.figures[id])} <span class="faint share">{percent(row.figures[id] / length)}</span></>
            : <span class="faint">–</span>),
    });
    return [
        { id: 'name', name: 'thread', value: row => row.name, show: row => <Go to={() => actions.revealRow(row.id)}>{row.name}</Go> },
        { id: 'tid', name: 'tid', num: true, value: row => row.tid || 0 },
        { id: 'bar', name: 'its time', fixed: true, value: () => 0, show: row =>
            <div class="thread-bar"><StackBar parts={partsOfSums(row.sums)} scale={length} what={row.name} slim /></div> },
        figure('running', 'running'), figure('ready', 'ready, no CPU'), figure('waiting', 'waiting'), figure('idle', 'idle'),
    ];
}

export function ThreadsPanel() {
    const rowList = useStore(state => state.rowList);
    const view = useStore(state => state.view);
    const length = useStore(state => (state.info ? state.info.duration_ns : 1));
    const [scope, setScope] = useState('all');
    const threads = useMemo(() => rowList.filter(row => row.kind === 'thread'), [rowList]);
    const t0 = scope === 'all' ? 0 : Math.round(view.t0), t1 = scope === 'all' ? length : Math.round(view.t1);
    const ids = threads.slice(0, ROWS).map(row => row.id).join(',');
    const { data, error, loading } = useAnswer(ids ? '/api/sums' : null, { t0, t1, rows: ids });
    const rows = useMemo(() => (data ? data.rows.map(one => {
        const row = threads.find(thread => thread.id === one.row) || { id: one.row, name: String(one.row), tid: 0 };
        return { ...row, sums: one.sums, figures: figuresOf(one.sums) };
    }) : []), [data, threads]);
    return (
        <div class={loading ? 'panel loading' : 'panel'}>
            <div class="limits">
                <Choice label="When" of={[['all', 'all the time'], ['view', 'what is in view']]} is={scope} onChoose={setScope} />
                <span class="faint num">{duration(t1 - t0)}</span>
            </div>
            {error && <Unknown error={error} />}
            {data && <Table caption="Threads" columns={columnsOf(Math.max(t1 - t0, 1))} rows={rows} by="waiting" keyOf={row => row.id} />}
            {threads.length > ROWS && <Faint>the first {ROWS} of {threads.length} threads</Faint>}
        </div>
    );
}
