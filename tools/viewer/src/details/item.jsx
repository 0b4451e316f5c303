/* item.jsx: one item of the timeline: one sentence, then the proof. */
import { cssOf, keyOfNames, nameOf } from '../colours.js';
import { duration, groupsFor, time } from '../format.js';
import { goToItem, goToThread } from '../panels/see.js';
import { rowById } from '../rows.js';
import { actions } from '../state.js';
import { useAnswer, useStore, useTimes } from '../use-store.js';
import { Everybody } from './everybody.jsx';
import { Frames } from './frames.jsx';
import { RequestParts } from './request-parts.jsx';
import { Busy, Caption, Faint, Go, Unknown } from '../panels/pieces.jsx';
import { headline, placeText, whyNoStack } from './item-words.js';

const there = value => value !== null && value !== undefined;

/** What is at a place, for a name in an answer that is a text or an object. */
const textOf = one => (typeof one === 'string' ? one : one ? one.name || one.text || one.region || '' : '');

function Steps({ item }) {
    const steps = item.chain || [];
    if (!steps.length)
        return null;
    return (
        <section aria-label="Who waited for whom">
            <Caption>Who waited for whom</Caption>
            <ol class="steps">
                {steps.map((step, i) => (
                    <li key={i} style={{ borderLeftColor: cssOf(keyOfNames(step.state || item.state, step.kind || (i === 0 ? item.kind : null))) }}>
                        <button class="quiet who" disabled={!there(step.item)}
                            onClick={() => goToItem(step.row, step.item, step.from, step.to)}>{step.name}</button>{' '}
                        <strong>{step.says}</strong>
                        {step.function && <div class="mono faint">{placeText(step)}</div>}
                    </li>
                ))}
            </ol>
            {item.circle && <Faint>The last one waits for one before it: a circle.</Faint>}
        </section>
    );
}

/* The holder where no chain says it already, the releaser and the waker. */
function Others({ item }) {
    const { holder, releaser, waker } = item;
    const lines = [];
    const did = holder && holder.did;
    if (holder && !(item.chain || []).length)
        lines.push(['held by', holder, did ? `${did.says || nameOf(keyOfNames(did.state, did.kind))} ${placeText(did)}` : '', holder.certainty]);
    if (releaser)
        lines.push(['released by', releaser, there(releaser.at) ? null : '', '']);
    if (waker)
        lines.push(['woken by', waker, null, '']);
    if (!lines.length && item.kind !== 'lock')
        return null;
    return (
        <ul class="others">
            {lines.map(([label, who, did2, sure]) => (
                <li key={label}>{label}{' '}
                    {there(who.row) ? <button class="quiet who"
                        onClick={() => goToThread(who.row, there(who.at) ? who.at : item.from + item.ns / 2)}>{who.name}</button> : who.name}
                    {sure && <span class="faint"> ({sure})</span>}
                    {did2 && <span> · {did2}</span>}
                    {who.stack && who.stack.length > 0 && <div class="mono faint">{who.stack.slice(0, 2).map(placeText).join(' ← ')}</div>}
                </li>
            ))}
            {item.kind === 'lock' && !lines.length && !(item.chain || []).length &&
                <li class="faint">who held it is unknown: no unlock of it was seen</li>}
        </ul>
    );
}

/* What the call was, in the words of the program. */
function Facts({ item }) {
    const { wait } = item;
    const facts = [];
    if (wait) {
        facts.push(['call', wait.call]);
        facts.push(['for', wait.name || wait.what]);
        facts.push(['object', wait.object]);
        facts.push(['result', wait.timed_out ? 'timed out' : wait.result || null]);
        if (wait.to - wait.from > item.ns)
            facts.push(['in all', duration(wait.to - wait.from)]);
        if (wait.idle)
            facts.push(['idle', 'it waited for work']);
    }
    const regions = (item.regions || []).map(textOf).filter(Boolean);
    if (regions.length)
        facts.push(['in', regions.join(' › ')]);
    if (there(item.value))
        facts.push(['value', String(item.value)]);
    const shown = facts.filter(([, value]) => there(value) && value !== '');
    return shown.length > 0 && (
        <dl class="facts">{shown.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{String(value)}</dd></div>)}</dl>
    );
}

function OfRequest({ request }) {
    const { data } = useAnswer('/api/request', { process: request.process, id: request.id });
    return (
        <section aria-label="Its request">
            <Caption>Request <Go to={() => actions.selectRequest(request.process, request.id)}>
                {request.id}</Go> {request.route}{data && ` · ${duration(data.request.duration_ns)}`}</Caption>
            {data && <RequestParts answer={data} brief />}
            {data && <Go to={() => actions.selectRequest(request.process, request.id)}>why it took so long</Go>}
        </section>
    );
}

function Turn({ item }) {
    const go = other => goToItem(item.row, other);
    return (
        <nav class="turn" aria-label="Items of this row">
            <button disabled={!there(item.previous)} onClick={() => go(item.previous)}>‹ previous</button>
            <button onClick={() => actions.zoomTo(item.from, item.to)}>zoom</button>
            <button disabled={!there(item.next)} onClick={() => go(item.next)}>next ›</button>
        </nav>
    );
}

const WHAT = { state: 'State', wait: 'Wait', region: 'Region', request: 'Request', sample: 'Sample', counter: 'Counter', gap: 'Gap', stall: 'The loop was held', log: 'Log' };

/** @param {{row: number, item: number}} props */
export function ItemDetails({ row, item: number }) {
    const { data: item, error, loading } = useAnswer('/api/item', { row, item: number });
    const times = useTimes();
    const cursor = useStore(state => state.cursor);
    if (error)
        return <Unknown error={error} />;
    if (!item)
        return <Busy />;
    const key = keyOfNames(item.state, item.kind);
    const ns = there(item.ns) ? item.ns : item.to - item.from;
    const at = cursor !== null && cursor >= item.from && cursor <= item.to ? cursor : item.from + ns / 2;
    const ofRow = rowById(item.row);
    const named = ofRow && ofRow.thread !== null && ofRow.kind !== 'thread' && rowById(ofRow.thread) || ofRow;
    return (
        <article class={loading ? 'details loading' : 'details'}>
            <p class="caption">{WHAT[item.what] || item.what} · {named ? named.name : item.row}</p>
            <h2 class="headline" style={{ borderLeftColor: cssOf(key) }}>{headline(item)}</h2>
            <p class="when">{time(item.wait ? item.wait.from : item.from, times, Math.max(groupsFor(ns), 1))}
                {item.in_request && <> · in request <Go to={() => actions.selectRequest(item.in_request.process, item.in_request.id)}>
                    {item.in_request.id} {item.in_request.route}</Go></>}</p>
            <Steps item={item} />
            <Others item={item} />
            <Facts item={item} />
            {['state', 'wait', 'sample', 'stall'].includes(item.what) &&
                <Frames stack={item.stack} of={`Stack${named ? ` of ${named.name}` : ''}`} why={whyNoStack(item)} />}
            {item.in_request && <OfRequest request={item.in_request} />}
            {item.what !== 'counter' && <Everybody at={at} />}
            <Turn item={item} />
        </article>
    );
}

