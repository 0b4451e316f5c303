/* request.jsx: why a request took so long. */
import { cssOf } from '../colours.js';
import { count, duration, time } from '../format.js';
import { goToThread, sinceFirst, threadRow } from '../panels/see.js';
import { actions } from '../state.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';
import { Chain } from './chain.jsx';
import { keyOfPart, nameOfPart, sentenceOf, shadeOfPart } from './parts.js';
import { RequestParts } from './request-parts.jsx';
import { Busy, Caption, Faint, Go, Unknown } from '../panels/pieces.jsx';

/* Its time in order: each stretch in its colour. A click goes there. */
function InOrder({ request, info }) {
    const whole = request.duration_ns || 1;
    const go = step => {
        const at = sinceFirst((step.from_ns + step.to_ns) / 2, info);
        const row = step.thread && threadRow({ tid: step.thread.tid, pid: request.pid }, at);
        if (row)
            goToThread(row.id, at);
    };
    const place = event => {
        const bounds = event.currentTarget.getBoundingClientRect();
        const at = request.from_ns + (event.clientX - bounds.left) / bounds.width * whole;
        const step = request.steps.find(one => at >= one.from_ns && at < one.to_ns);
        if (step)
            go(step);
    };
    const longest = [...request.steps].sort((a, b) => (b.to_ns - b.from_ns) - (a.to_ns - a.from_ns)).slice(0, 5);
    return (
        <section aria-label="In order">
            <Caption>In order</Caption>
            <svg class="in-order" width="100%" height="18" onClick={place} role="img" aria-label={`${count(request.steps.length)} stretches; the longest are listed below`}>
                {request.steps.map((step, i) => {
                    const part = request.parts[step.part] || step;
                    return <rect key={i} x={`${(step.from_ns - request.from_ns) / whole * 100}%`} y="0" height="18"
                        width={`${Math.max((step.to_ns - step.from_ns) / whole * 100, 0.15)}%`}
                        fill={shadeOfPart(part) || cssOf(keyOfPart(part))}>
                        <title>{`${nameOfPart(part)}, ${duration(step.to_ns - step.from_ns)}${step.thread ? `, ${step.thread.name}` : ''}`}</title>
                    </rect>;
                })}
            </svg>
            <ol class="longest">
                {longest.map((step, i) => {
                    const part = request.parts[step.part] || step;
                    return <li key={i}>
                        <span class="num">{duration(step.to_ns - step.from_ns)}</span>{' '}
                        <Go to={() => go(step)}>{nameOfPart(part)}</Go>
                        <span class="faint"> from +{duration(step.from_ns - request.from_ns)}{step.thread && `, ${step.thread.name}`}</span>
                    </li>;
                })}
            </ol>
            {request.steps_cut && <Faint>Only its first 4,096 stretches are shown.</Faint>}
        </section>
    );
}

function rankText(answer) {
    const { rank, of_route: of, median_ns: median } = answer;
    if (!of)
        return '';
    return `${rank ? `number ${count(rank)} of ${count(of)} by time` : `of ${count(of)}`}; half of them took up to ${duration(median)}`;
}

function Functions({ request }) {
    if (!request.functions || !request.functions.length)
        return null;
    return (
        <section><Caption>On the CPU, {count(request.samples)} samples</Caption>
            <ul class="plain-list">{request.functions.map((one, i) => <li key={i}><span class="mono">{one.function || one.name}</span>{' '}
                <span class="faint">{count(one.samples || one.count)}</span></li>)}</ul>
        </section>
    );
}

/** @param {{process: number, id: number}} props */
export function RequestDetails({ process, id }) {
    const { data: answer, error, loading } = useAnswer('/api/request', { process, id });
    const times = useTimes();
    const info = useStore(state => state.info);
    const pinned = useStore(state => state.requests.some(one => one.process === process && one.id === id));
    if (error)
        return <Unknown error={error} />;
    if (!answer)
        return <Busy />;
    const { request } = answer;
    const from = sinceFirst(request.from_ns, info), to = sinceFirst(request.to_ns, info);
    return (
        <article class={loading ? 'details loading' : 'details'}>
            <p class="caption">Request · {request.id}</p>
            <h2 class="headline plain">{duration(request.duration_ns)} {request.route || 'without a route'}</h2>
            <p class="when">{time(from, times, 1)}{request.status > 0 && <> · status {request.status}</>}
                {request.running && ' · still running when the record ended'}{request.begin_unseen && ' · its begin was not seen'}</p>
            <p class="sentence">{sentenceOf(answer)}</p>
            <Faint>{rankText(answer)}{answer.cpu_estimated && '; running and ready are estimates: there are no switch records'}</Faint>
            <RequestParts answer={answer} />
            <Chain answer={answer} />
            {request.steps && request.steps.length > 1 && <InOrder request={request} info={info} />}
            <Functions request={request} />
            <Faint>Served by {(request.served_by || []).map(one => `${one.thread.name} ${duration(one.ns)}`).join(', ') || 'unknown threads'}.</Faint>
            <nav class="turn" aria-label="This request">
                <button onClick={() => actions.zoomTo(from, to)}>zoom</button>
                <button aria-pressed={pinned} onClick={() => (pinned ? actions.unpinRequest(process, id) : actions.pinRequest(process, id))}>
                    {pinned ? 'take its row away' : 'show it as a row'}</button>
                <button onClick={() => actions.setCursor((from + to) / 2)}>everybody</button>
            </nav>
        </article>
    );
}
