/* everybody.jsx: what every thread was doing at one instant: those that did the same stand together. */
import { useState } from 'preact/hooks';

import { keyOfNames } from '../colours.js';
import { time } from '../format.js';
import { rowById } from '../rows.js';
import { goToItem } from '../panels/see.js';
import { actions } from '../state.js';
import { useAnswer, useTimes } from '../use-store.js';
import { Caption, Faint, Swatch, Unknown } from '../panels/pieces.jsx';

const TOGETHER = 3; /* fewer of the same kind stand alone */
const SO_FAR = /,? *[\d.]+ (ns|us|ms|s)( so far)?\b.*$/;

/** What a line says apart from for how long. */
export const whatOf = says => (says || '').replace(SO_FAR, '');

/**
 * Threads that do the same, in the order of the first of each. Pure.
 * @param {{row: number, state: string, kind: string|null, says: string, function: string|null}[]} threads
 * @returns {{key: string, threads: object[]}[]}
 */
export function together(threads) {
    const groups = new Map();
    for (const thread of threads) {
        const key = [thread.state, thread.kind || '', whatOf(thread.says), thread.function || ''].join('\u0001');
        if (!groups.has(key))
            groups.set(key, []);
        groups.get(key).push(thread);
    }
    const all = [];
    for (const [key, members] of groups) {
        if (members.length >= TOGETHER)
            all.push({ key, threads: members });
        else
            members.forEach((thread, i) => all.push({ key: key + i, threads: [thread] }));
    }
    return all;
}

/* Those that somebody waits for are what one looks for: waits first, then who ran, the idle last. */
const RANK = { waiting: 0, runnable: 1, running: 2, unknown: 3, idle: 4 };
export const inOrder = groups => [...groups].sort((a, b) => (RANK[a.threads[0].state] ?? 3) - (RANK[b.threads[0].state] ?? 3));

const nameOfRow = row => (rowById(row) || { name: `row ${row}` }).name;

function Thread({ thread }) {
    return (
        <button type="button" class="quiet who" onClick={() => (thread.item === null || thread.item === undefined
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
                    <button type="button" class="quiet who" aria-expanded={open} onClick={() => setOpen(!open)}>
                        {open ? '▾' : '▸'} {threads.length} threads</button>
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
