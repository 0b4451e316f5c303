/* request-parts.jsx: a request's time, all of it, with a normal request's at the same scale beneath. */
import { StackBar } from '../charts/stack-bar.jsx';
import { cssOf } from '../colours.js';
import { duration } from '../format.js';
import { processOfPid } from '../panels/see.js';
import { actions } from '../state.js';
import { barOf, detailsText, difference, estimated, holdersText, keyOfPart, nameOfPart, ofThousand, partRows, shadeOfPart } from './parts.js';
import { Go } from '../panels/pieces.jsx';

const Swatch = ({ part }) => (
    <span class={`swatch p-${keyOfPart(part)}`} aria-hidden="true"
        style={{ backgroundColor: shadeOfPart(part) || cssOf(keyOfPart(part)) }} />
);

function Row({ row, chain, hasNormal }) {
    const { part } = row;
    const made = detailsText(part.details || [], 2) || (part.kind === 'lock' ? holdersText(chain, part.lock) : '');
    return (
        <>
            <tr class={row.most ? 'most' : ''}>
                <th scope="row"><Swatch part={part} /> {nameOfPart(part)}</th>
                <td class="num">{duration(part.ns)}{estimated(part) && <span class="faint"> {estimated(part)}</span>}</td>
                <td class="num faint">{ofThousand(row.mille)}</td>
                {hasNormal && <td class="num">{row.most ? <strong>{difference(row.more)}</strong> : difference(row.more)}</td>}
            </tr>
            {made && <tr class="made"><td colSpan={hasNormal ? 4 : 3}>{made}</td></tr>}
        </>
    );
}

function Table({ answer }) {
    const { request, normal, chain } = answer;
    const rows = partRows(request, normal).filter(row => row.part.ns > 0 || row.normal > 0);
    const whole = rows.reduce((sum, row) => sum + row.mille, 0);
    return (
        <table class="parts">
            <thead><tr>
                <th scope="col">what its time was</th><th scope="col" class="num">time</th><th scope="col" class="num">share</th>
                {normal && <th scope="col" class="num">more than normal</th>}
            </tr></thead>
            <tbody>{rows.map(row => <Row key={nameOfPart(row.part)} row={row} chain={chain || []} hasNormal={!!normal} />)}</tbody>
            <tfoot><tr>
                <th scope="row">all of it</th><td class="num">{duration(request.duration_ns)}</td>
                <td class="num faint">{ofThousand(whole)}</td>
                {normal && <td class="num">{difference(request.duration_ns - normal.duration_ns)}</td>}
            </tr></tfoot>
        </table>
    );
}

/** @param {{answer: object, brief?: boolean}} props the answer of /api/request; brief: the bars alone */
export function RequestParts({ answer, brief = false }) {
    const { request, normal } = answer;
    const scale = Math.max(request.duration_ns, normal ? normal.duration_ns : 0);
    const show = () => actions.selectRequest(processOfPid(normal.pid), normal.id);
    return (
        <div class="request-parts">
            <StackBar parts={barOf(request.parts)} scale={scale} what={`Request ${request.id}`} />
            {normal && <>
                <p class="twin faint">A normal one, <Go to={show}>{normal.id}</Go>,{' '}
                    {duration(normal.duration_ns)}, at the same scale</p>
                <StackBar parts={barOf(normal.parts)} scale={scale} what={`A normal request, ${normal.id}`} slim />
            </>}
            {!normal && <p class="twin faint">There is no normal one of its route to compare it with.</p>}
            {!brief && <Table answer={answer} />}
            {brief && <ul class="legend-list">{[...request.parts].sort((a, b) => b.ns - a.ns).filter(part => part.ns > 0).slice(0, 6).map(part => (
                <li key={nameOfPart(part)}><Swatch part={part} /> {nameOfPart(part)} <span class="num">{duration(part.ns)}</span></li>
            ))}</ul>}
        </div>
    );
}
