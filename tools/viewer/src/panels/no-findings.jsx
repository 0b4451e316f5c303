/* no-findings.jsx: a healthy trace: what was seen all the same, what was not, and the rule that would catch a slow one. */
import { count, duration, percent } from '../format.js';
import { actions } from '../state.js';
import { Faint, Figures, Go } from './pieces.jsx';

const SAID = /^no findings: (.*?, max [^;]+; )?/; /* what the figures above have already */
const RULE = /^(.*?): (stallmark rules .*)$/;

function copy(text) {
    navigator.clipboard.writeText(text).then(() => actions.notify('copied'), () => actions.notify('the browser does not let the page copy'));
}

export function NoFindings({ report }) {
    const { requests, capture } = report;
    const lines = report.no_findings || [];
    const rule = lines.map(line => RULE.exec(line)).find(Boolean);
    const missing = capture.sources_missing || [],
        slowest = report.slowest[0],
        most = slowest && slowest.parts.find(part => part.share >= 0.1);
    return (
        <section aria-label="Findings" class="no-findings">
            <h2 class="caption">Findings</h2>
            <div class="card calm">
                <p class="title">Nothing held anybody up for long</p>
                <Figures of={[
                    ['requests', requests.count ? count(requests.count) : 'none seen'],
                    ...(requests.count ? ['p50', 'p99', 'max'].map(name => [name, duration(requests[`${name}_ns`])]) : []),
                    ['events lost', count(capture.events_lost)],
                ]} />
                {lines.filter(line => !RULE.test(line)).map(line => <p key={line} class="faint">{line.replace(SAID, '')}</p>)}
                {missing.map(line => <p key={line} class="faint">not seen: {line}</p>)}
                {rule && <>
                    <p>{rule[1]}</p>
                    <p class="rule"><code>{rule[2]}</code>
                        <Go to={() => copy(rule[2])}>copy</Go></p>
                </>}
            </div>
            {requests.count > 0 && slowest && <Faint>
                The slowest took {duration(slowest.ns)}
                {most && `, ${percent(most.share)} of it ${most.kind}`}:{' '}
                <Go to={() => actions.selectRequest(slowest.process, slowest.id)}>
                    look at it</Go></Faint>}
        </section>
    );
}
