/* right.jsx: what is selected, in detail; nothing selected: how to begin. */
import { useStore } from '../use-store.js';
import { Everybody } from './everybody.jsx';
import { ItemDetails } from './item.jsx';
import { RangeDetails } from './range.jsx';
import { RequestDetails } from './request.jsx';
import { Faint } from '../panels/pieces.jsx';

export function Right() {
    const selection = useStore(state => state.selection);
    const cursor = useStore(state => state.cursor);
    if (selection && selection.type === 'item')
        return <ItemDetails row={selection.row} item={selection.item} />;
    if (selection && selection.type === 'request')
        return <><RequestDetails process={selection.process} id={selection.id} />{cursor !== null && <Everybody at={cursor} />}</>;
    if (selection && selection.type === 'range')
        return <RangeDetails t0={selection.t0} t1={selection.t1} />;
    if (cursor !== null)
        return <article class="details"><p class="caption">Instant</p><Everybody at={cursor} /></article>;
    return (
        <article class="details nothing">
            <p class="caption">Nothing selected</p>
            <p>A click on anything in the picture says what it is, and why it took so long.</p>
            <Faint>Drag in the ruler to select a stretch of time. A finding at the left jumps to the moment that shows it best.</Faint>
        </article>
    );
}
