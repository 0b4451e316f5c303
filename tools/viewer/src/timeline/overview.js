/* overview.js: the whole trace in a strip: what share of the threads' time was which wait, and where the view is. */
import { CODE, keyOfNames } from '../colours.js';
import { Columns, CODES, STACK } from './raster.js';

export const OVERVIEW_HEIGHT = 54;
const NOT_SHOWN = ['idle', 'unknown', 'unseen'];

/**
 * The answer of /api/density as columns that fill the strip: the highest is as high as it. Before states are known, how
 * many events there are.
 * @param {{states: {state: string, kind: string|null, shares: number[]}[], events: number[]}} density
 * @param {number} width in pixels of the screen
 */
export function densityColumns(density, width) {
    const columns = new Columns(width);
    const shown = (density.states || [])
        .map(one => ({ key: keyOfNames(one.state, one.kind), shares: one.shares }))
        .filter(one => !NOT_SHOWN.includes(one.key));
    const lists = shown.length ? shown : [{ key: 'other', shares: density.events || [] }];
    for (const { key, shares } of lists)
        for (let x = 0; x < width && shares.length; x++) {
            const at = Math.min(shares.length - 1, Math.floor((x * shares.length) / width));
            columns.times[x * CODES + CODE[key]] += shares[at];
            columns.used[x] = 1;
            columns.any = true;
        }
    return scaled(columns);
}

function scaled(columns) {
    let highest = 0;
    const sums = Array.from({ length: columns.width }, (_, x) =>
        STACK.reduce((sum, code) => sum + columns.times[x * CODES + code], 0),
    );
    for (const sum of sums) highest = Math.max(highest, sum);
    if (highest > 0) for (let i = 0; i < columns.times.length; i++) columns.times[i] *= 0.96 / highest;
    return columns;
}

/** @param {{t0: number, t1: number}} view @param {number} duration */
export function paintOverview(p, { columns, view, duration, width, height, theme, off, knownTo }) {
    if (columns) p.columns(columns, 0, 4, height - 4, off);
    p.rect(0, height - 1, width, 1, theme.line);
    const x0 = (view.t0 / duration) * width,
        x1 = Math.max((view.t1 / duration) * width, x0 + 2);
    if (knownTo !== null && knownTo < duration) {
        const x = (knownTo / duration) * width;
        p.rect(x, 0, width - x, height - 1, theme.hover);
        p.text('not read yet', x + 6, height / 2, theme.faint);
    }
    if (x1 - x0 < width - 1) p.rect(x0, 0, x1 - x0, height - 1, theme.range);
    p.frame(x0 + 0.5, 0.5, Math.max(x1 - x0 - 1, 1), height - 2, theme.accent);
}

/* ---- the pointer ---------------------------------------------------------------------------------------- */

/**
 * Dragging the view's window moves it, dragging elsewhere draws a new one, a click centres it.
 * @param {HTMLElement} element @param {{store: any, actions: any, duration: () => number}} how
 */
export function overviewPointer(element, { store, actions, duration }) {
    let drag = null;
    const tOf = event => {
        const box = element.getBoundingClientRect();
        return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * duration();
    };
    element.addEventListener('pointerdown', event => {
        const { view } = store.get(),
            t = tOf(event);
        const whole = view.t1 - view.t0 >= duration() * 0.999;
        drag = { from: t, view, moves: !whole && t >= view.t0 && t <= view.t1, moved: false, x: event.clientX };
        element.setPointerCapture(event.pointerId);
    });
    element.addEventListener('pointermove', event => {
        if (!drag) return;
        const t = tOf(event);
        drag.moved = drag.moved || Math.abs(event.clientX - drag.x) > 3;
        if (!drag.moved) return;
        if (drag.moves) actions.setView(drag.view.t0 + t - drag.from, drag.view.t1 + t - drag.from);
        else actions.setView(Math.min(t, drag.from), Math.max(t, drag.from));
    });
    element.addEventListener('pointerup', event => {
        if (drag && !drag.moved) {
            const t = tOf(event),
                half = (drag.view.t1 - drag.view.t0) / 2;
            actions.setView(t - half, t + half);
        }
        drag = null;
    });
    element.addEventListener('pointercancel', () => {
        drag = null;
    });
}
