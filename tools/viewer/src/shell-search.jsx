/* shell-search.jsx: the search field and what it found. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { ask } from './data.js';
import { actions } from './state.js';
import { useStore } from './use-store.js';

const WAIT_MS = 150,
    MOST = 30;

/** What choosing a hit does. */
export function goTo(hit) {
    const has = value => typeof value === 'number';
    if (hit.what === 'request' && hit.id) {
        actions.pinRequest(hit.process, hit.id);
        actions.selectRequest(hit.process, hit.id);
    }
    if (has(hit.from) && has(hit.to) && hit.what !== 'thread') actions.zoomTo(hit.from, hit.to, 0.25);
    if (has(hit.row)) {
        if (has(hit.item)) actions.selectItem(hit.row, hit.item);
        actions.revealRow(hit.row);
    }
    actions.search(null);
    actions.say(`${hit.what} ${hit.text}`);
}

/* The hits for a text, a little after it was last changed. */
function useHits(text) {
    const [found, setFound] = useState({ text: '', hits: [], error: null });
    useEffect(() => {
        if (!text) return undefined;
        let gone = false;
        const timer = setTimeout(
            () =>
                ask('/api/search', { q: text }).then(
                    ({ hits }) => gone || setFound({ text, hits: hits.slice(0, MOST), error: null }),
                    error => gone || setFound({ text, hits: [], error: error.message }),
                ),
            WAIT_MS,
        );
        return () => {
            gone = true;
            clearTimeout(timer);
        };
    }, [text]);
    return found;
}

function Hits({ found, text, at }) {
    if (!text) return null;
    const said =
        found.error || (found.text !== text ? 'Searching …' : found.hits.length ? null : `Nothing has “${text}”.`);
    return (
        <ul class="hits" id="hits" role="listbox" aria-label="What was found">
            {said && <li class="faint">{said}</li>}
            {found.hits.map((hit, i) => (
                <li
                    key={i}
                    id={`hit-${i}`}
                    role="option"
                    aria-selected={i === at}
                    class={i === at ? 'at' : ''}
                    onPointerDown={event => {
                        event.preventDefault();
                        goTo(hit);
                    }}>
                    <span class="hit-what">{hit.what}</span>
                    <span class="hit-text">{hit.text}</span>
                </li>
            ))}
        </ul>
    );
}

export function Search() {
    const search = useStore(state => state.search),
        field = useRef(),
        [at, setAt] = useState(0);
    const open = search !== null,
        text = (search || '').trim(),
        found = useHits(text);
    /* Before the next key: what is typed behind the '/' belongs into the field. */
    useLayoutEffect(() => {
        if (open && document.activeElement !== field.current) field.current.focus();
        else if (!open && document.activeElement === field.current) field.current.blur();
    }, [open]);
    useEffect(() => setAt(0), [text]);
    const keys = event => {
        const way = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
        if (way) {
            event.preventDefault();
            setAt(old => Math.min(Math.max(old + way, 0), Math.max(found.hits.length - 1, 0)));
        } else if (event.key === 'Enter' && found.hits[at]) {
            goTo(found.hits[at]);
        }
    };
    return (
        <div class="search">
            <input
                ref={field}
                class="field"
                type="search"
                placeholder="/ search"
                role="combobox"
                aria-label="Search threads, functions, locks, requests"
                aria-expanded={open && !!text}
                aria-controls="hits"
                aria-activedescendant={open && found.hits[at] ? `hit-${at}` : undefined}
                value={search || ''}
                onFocus={() => open || actions.search('')}
                onBlur={() => actions.search(null)}
                onInput={event => actions.search(event.currentTarget.value)}
                onKeyDown={keys}
            />
            {open && <Hits found={found} text={text} at={at} />}
        </div>
    );
}
