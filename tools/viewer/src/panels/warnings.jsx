/* warnings.jsx: what makes figures less than they seem, before any figure: losses, damage, gaps. */
import { actions } from '../state.js';
import { Go } from './pieces.jsx';
import { warningsOf } from './file-words.js';

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
