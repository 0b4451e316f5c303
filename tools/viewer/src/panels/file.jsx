/* file.jsx: what the file is, what it lacks, and what the recording cost: what all other figures stand on. */
import { bytes, count, duration, time } from '../format.js';
import { actions } from '../state.js';
import { useStore, useTimes } from '../use-store.js';
import { isEmbedded } from '../data.js';
import { Caption, Faint, Go } from './pieces.jsx';
import { costText, many } from './file-words.js';

const day = iso => (iso || '').replace('T', ' ').replace('Z', ' UTC');

const Fact = ({ name, children }) => <div><dt>{name}</dt><dd>{children}</dd></div>;

const Sentences = ({ title, of, none }) => (
    <section>
        <Caption>{title}</Caption>
        {of.length ? <ul class="sentences">{of.map((text, i) => <li key={i}>{text}</li>)}</ul> : <Faint>{none}</Faint>}
    </section>
);

function Facts({ capture, info }) {
    const notKept = useStore(state => state.progress && state.progress.not_kept);
    return (
        <dl class="facts wide">
            <Fact name="program">{capture.process} <span class="faint mono">{capture.exe}</span>, pid {capture.pid}</Fact>
            <Fact name="capture">{capture.name || capture.id} <span class="faint">{capture.kind}, ended: {capture.reason}</span></Fact>
            {capture.rule && <Fact name="rule">{capture.rule}{capture.cause && <span class="faint"> · {capture.cause}</span>}</Fact>}
            <Fact name="time">{day(capture.first)} to {day(capture.last)} <span class="faint">{duration(info ? info.duration_ns : capture.window_ns)}</span></Fact>
            <Fact name="complete">{capture.complete ? `yes, from ${day(capture.complete_from)}` : 'no: its beginning or its end is missing'}</Fact>
            <Fact name="events">{count(capture.events)}{info && info.bytes ? <span class="faint"> in {bytes(info.bytes)}</span> : ''}</Fact>
            <Fact name="events lost">{capture.events_lost ? <strong class="bad">{count(capture.events_lost)}: counts and times are at least so much</strong> : 'none'}</Fact>
            {notKept && <Fact name="kept">no: {notKept}. The next time is as long</Fact>}
            <Fact name="own cost">{costText(capture)}</Fact>
            <Fact name="scheduler">{capture.scheduler || 'not recorded: running and ready are not told apart'}</Fact>
            <Fact name="locks">{capture.locks_recorded === false ? 'not recorded' : 'recorded'}</Fact>
            <Fact name="threads">{count(capture.threads)}, {capture.cpus_allowed ? `${count(capture.cpus_allowed)} CPUs allowed` : 'CPUs allowed: unknown'}</Fact>
        </dl>
    );
}

function Processes({ capture }) {
    return (
        <table class="sorted">
            <caption class="sr-only">Processes</caption>
            <thead><tr><th scope="col">process</th><th scope="col" class="num">pid</th><th scope="col" class="num">threads</th>
                <th scope="col" class="num">events</th><th scope="col" class="num">lost</th><th scope="col">complete</th></tr></thead>
            <tbody>{capture.processes.map(one => (
                <tr key={one.process}><th scope="row">{one.name}{one.by_realtime && <span class="faint"> of {one.host}: set beside by the time of day</span>}</th>
                    <td class="num">{one.pid}</td><td class="num">{count(one.threads)}</td><td class="num">{count(one.events)}</td>
                    <td class={one.events_lost ? 'num bad' : 'num'}>{count(one.events_lost)}</td><td>{one.complete ? 'yes' : 'no'}</td></tr>
            ))}</tbody>
        </table>
    );
}

function Gaps({ info, capture }) {
    const times = useTimes();
    const gaps = info && info.gaps ? info.gaps : [];
    if (!gaps.length)
        return <Sentences title="Not recorded for a while" of={(capture.gaps || []).map(gap => `${gap.category}, ${day(gap.from)} to ${day(gap.to)}: ${gap.reason}`)}
            none="Nothing: what was armed was recorded all the time." />;
    return (
        <section><Caption>Not recorded for a while</Caption>
            <ul class="sentences">{gaps.slice(0, 50).map((gap, i) => <li key={i}>
                <Go to={() => actions.zoomTo(gap.from, gap.to)}>{time(gap.from, times, 1)}, {duration(gap.to - gap.from)}</Go>{' '}
                {gap.category}: {gap.reason}</li>)}</ul>
        </section>
    );
}

/** @param {{report: object}} props */
export function FilePanel({ report }) {
    const info = useStore(state => state.info);
    const { capture, nameless = [] } = report;
    const missing = [...(capture.sources_missing || []), ...(capture.family_missing || [])];
    if (info && info.refused)
        missing.push(`${count(info.refused)} rows, names or items had no room in the picture. Findings have them.`);
    return (
        <div class="panel two">
            <div>
                <Caption>This file</Caption>
                <Facts capture={capture} info={info} />
                {capture.processes && capture.processes.length > 1 && <Processes capture={capture} />}
                {isEmbedded() && <Faint>This page was exported, and asks nobody. Sums of a stretch, and what everybody did, are read off its picture, without
                    holders and functions; it has the slowest requests alone, and stacks of the longest waits.</Faint>}
            </div>
            <div>
                <Sentences title="Damaged" of={capture.problems || []} none="Nothing: every part of it could be read." />
                <Gaps info={info} capture={capture} />
                <Sentences title="Not seen" of={missing} none="All sources that were asked for were there." />
                <Sentences title="Without names" of={nameless.map(one => `${one.module}: ${one.reason} (${many(one.addresses, 'address', 'addresses')})`)}
                    none="Every address has a name." />
            </div>
        </div>
    );
}
