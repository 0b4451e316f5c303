/* requests.jsx: all requests as a table, limited by route, by how long they took and by when. */
import { useEffect, useMemo, useState } from 'preact/hooks';

import { binsOf } from '../charts/bins.js';
import { Histogram } from '../charts/histogram.jsx';
import { count, duration, time } from '../format.js';
import { rowById } from '../rows.js';
import { store } from '../state.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';
import { NO_LIMITS, setChosen, useChosen } from './chosen.js';
import { goToRequest } from './see.js';
import { Caption, Faint, Figures, Go, Unknown } from './pieces.jsx';
import { queryOf } from './limits.js';

const PAGE = 50;

const limit = patch => setChosen({ limits: { ...NO_LIMITS, ...patch } });

function Chip({ children, onClose }) {
    return <span class="chip">{children}<button aria-label="take this limit away" onClick={onClose}>×</button></span>;
}

function Limits({ limits, routes, times }) {
    return (
        <div class="limits">
            <label>route <select value={limits.route || ''} onChange={event => limit({ ...limits, route: event.currentTarget.value || null })}>
                <option value="">all</option>
                {routes.map(route => <option key={route.route} value={route.route}>{route.route}</option>)}
            </select></label>
            {(limits.min !== null || limits.max !== null) && <Chip onClose={() => limit({ ...limits, min: null, max: null })}>
                took {limits.min !== null ? duration(limits.min) : 'any time'} to {limits.max !== null ? duration(limits.max) : 'any'}</Chip>}
            {limits.t0 !== null && <Chip onClose={() => limit({ ...limits, t0: null, t1: null })}>
                in {time(limits.t0, times, 1)} to {time(limits.t1, times, 1)}</Chip>}
            {limits.t0 === null && <Go to={() => limit({ ...limits, t0: store.get().view.t0, t1: store.get().view.t1 })}>only what is in view</Go>}
            {(limits.route || limits.min !== null || limits.t0 !== null) &&
                <Go to={() => limit({})}>all requests</Go>}
        </div>
    );
}

function Row({ request, chosen, times }) {
    const row = rowById(request.row);
    const go = () => goToRequest(request.process, request.id, request.from, request.to);
    return (
        <tr class={chosen ? 'chosen' : ''}>
            <th scope="row" class="num"><button class="quiet" aria-current={chosen || undefined} onClick={go}>{request.id}</button></th>
            <td>{request.route || <span class="faint">unknown</span>}</td>
            <td class={request.error ? 'num bad' : 'num'}>{request.status || ''}</td>
            <td class="num">{time(request.from, times, 1)}</td>
            <td class="num"><strong>{duration(request.ns)}</strong></td>
            <td class="num">{request.loop_delay_ns > 0 ? duration(request.loop_delay_ns) : <span class="faint">–</span>}</td>
            <td>{row ? row.name : <span class="faint">unknown</span>}</td>
            <td class="faint">{request.whole ? '' : 'not whole'}</td>
        </tr>
    );
}

function List({ list, times, sort, onSort }) {
    const selection = useStore(state => state.selection);
    const isChosen = one => !!selection && selection.type === 'request' && selection.process === one.process && selection.id === one.id;
    const head = (by, name) => (
        <th scope="col" class="num" aria-sort={sort === by ? 'descending' : undefined}>
            <button class="sort" onClick={() => onSort(by)}>{name}{sort === by ? ' ↓' : ''}</button></th>
    );
    return (
        <table class="sorted">
            <caption class="sr-only">Requests</caption>
            <thead><tr><th scope="col" class="num">request</th><th scope="col">route</th><th scope="col" class="num">status</th>
                {head('newest', 'began')}{head('slowest', 'took')}
                <th scope="col" class="num" title="from the arrival of its bytes to their read">loop delay</th>
                <th scope="col">ended by</th><th scope="col"><span class="sr-only">notes</span></th></tr></thead>
            <tbody>{list.map(one => <Row key={`${one.process}.${one.id}`} request={one} chosen={isChosen(one)} times={times} />)}</tbody>
        </table>
    );
}

function Pages({ total, page, onPage }) {
    const last = Math.max(Math.ceil(total / PAGE) - 1, 0);
    return (
        <nav class="pages" aria-label="Pages">
            <button disabled={page === 0} onClick={() => onPage(page - 1)}>‹</button>
            <span class="num">{total ? `${count(page * PAGE + 1)} to ${count(Math.min((page + 1) * PAGE, total))} of ${count(total)}` : 'none'}</span>
            <button disabled={page >= last} onClick={() => onPage(page + 1)}>›</button>
        </nav>
    );
}

/** @param {{report: object}} props */
export function RequestsPanel({ report }) {
    const limits = useChosen(state => state.limits);
    const times = useTimes();
    const [sort, setSort] = useState('slowest');
    const [page, setPage] = useState(0);
    useEffect(() => setPage(0), [limits, sort]);
    const query = useMemo(() => queryOf(limits), [limits]);
    const latency = useAnswer('/api/latency', { route: query.route, t0: query.t0, t1: query.t1 });
    const list = useAnswer('/api/requests', { ...query, sort, offset: page * PAGE, limit: PAGE });
    const { data } = latency;
    return (
        <div class="panel requests">
            <div class="aside">
                <Caption more="drag to choose">How long they took</Caption>
                {data && <Histogram bins={binsOf(data.edges_ns, data.counts)} what="Requests" height={100}
                    marks={[{ name: 'p50', ns: data.p50_ns }, { name: 'p99', ns: data.p99_ns }]}
                    chosen={limits.min === null ? null : { from: limits.min, to: limits.max || Infinity }}
                    onChoose={range => limit({ ...limits, min: range ? range.from : null, max: range ? range.to : null })} />}
                {data && data.count > 0 && <Figures of={['p50', 'p90', 'p99', 'max'].map(name => [name, duration(data[`${name}_ns`])])} />}
                {latency.error && <Unknown error={latency.error} />}
            </div>
            <div class="main">
                <Limits limits={limits} routes={report.routes} times={times} />
                {list.error && <Unknown error={list.error} />}
                {list.data && <Pages total={list.data.total} page={page} onPage={setPage} />}
                {list.data && list.data.requests.length > 0 && <List list={list.data.requests} times={times} sort={sort} onSort={setSort} />}
                {list.data && !list.data.requests.length && <Faint>No request is like that.</Faint>}
            </div>
        </div>
    );
}
