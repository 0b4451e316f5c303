/* chain.jsx: who waited for whom in a request, to the end: links of many waits added up, most time first. */
import { cssOf } from '../colours.js';
import { duration } from '../format.js';
import { goToThread, sinceFirst, threadRow } from '../panels/see.js';
import { keyOfLink, linkText, placeOf, stepOfLink } from './chain-words.js';
import { Caption, Faint, Go } from '../panels/pieces.jsx';

const SHOWN = 6;

/* Where a link is to be seen: in the middle of the wait at the top that it belongs to. */
function go(link, step, pid) {
    const at = sinceFirst((step.from_ns + step.to_ns) / 2);
    const thread = link.what === 'wait' && step.thread && link.threads.some(one => one.serial === step.thread.serial)
        ? step.thread : (link.threads || [])[0];
    const row = thread && threadRow({ tid: thread.tid, pid }, at);
    if (row)
        goToThread(row.id, at);
}

function Link({ link, depth, step, pid, whole }) {
    const key = keyOfLink(link);
    const then = (link.then || []).filter(next => next.ns >= whole / 200).slice(0, SHOWN);
    const place = placeOf(link.stack);
    return (
        <li>
            <div class="link" style={{ borderLeftColor: cssOf(key) }} onClick={() => go(link, step, pid)}>
                <span class="num">{duration(link.ns)}</span>
                <span>
                    {(link.threads || []).length > 0
                        ? <Go>{linkText(link, depth)}</Go>
                        : linkText(link, depth)}
                    {link.count > 1 && <span class="faint"> · {link.count} times</span>}
                    {place && <div class="mono faint">{place}</div>}
                </span>
            </div>
            {then.length > 0 && <ol>{then.map((next, i) =>
                <Link key={i} link={next} depth={depth + 1} step={step} pid={pid} whole={whole} />)}</ol>}
        </li>
    );
}

/** @param {{answer: object}} props the answer of /api/request */
export function Chain({ answer }) {
    const { chain, request } = answer;
    if (!chain || !chain.length)
        return null;
    return (
        <section aria-label="Who waited for whom">
            <Caption>Who waited for whom</Caption>
            <ol class="chain">
                {chain.slice(0, SHOWN).map((link, i) => (
                    <Link key={i} link={link} depth={0} step={stepOfLink(link, request.steps || []) || request} pid={request.pid}
                        whole={request.duration_ns} />
                ))}
            </ol>
            {chain.length > SHOWN && <Faint>and {chain.length - SHOWN} shorter ones</Faint>}
            {answer.chain_cut_short && <Faint>It goes on; what is shown here is its beginning.</Faint>}
        </section>
    );
}
