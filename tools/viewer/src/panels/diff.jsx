/* diff.jsx: two traces of one program: what changed, and what cannot be told (docs/diff.md). */
import { count, duration, percent } from '../format.js';
import { useAnswer, useStore } from '../use-store.js';
import { many } from './file-words.js';
import { barsOf, chanceText, fromTo, senseOf, verdictText } from './diff-words.js';
import { Caption, Faint, Unknown } from './pieces.jsx';

const MARK = { 1: '▼', '-1': '▲', 0: '' };

function Figure({ name, figure }) {
    const bars = barsOf(figure), sense = senseOf(figure);
    return (
        <tr class={sense ? 'changed' : ''}>
            <th scope="row">{name}</th>
            <td class="num">{duration(figure.before_ns)}</td><td class="num">{duration(figure.after_ns)}</td>
            <td class="pair" aria-hidden="true"><span style={{ width: `${bars.before * 100}%` }} /><span style={{ width: `${bars.after * 100}%` }} /></td>
            <td>{sense ? <strong>{MARK[sense]} {verdictText(figure)}</strong> : <span class="faint">{verdictText(figure)}</span>}</td>
            <td class="num faint">{sense ? chanceText(figure.p_ppb) : ''}</td>
        </tr>
    );
}

function Figures({ caption, rows }) {
    return (
        <table class="figures-table">
            <caption class="sr-only">{caption}</caption>
            <thead><tr><th scope="col">{caption}</th><th scope="col" class="num">before</th><th scope="col" class="num">after</th>
                <th scope="col"><span class="sr-only">bars</span></th><th scope="col">what is said</th><th scope="col" class="num">chance</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    );
}

const Side = ({ name, side }) => (
    <div class="card"><p class="caption">{name}</p>
        <p><strong>{side.program}</strong> <span class="faint">{(side.from || '').replace('T', ' ')}, {duration(side.length_ns)}</span></p>
        <p>{many(side.requests, 'request')} · {many(side.findings, 'finding')}{side.events_lost ? ` · ${many(side.events_lost, 'event')} lost` : ''}
            {!side.complete && ' · not whole'}</p>
    </div>
);

const FATES = { gone: 'gone', new: 'new', both: 'in both', before: 'in BEFORE alone', after: 'in AFTER alone' };

function Findings({ findings }) {
    if (!findings.length)
        return <Faint>Neither has a finding.</Faint>;
    return (
        <ul class="fates">{findings.map((one, i) => (
            <li key={i} class={`fate ${one.fate}`}>
                <strong>{FATES[one.fate] || one.fate}</strong> <span>{one.name.startsWith(one.kind) ? one.name : `${one.kind} ${one.name}`}</span>{' '}
                <span class="faint num">{duration(one.before_cost_ns_per_s || 0)} → {duration(one.after_cost_ns_per_s || 0)} a second</span>
                {(one.fate === 'before' || one.fate === 'after') && <span class="faint">; nothing says that this is not by chance</span>}
                {one.figure && <div class="faint">{one.figure_of}: {fromTo(one.figure)}, {verdictText(one.figure)}{one.figure.p_ppb !== undefined && `, ${chanceText(one.figure.p_ppb)}`}</div>}
            </li>
        ))}</ul>
    );
}

const mostly = side => (side && side.mostly ? `${side.mostly} ${side.mostly_name || ''} ${percent(side.mostly_share || 0)}` : 'unexplained');

function Routes({ routes }) {
    return routes.map(one => (
        <section key={one.route}>
            <h4>{one.route} <span class="faint">{count(one.before.count)} → {count(one.after.count)} requests · max {duration(one.before.max_ns)} → {duration(one.after.max_ns)}</span></h4>
            <Figures caption="latency" rows={[<Figure key="p50" name="p50" figure={one.p50} />, <Figure key="p99" name="p99" figure={one.p99} />]} />
            <Faint>mostly {mostly(one.before)} → {mostly(one.after)}</Faint>
        </section>
    ));
}

export function DiffPanel() {
    const before = useStore(state => state.info && state.info.before);
    const { data, error } = useAnswer(before ? '/api/diff' : null);
    if (!before)
        return (
            <div class="panel nothing"><p>There is nothing to compare it with.</p>
                <Faint>Open it together with an earlier one:</Faint><p><code>stallmark view --before EARLIER.stall THIS.stall</code></p></div>
        );
    if (error)
        return <Unknown error={error} />;
    if (!data)
        return <p class="faint" role="status">comparing …</p>;
    const things = (list, name) => list.length > 0 && (
        <section><Caption more="waiting of all threads together, a second">{name}</Caption>
            <Figures caption={name} rows={list.map((one, i) => <Figure key={i} name={`${one.kind && one.kind !== 'lock' ? `${one.kind} ` : ''}${one.name}`} figure={one.waiting_per_s || one} />)} />
        </section>
    );
    return (
        <div class="panel diff">
            <div class="sides"><Side name="Before" side={data.before} /><Side name="After" side={data.after} /></div>
            <p>{data.changed} of {data.compared} figures compared changed. <span class="faint">Said of a figure only if it changed by {data.least_percent} % at least, and chance does so with p &lt; {data.p_ppb_all / 1e9} for all together. {data.crowded && 'CPUs were short: from twice on. '}Why it changed this does not say.</span></p>
            <Caption>Findings</Caption>
            <Findings findings={data.findings} />
            <Caption>Requests</Caption>
            <Routes routes={data.routes} />
            {things(data.locks, 'Locks')}
            {things(data.waits, 'Waits')}
        </div>
    );
}
