/* state.js: what the page shows: one small store, and the only functions that change it.
 *
 * The store holds plain objects that are replaced, never changed in place. Whoever shows something subscribes
 * (use-store.js for components). What the address bar has of it: url.js.
 *
 * A change says what becomes of the browser's history: 'push' where Back should undo it (a selection, a jump),
 * 'replace' where it should not (panning), 'none' where the address does not have it.
 */

/**
 * @typedef {{type: 'item', row: number, item: number}
 *     | {type: 'request', process: number, id: string}
 *     | {type: 'range', t0: number, t1: number}} Selection
 */

export function initialState() {
    return {
        view: { t0: 0, t1: 1 } /* ns since the trace's first moment */,
        cursor: null /* a pinned instant: "everybody at" */,
        /** @type {Selection|null} */
        selection: null,
        panel: null /* the open tab of the bottom, by its id */,
        rows: {
            group: 'process' /* 'process', 'prefix', 'none' */,
            sort: 'started' /* 'started', 'waiting', 'name' */,
            filter: '',
            pinned: [] /* ids of rows */,
            hidden: [],
            closed: [] /* keys of groups */,
        },
        requests: [] /* pinned ones: {process, id} */,
        theme: 'auto' /* 'auto', 'light', 'dark' */,
        clock: 'wall' /* 'wall', 'relative' */,
        off: [] /* states that the legend has switched off */,
        sides: { left: true, right: true },
        search: null /* what is searched for; null: the list is closed */,
        help: false,
        reveal: null /* {row, serial}: the timeline brings the row into sight */,
        said: '' /* for the aria-live line */,
        notice: null /* {text, serial}: shown for some seconds */,

        /* what the server said (load.js) */
        info: null,
        progress: null,
        rowList: [],
        failed: null,
    };
}

export function createStore(state = initialState()) {
    const listeners = new Set();
    return {
        get: () => state,
        /** @param {'push'|'replace'|'none'} history */
        set(patch, history = 'none') {
            const before = state;
            state = { ...state, ...patch };
            for (const listener of [...listeners]) listener(state, before, history);
        },
        /** @returns a function that ends it */
        subscribe(listener) {
            listeners.add(listener);
            return () => listeners.delete(listener);
        },
    };
}

export const NARROWEST_NS = 20;

/** A view that lies in the trace and is neither too narrow nor too wide. */
export function clampView(t0, t1, duration) {
    const width = Math.min(Math.max(t1 - t0, NARROWEST_NS), Math.max(duration, NARROWEST_NS));
    const from = Math.min(Math.max(t0, 0), Math.max(duration - width, 0));
    return { t0: from, t1: from + width };
}

const without = (list, one) => list.filter(other => other !== one);
const sameRequest = (a, b) => a.process === b.process && a.id === b.id;

/** The actions on a store. */
export function createActions(store) {
    const get = store.get;
    const duration = () => (get().info ? get().info.duration_ns : get().view.t1);
    let serial = 0;

    const actions = {
        /** Pans and zooms as the hand does: no step of the history. */
        setView(t0, t1) {
            store.set({ view: clampView(t0, t1, duration()) }, 'replace');
        },
        /** Jumps to a stretch, with a little room at both sides; Back returns. */
        zoomTo(t0, t1, room = 0.08) {
            const more = Math.max((t1 - t0) * room, NARROWEST_NS / 2);
            store.set({ view: clampView(t0 - more, t1 + more, duration()) }, 'push');
        },
        fit() {
            store.set({ view: { t0: 0, t1: Math.max(duration(), NARROWEST_NS) } }, 'push');
        },
        /** @param {Selection|null} selection */
        select(selection) {
            store.set({ selection }, 'push');
        },
        selectItem(row, item) {
            actions.select({ type: 'item', row, item });
        },
        selectRequest(process, id) {
            actions.select({ type: 'request', process, id: String(id) });
        },
        selectRange(t0, t1) {
            actions.select({ type: 'range', t0: Math.min(t0, t1), t1: Math.max(t0, t1) });
        },
        /** Selects what lies in a stretch and jumps there: one step of the history. @param {Selection} selection */
        show(selection, t0, t1, room = 0.08) {
            const more = Math.max((t1 - t0) * room, NARROWEST_NS / 2);
            store.set({ selection, view: clampView(t0 - more, t1 + more, duration()) }, 'push');
        },
        setCursor(t) {
            store.set({ cursor: t === null ? null : Math.min(Math.max(t, 0), duration()) }, 'replace');
        },
        pinRequest(process, id) {
            const one = { process, id: String(id) };
            if (!get().requests.some(other => sameRequest(other, one)))
                store.set({ requests: [...get().requests, one] }, 'push');
        },
        unpinRequest(process, id) {
            store.set({ requests: get().requests.filter(other => !sameRequest(other, { process, id: String(id) })) }, 'push');
        },
        openPanel(panel) {
            store.set({ panel }, 'push');
        },
        setRows(patch) {
            store.set({ rows: { ...get().rows, ...patch } }, 'replace');
        },
        togglePin(row) {
            const { pinned } = get().rows;
            actions.setRows({ pinned: pinned.includes(row) ? without(pinned, row) : [...pinned, row] });
        },
        hideRow(row) {
            actions.setRows({ hidden: [...without(get().rows.hidden, row), row] });
        },
        showAllRows() {
            actions.setRows({ hidden: [], filter: '' });
        },
        toggleGroup(key) {
            const { closed } = get().rows;
            actions.setRows({ closed: closed.includes(key) ? without(closed, key) : [...closed, key] });
        },
        /** The timeline scrolls until the row is in sight. */
        revealRow(row) {
            store.set({ reveal: { row, serial: ++serial } });
        },
        toggleState(key) {
            const { off } = get();
            store.set({ off: off.includes(key) ? without(off, key) : [...off, key] }, 'replace');
        },
        setTheme(theme) {
            store.set({ theme }, 'none');
        },
        setClock(clock) {
            store.set({ clock }, 'replace');
        },
        setSide(side, open) {
            store.set({ sides: { ...get().sides, [side]: open } });
        },
        /** @param {string|null} text null closes the list */
        search(text) {
            store.set({ search: text });
        },
        help(open) {
            store.set({ help: open });
        },
        say(said) {
            store.set({ said });
        },
        notify(text) {
            store.set({ notice: { text, serial: ++serial }, said: text });
        },
    };
    return actions;
}

/* The page's own. Tests make theirs. */
export const store = createStore();
export const actions = createActions(store);
