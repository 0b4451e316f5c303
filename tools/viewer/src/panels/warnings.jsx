/* warnings.jsx: what makes figures less than they seem, before any figure: losses, damage, gaps. */
import { count } from '../format.js';
import { actions } from '../state.js';
import { Go } from './pieces.jsx';

/** One sentence each; the file's panel has them whole. Pure. */
export function warningsOf(report) {
    const { capture } = report;
    const said = [];
    if (capture.events_lost > 0)
        said.push(`${count(capture.events_lost)} events were lost: counts and times are at least so much.`);
    for (const problem of (capture.problems || []).slice(0, 2))
        said.push(`Damaged: ${problem}`);
    if (!capture.complete && !(capture.problems || []).length)
        said.push('The file is not whole: its beginning or its end is missing.');
    if ((capture.gaps || []).length)
        said.push(`${count(capture.gaps.length)} times were not recorded in full, because of the budget.`);
    if (capture.locks_recorded === false)
        said.push('Locks were not recorded: nothing is said of them.');
    return said;
}

export function Warnings({ report }) {
    const said = warningsOf(report);
    if (!said.length)
        return null;
    return (
        <div class="card warnings" role="note">
            {said.map(text => <p key={text}>{text}</p>)}
            <Go to={() => actions.openPanel('file')}>what is missing</Go>
        </div>
    );
}
