/* keys.js: what keys do, anywhere but in a field. One table, which is the help, too. */
import { actions as theActions, store as theStore } from './state.js';
import { panBy, zoomAt } from './timeline/zoom.js';

const ZOOM = 1.35,
    PAN = 0.15;

const middle = view => (view.t0 + view.t1) / 2;

function zoom(factor, { store, actions, duration }) {
    const { view, cursor } = store.get();
    const anchor = cursor !== null && cursor >= view.t0 && cursor <= view.t1 ? cursor : middle(view);
    const next = zoomAt(view, factor, anchor, duration());
    actions.setView(next.t0, next.t1);
}

function pan(share, { store, actions, duration }) {
    const { view } = store.get(),
        next = panBy(view, (view.t1 - view.t0) * share, duration());
    actions.setView(next.t0, next.t1);
}

function zoomToSelection({ store, actions, controller }) {
    const { selection } = store.get();
    const what =
        selection && selection.type === 'range'
            ? { from: selection.t0, to: selection.t1 }
            : selection && selection.type === 'request'
              ? controller.partsOf(selection)
              : controller.selected;
    if (what && what.to > what.from) actions.zoomTo(what.from, what.to, 0.25);
}

/* The outermost thing that is open is closed. */
function escape({ store, actions }) {
    const state = store.get();
    if (state.help) actions.help(false);
    else if (state.search !== null) actions.search(null);
    else if (state.selection) actions.select(null);
    else if (state.cursor !== null) actions.setCursor(null);
    else if (state.panel) actions.openPanel(null);
}

/** keys, what they do in words, the function. */
export const KEYS = [
    [['w', '+', '='], 'zoom in', how => zoom(1 / ZOOM, how)],
    [['s', '-'], 'zoom out', how => zoom(ZOOM, how)],
    [['a', 'ArrowLeft'], 'earlier', how => pan(-PAN, how)],
    [['d', 'ArrowRight'], 'later', how => pan(PAN, how)],
    [['ArrowUp'], 'rows up', how => how.controller.scrollBy(-60)],
    [['ArrowDown'], 'rows down', how => how.controller.scrollBy(60)],
    [['PageUp'], 'many rows up', how => how.controller.scrollBy(-400)],
    [['PageDown'], 'many rows down', how => how.controller.scrollBy(400)],
    [['f', '0'], 'the whole trace', how => how.actions.fit()],
    [['z'], 'zoom to what is selected', zoomToSelection],
    [['/'], 'search', how => how.actions.search('')],
    [
        ['t'],
        'times of day, or since the beginning',
        how => how.actions.setClock(how.store.get().clock === 'wall' ? 'relative' : 'wall'),
    ],
    [['?'], 'this help', how => how.actions.help(!how.store.get().help)],
    [['Escape'], 'close, drop the selection', escape],
];

const byKey = new Map(KEYS.flatMap(([keys, , does]) => keys.map(key => [key, does])));

const isField = element =>
    !!element && (/^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) || element.isContentEditable);

/** @returns {boolean} whether the key was ours */
export function onKey(event, how) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
    if (isField(event.target) && event.key !== 'Escape') return false;
    const does = byKey.get(event.key);
    if (!does || !how.store.get().info) return false;
    event.preventDefault();
    does(how);
    return true;
}

export function followKeys(document, controller) {
    const how = { store: theStore, actions: theActions, controller, duration: () => controller.duration() };
    document.addEventListener('keydown', event => onKey(event, how));
}
