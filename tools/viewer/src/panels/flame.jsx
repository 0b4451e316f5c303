/* flame.jsx: where threads waited (off-CPU) or ran (on-CPU), by stack. */
import { useMemo, useState } from 'preact/hooks';

import { Flame } from '../charts/flame.jsx';
import { keyOfLeaf } from '../charts/flame-layout.js';
import { count, duration, percent, time } from '../format.js';
import { store } from '../state.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';
import { setChosen, useChosen } from './chosen.js';
import { Choice, Faint, Unknown } from './pieces.jsx';

const WAITS = ['lock', 'cond', 'net', 'poll', 'disk', 'sleep', 'memory', 'join', 'other'];

function Bar({ flame, rows, search, onSearch, times }) {
    const set = patch => setChosen({ flame: { ...flame, ...patch } });
    const scope = where => set(where === 'all' ? { t0: null, t1: null } : store.get().view);
    return (
        <div class="limits">
            <Choice label="What" of={[['off', 'waiting'], ['on', 'on CPU']]} is={flame.kind}
                onChoose={kind => set(kind === 'on' ? { kind, wait: null } : { kind })} />
            <Choice label="When" of={[['all', 'all the time'], ['view', 'what is in view']]} is={flame.t0 === null ? 'all' : 'view'}
                onChoose={scope} />
            {flame.t0 !== null && <span class="faint num">{time(flame.t0, times, 1)} to {time(flame.t1, times, 1)}</span>}
            <label>thread <select value={flame.row === null ? '' : flame.row}
                onChange={event => set({ row: event.currentTarget.value === '' ? null : Number(event.currentTarget.value) })}>
                <option value="">all</option>
                {rows.map(row => <option key={row.id} value={row.id}>{row.name} {row.tid}</option>)}
            </select></label>
            {flame.kind === 'off' && <label>waits <select value={flame.wait || ''}
                onChange={event => set({ wait: event.currentTarget.value || null })}>
                <option value="">all but idle</option>
                {WAITS.map(kind => <option key={kind} value={kind}>{kind}</option>)}
            </select></label>}
            <label class="find">find <input type="search" value={search} placeholder="function"
                onInput={event => onSearch(event.currentTarget.value)} /></label>
        </div>
    );
}

/* Functions are in no state's colour; what they waited for is, and all that ran. */
const keyOfRun = () => 'running';

export function FlamePanel() {
    const flame = useChosen(state => state.flame);
    const rowList = useStore(state => state.rowList);
    const dark = useStore(state => state.theme);
    const times = useTimes();
    const rows = useMemo(() => rowList.filter(row => row.kind === 'thread'), [rowList]);
    const [search, setSearch] = useState('');
    const [found, setFound] = useState(0);
    const round = t => (t === null ? null : Math.max(0, Math.round(t)));
    const { data, error, loading } = useAnswer('/api/flame',
        { kind: flame.kind, t0: round(flame.t0), t1: round(flame.t1), row: flame.row, wait: flame.wait });
    const root = data && data.root;
    const what = flame.kind === 'off' ? 'waits' : 'samples';
    return (
        <div class={loading ? 'panel loading' : 'panel'}>
            <Bar flame={flame} rows={rows} search={search} onSearch={setSearch} times={times} />
            {error && <Unknown error={error} />}
            {root && root.ns > 0 && <>
                <Faint>{flame.kind === 'off' ? 'Waiting' : 'On a CPU, by samples'}: {duration(root.ns)} of all threads
                    {root.count ? `, ${count(root.count)} ${what}` : ''}
                    {data.thinned_ns > 0 && `, ${duration(data.thinned_ns)} of it in stacks too small to be shown`}
                    {search.trim() && <strong> · {search.trim()}: {duration(found)}, {percent(found / root.ns)}</strong>}</Faint>
                <Flame root={root} search={search} what={what} keyOf={flame.kind === 'on' ? keyOfRun : keyOfLeaf} dark={dark} onFound={setFound} />
            </>}
            {root && !(root.ns > 0) && <Faint>{flame.kind === 'off' ? 'Nobody waited then with a stack taken.'
                : 'No CPU sample fell into it: either nothing ran for long, or samples were not recorded.'}</Faint>}
        </div>
    );
}
