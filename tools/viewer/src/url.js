/* url.js: the state in the address bar: `#token=…&v=FROM-TO&s=item.3.17&…`. The token stays first and is in no link
 * that is copied. What is not understood is left out: a link from elsewhere is text from elsewhere.
 *
 * Pure, but for followAddress().
 */
import { initialState } from './state.js';

const GROUPS = ['process', 'prefix', 'none'];
const SORTS = ['started', 'waiting', 'name'];
const WORD = /^[a-z-]{1,32}$/;
const MOST_IDS = 200;

const whole = text => (/^\d{1,16}$/.test(text || '') ? Number(text) : null);

function wholes(text, n) {
    const numbers = (text || '').split('.').map(whole);
    return numbers.length === n && numbers.every(number => number !== null) ? numbers : null;
}

const idsOf = text =>
    (text || '')
        .split('.')
        .map(whole)
        .filter(id => id !== null)
        .slice(0, MOST_IDS);

/* ---- writing -------------------------------------------------------------------------------------------- */

function selectionText(selection) {
    switch (selection && selection.type) {
        case 'item':
            return `item.${selection.row}.${selection.item}`;
        case 'request':
            return `request.${selection.process}.${selection.id}`;
        case 'range':
            return `range.${Math.round(selection.t0)}.${Math.round(selection.t1)}`;
        default:
            return null;
    }
}

/** The state as the fragment of an address, without "#". @param {string|null} [token] */
export function stateToHash(state, token = null) {
    const plain = initialState();
    const { rows } = state;
    const fields = [
        ['token', token],
        ['v', `${Math.round(state.view.t0)}-${Math.round(state.view.t1)}`],
        ['at', state.cursor === null ? null : Math.round(state.cursor)],
        ['s', selectionText(state.selection)],
        ['p', state.panel],
        ['g', rows.group === plain.rows.group ? null : rows.group],
        ['o', rows.sort === plain.rows.sort ? null : rows.sort],
        ['f', rows.filter || null],
        ['pin', rows.pinned.slice(0, MOST_IDS).join('.') || null],
        ['hide', rows.hidden.slice(0, MOST_IDS).join('.') || null],
        ['shut', rows.closed.map(encodeURIComponent).join(',') || null],
        ['r', state.requests.map(one => `${one.process}-${one.id}`).join('.') || null],
        ['off', state.off.join('.') || null],
        ['c', state.clock === plain.clock ? null : state.clock],
    ];
    return fields
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
        .join('&');
}

/* ---- reading -------------------------------------------------------------------------------------------- */

/* A request's id may be larger than a number can be: it stays text. */
const requestOf = (process, id) =>
    whole(process) !== null && /^\d{1,20}$/.test(id || '') ? { process: Number(process), id } : null;

function selectionOf(text) {
    const [type, ...rest] = (text || '').split('.');
    if (type === 'request') {
        const one = rest.length === 2 ? requestOf(...rest) : null;
        return one && { type, ...one };
    }
    const numbers = wholes(rest.join('.'), 2);
    if (!numbers) return null;
    if (type === 'item') return { type, row: numbers[0], item: numbers[1] };
    if (type === 'range' && numbers[0] < numbers[1]) return { type, t0: numbers[0], t1: numbers[1] };
    return null;
}

function viewOf(text) {
    const numbers = wholes((text || '').replace('-', '.'), 2);
    return numbers && numbers[0] < numbers[1] ? { t0: numbers[0], t1: numbers[1] } : null;
}

function requestsOf(text) {
    return (text || '')
        .split('.')
        .map(one => requestOf(...one.split('-')))
        .filter(Boolean)
        .slice(0, 20);
}

function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return null;
    }
}

function fieldsOf(hash) {
    const fields = {};
    for (const piece of hash.replace(/^#/, '').split('&')) {
        const at = piece.indexOf('=');
        if (at > 0) fields[piece.slice(0, at)] = decoded(piece.slice(at + 1));
    }
    return fields;
}

/** The token of a fragment; null: it has none. A fragment that is nothing but a token is one, too. */
export function tokenOf(hash) {
    const { token } = fieldsOf(hash);
    if (token) return token;
    const bare = hash.replace(/^#/, '');
    return bare && !bare.includes('=') && !bare.includes('&') ? bare : null;
}

/** A fragment as a patch for the store. `view` is missing where the fragment has none. */
export function hashToState(hash) {
    const fields = fieldsOf(hash);
    const plain = initialState();
    const view = viewOf(fields.v);
    return {
        ...(view ? { view } : {}),
        cursor: whole(fields.at),
        selection: selectionOf(fields.s),
        panel: WORD.test(fields.p || '') ? fields.p : null,
        rows: {
            group: GROUPS.includes(fields.g) ? fields.g : plain.rows.group,
            sort: SORTS.includes(fields.o) ? fields.o : plain.rows.sort,
            filter: (fields.f || '').slice(0, 200),
            pinned: idsOf(fields.pin),
            hidden: idsOf(fields.hide),
            closed: (fields.shut || '').split(',').filter(Boolean).map(decoded).filter(Boolean),
        },
        requests: requestsOf(fields.r),
        off: (fields.off || '').split('.').filter(key => WORD.test(key)),
        clock: fields.c === 'relative' ? 'relative' : 'wall',
    };
}

/* ---- the address bar ------------------------------------------------------------------------------------ */

const SETTLE_MS = 250;

/**
 * Writes the state to the address bar from now on, and reads it when the reader goes back. Panning is written when it
 * has come to rest: browsers slow a page down that writes more often.
 * @returns a function that ends it
 */
export function followAddress(store, window, token) {
    let timer = null;
    const write = push => {
        clearTimeout(timer);
        timer = null;
        const hash = '#' + stateToHash(store.get(), token);
        if (hash !== window.location.hash) window.history[push ? 'pushState' : 'replaceState'](null, '', hash);
    };
    const stop = store.subscribe((state, before, history) => {
        if (history === 'push') {
            if (timer) window.history.replaceState(null, '', '#' + stateToHash(before, token));
            write(true);
        } else if (history === 'replace') {
            clearTimeout(timer);
            timer = setTimeout(() => write(false), SETTLE_MS);
        }
    });
    const read = () => {
        clearTimeout(timer);
        timer = null;
        store.set(hashToState(window.location.hash), 'none');
    };
    window.addEventListener('popstate', read);
    return () => {
        stop();
        window.removeEventListener('popstate', read);
    };
}

/** A link to what is on screen, for whoever has the viewer open: without the token. */
export const linkOf = (state, location) => `${location.origin}${location.pathname}#${stateToHash(state)}`;
