/* findings.jsx: what the report concludes, most costly first. A click jumps to the moment that shows it best. */
import { useEffect, useState } from 'preact/hooks';

import { cssOf, nameOf } from '../colours.js';
import { actions, store } from '../state.js';
import { useStore } from '../use-store.js';
import { chosen, setChosen, useChosen } from './chosen.js';
import { keyOfFinding, shareOfFinding, shownLabels, wordsOf } from './finding-words.js';
import { evidenceOf, sameSelection, showEvidence } from './see.js';
import { Faint, Go } from './pieces.jsx';

/* The address says already what is to be shown: it is not the first finding. */
function addressSaysMore() {
    const { selection, cursor, panel, view, info } = store.get();
    return !!selection || cursor !== null || !!panel || (info && (view.t0 > 0 || view.t1 < info.duration_ns));
}

async function choose(findings, number) {
    const finding = findings[number];
    setChosen({ finding: number, flame: { ...chosen.get().flame, kind: /cpu|memory|loop/.test(finding.kind) ? 'on' : 'off' } });
    const evidence = chosen.get().evidence[number] || await evidenceOf(finding).catch(() => null);
    const all = [...chosen.get().evidence];
    all[number] = evidence;
    setChosen({ evidence: all });
    if (chosen.get().finding !== number)
        return;
    if (evidence)
        showEvidence(evidence);
    else
        actions.say('When it was is not recorded.');
}

/* "Waiting in": who, where, how much; one line each. */
const Labelled = ({ label, lines }) => (
    <div class="said">
        <dt>{label}</dt>
        {lines.map((columns, i) => (
            <dd key={i} class={columns[0].startsWith('←') ? 'callers' : ''}>
                {columns.map((text, column) => <span key={column}>{text} </span>)}
            </dd>
        ))}
    </div>
);

/* Of a chosen one what matters most; the rest at a click. */
const LATER = ['Longest', 'When', 'Slowed'], FIRST = 4;

function Proof({ words, lines }) {
    const [all, setAll] = useState(false);
    const labelled = shownLabels(words);
    const brief = labelled.filter(one => !LATER.includes(one.label)).slice(0, FIRST).map(one => ({ ...one, lines: one.lines.filter(line => !line[0].startsWith('←')).slice(0, lines) }));
    return (
        <>
            <dl>{(all ? labelled : brief).map((one, i) => <Labelled key={i} {...one} />)}</dl>
            {labelled.length > 0 && <p><Go to={() => setAll(!all)} aria-expanded={all}>{all ? 'less' : 'whole report entry'}</Go></p>}
        </>
    );
}

function Card({ finding, number, most, isChosen, onChoose }) {
    const words = wordsOf(finding.text || [finding.kind]);
    const key = keyOfFinding(finding);
    const share = shareOfFinding(finding, most);
    return (
        <li class={isChosen ? 'card finding chosen' : 'card finding'} style={{ borderLeftColor: cssOf(key) }}>
            <button class="whole" aria-pressed={isChosen} onClick={onChoose}>
                <span class="title"><span class="nr">{number + 1}</span> {words.title}</span>
                <span class="figures">
                    <span>{words.figure}</span>
                    <span class="faint">{words.certainty}</span>
                </span>
                <span class="cost" aria-hidden="true">
                    <span style={{ width: `${Math.max(share * 100, 1)}%`, background: cssOf(key) }} />
                </span>
                <span class="sr-only">{nameOf(key)}.</span>
                {words.sentences.slice(0, isChosen ? undefined : 1).map(text =>
                    <span key={text} class="sentence">{text}</span>)}
            </button>
            {isChosen && <Proof words={words} lines={finding.kind === 'sequence' ? 3 : 1} />}
            {isChosen && !finding.see && <Faint>It is in no single moment:{' '}
                <Go to={() => actions.openPanel(finding.kind === 'memory' ? 'pauses' : 'scheduler')}>look at all of it</Go></Faint>}
        </li>
    );
}

/** @param {{report: object}} props the answer of /api/report */
export function Findings({ report }) {
    const findings = report.findings;
    const selection = useStore(state => state.selection);
    const finding = useChosen(state => state.finding);
    const evidence = useChosen(state => state.evidence);
    const hasRows = useStore(state => state.rowList.length > 0);
    const most = Math.max(0, ...findings.map(one => one.cost_ns || 0));
    useEffect(() => {
        if (findings.length && hasRows && chosen.get().finding === null && !addressSaysMore())
            choose(findings, 0);
    }, [findings, hasRows]);
    /* Back and links bring a selection: the card whose evidence that is shows itself chosen. */
    useEffect(() => {
        const found = evidence.findIndex(one => one && sameSelection(one.selection, selection));
        if (found >= 0 && found !== chosen.get().finding)
            setChosen({ finding: found });
    }, [selection, evidence]);
    return (
        <section aria-label="Findings">
            <h2 class="caption">Findings</h2>
            <ol class="findings">
                {findings.map((one, number) => (
                    <Card key={number} finding={one} number={number} most={most} isChosen={number === finding}
                        onChoose={() => choose(findings, number)} />
                ))}
            </ol>
            {report.findings_not_shown > 0 && <Faint>and {report.findings_not_shown} more that cost less</Faint>}
        </section>
    );
}
