/* everybody.jsx: what every thread was doing at one instant: those that did the same stand together. */
import { useState } from 'preact/hooks';

import { keyOfNames } from '../colours.js';
import { time } from '../format.js';
import { rowById } from '../rows.js';
import { goToItem } from '../panels/see.js';
import { actions } from '../state.js';
import { useAnswer, useTimes } from '../use-store.js';
import { Caption, Faint, Fold, Swatch, Unknown } from '../panels/pieces.jsx';
import { inOrder, together, whatOf } from './groups.js';


const nameOfRow = row => (rowById(row) || { name: `row ${row}` }).name;

function Thread({ thread }) {
    return (
        <button class="quiet who" onClick={() => (thread.item === null || thread.item === undefined
            ? actions.revealRow(thread.row) : goToItem(thread.row, thread.item, thread.since, thread.until))}>
            {nameOfRow(thread.row)}</button>
    );
}

function Group({ threads }) {
    const [open, setOpen] = useState(false);
    const first = threads[0], alone = threads.length === 1;
    const says = alone ? first.says || first.state : whatOf(first.says) || first.state;
    return (
        <li>
            <Swatch of={keyOfNames(first.state, first.kind)} />
            <span class="names">
                {alone ? <Thread thread={first} /> : (
                    <button class="quiet who" aria-expanded={open} onClick={() => setOpen(!open)}>
                        <Fold open={open} /> {threads.length} threads</button>
                )}
            </span>
            <span class="does">{says}
                {first.function && !says.includes(first.function) && <span class="faint"> · {first.function}</span>}</span>
            {open && <ul class="members">{threads.map(thread => <li key={thread.row}>
                <Thread thread={thread} /> <span class="faint">{(thread.says || '').slice(whatOf(thread.says).length).replace(/^, /, '')}</span>
            </li>)}</ul>}
        </li>
    );
}

/** @param {{at: number}} props */
export function Everybody({ at }) {
    const times = useTimes();
    const { data, error } = useAnswer('/api/at', { time: Math.round(at) });
    return (
        <section aria-label="Everybody at this instant">
            <Caption>Everybody at {time(at, times, 1)}</Caption>
            {error && <Unknown error={error} />}
            {data && <ul class="everybody">
                {inOrder(together(data.threads)).map(group => <Group key={group.key} threads={group.threads} />)}
            </ul>}
            {data && !data.threads.length && <Faint>no thread lived then</Faint>}
        </section>
    );
}
