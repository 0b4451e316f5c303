/* controller.js: the timeline's moving part: it paints a frame whenever something changed, asks for what the frame
 * lacks, and says what the pointer met. Components around it (timeline.jsx) show labels, tooltip and legend.
 */
import { KEYS, keyOfNames } from '../colours.js';
import { ask, askAnew, askBinary, isEmbedded, sayAtLeast } from '../data.js';
import { firstOfDay } from '../format.js';
import { isDark, paintedTheme } from '../theme.js';
import { arrowsOfItem, arrowsOfRequest, wholeOf } from './arrows.js';
import { CanvasPainter } from './canvas-painter.js';
import { hitItem, itemOf, neighbour } from './hit.js';
import { LabelCache } from './label-cache.js';
import { isBeneath, layOut, slotAt, slotsBetween, SLOWEST_SHOWN } from './layout.js';
import { densityColumns, OVERVIEW_HEIGHT, paintOverview } from './overview.js';
import { AXIS_HEIGHT, paintScene } from './scene.js';
import { TileCache } from './tile-cache.js';
import { decodeTile } from './tile-decode.js';
import { levelFor, nsPerPx, tOf, xOf } from './zoom.js';

const SETTLE_MS = 200;
const ROOM_PX = 400; /* rows so far out of sight are asked for, too */

export class Controller {
    constructor(store, actions) {
        Object.assign(this, {
            store,
            actions,
            listeners: new Set(),
            slowest: [],
            total: 0,
            details: new Map(),
            selected: null,
            dragged: null,
            hoverSlot: null,
            tip: null,
            asked: null,
            density: null,
            isCounter: new Set(),
            seen: new Set(),
        });
        const again = () => this.schedule();
        this.labels = new LabelCache(ids => ask('/api/labels', { ids: ids.join(',') }), again);
        this.cache = new TileCache({
            changed: again,
            fetchTile: async (level, tile, rows, signal) => {
                const bytes = await askBinary('/api/tiles', { level, tile, rows: rows.join(',') }, signal);
                return decodeTile(bytes, row => this.isCounter.has(row));
            },
        });
        store.subscribe((state, before) => this.changed(state, before));
        this.takeInfo(store.get());
    }

    /** @param {{canvas: HTMLCanvasElement, overview: HTMLCanvasElement, scroller: HTMLElement}} elements */
    attach(elements) {
        Object.assign(this, elements);
        this.painter = new CanvasPainter(this.canvas);
        this.overviewPainter = new CanvasPainter(this.overview);
        this.resizes = new ResizeObserver(() => this.schedule());
        this.resizes.observe(this.scroller);
        this.resizes.observe(this.overview);
        this.scroller.addEventListener('scroll', () => this.schedule(), { passive: true });
        this.relay();
        this.schedule();
    }

    detach() {
        this.resizes.disconnect();
        this.painter = null;
    }

    /** Tells whoever draws around the canvas. */
    /** @param {'rows'|'tip'|'legend'} topic what the listener shows */
    listen(listener, topic) {
        const one = { listener, topic };
        this.listeners.add(one);
        return () => this.listeners.delete(one);
    }

    tell(topic) {
        this.listeners.forEach(one => one.topic === topic && one.listener());
    }

    /* ---- the store ----------------------------------------------------------------------------------- */

    duration() {
        const { info } = this.store.get();
        return info ? Math.max(info.duration_ns, 1) : 1;
    }

    takeInfo(state) {
        if (state.info) this.cache.setInfo(state.info);
        this.regionRows = new Map();
        for (const row of state.rowList)
            if (row.kind === 'regions' && isBeneath(row) && row.depth === 0)
                this.regionRows.set(row.thread, [...(this.regionRows.get(row.thread) || []), row.id]);
        this.isCounter = new Set(state.rowList.filter(row => row.kind === 'counter').map(row => row.id));
    }

    changed(state, before) {
        const differs = name => state[name] !== before[name];
        if (differs('info') || differs('rowList')) {
            this.takeInfo(state);
            this.askDensity();
            this.asked = null;
        }
        if (differs('rowList') || differs('rows') || differs('requests') || differs('selection') || differs('info'))
            this.relay();
        if (differs('selection')) this.followSelection(state.selection);
        if (differs('view') || differs('info')) this.askSlowest();
        if (differs('reveal') && state.reveal) this.reveal(state.reveal.row);
        this.schedule();
    }

    relay() {
        const state = this.store.get();
        const pinned = state.requests.map(one => this.requestOf(one)).filter(Boolean);
        const { selection } = state;
        if (
            selection &&
            selection.type === 'request' &&
            !pinned.some(one => sameRequest(one, selection)) &&
            !this.slowest.some(one => sameRequest(one, selection))
        ) {
            const one = this.requestOf(selection);
            if (one) pinned.unshift(one);
        }
        this.layout = layOut({
            rowList: state.rowList,
            settings: state.rows,
            duration: this.duration(),
            requests: { pinned, slowest: this.slowest, total: this.total, inView: this.inView },
            processes: processNames(state.info),
        });
        this.tell('rows');
        this.schedule();
    }

    /* ---- what is asked beside the tiles ---------------------------------------------------------------- */

    async askDensity() {
        const px = Math.max(
            200,
            Math.min(2048, Math.round((this.overview ? this.overview.clientWidth : 1000) * window.devicePixelRatio)),
        );
        try {
            this.density = await (isEmbedded() ? ask('/api/density') : askAnew('/api/density', { px }));
            this.densityAt = null;
            (this.density.states || []).forEach(one => this.seen.add(keyOfNames(one.state, one.kind)));
            this.tell('legend');
            this.schedule();
        } catch {
            /* the strip stays empty; the rows say what is wrong */
        }
    }

    askSlowest() {
        clearTimeout(this.slowestTimer);
        this.slowestTimer = setTimeout(async () => {
            const { view, info } = this.store.get(),
                t0 = Math.floor(view.t0),
                t1 = Math.ceil(view.t1);
            if (!info || this.asked === `${t0}-${t1}`) return;
            this.asked = `${t0}-${t1}`;
            try {
                const answer = await ask('/api/requests', {
                    t0,
                    t1,
                    sort: 'slowest',
                    offset: 0,
                    limit: SLOWEST_SHOWN + 2,
                });
                if (this.asked !== `${t0}-${t1}`) return;
                this.slowest = answer.requests;
                this.inView = answer.total;
                this.total = Math.max(this.total, answer.total); /* places once there stay */
                this.relay();
            } catch {
                /* then there are none to show */
            }
        }, SETTLE_MS);
    }

    /** /api/parts of a request, when it has come; asks for it when not. */
    partsOf({ process, id }) {
        const key = `${process}.${id}`,
            found = this.details.get(key);
        if (found !== undefined) return found;
        this.details.set(key, null);
        ask('/api/parts', { process, id }).then(
            parts => {
                this.details.set(key, parts);
                this.relay();
            },
            () => this.details.set(key, { parts: [], regions: [], failed: true }),
        );
        if (this.details.size > 300) this.details.delete(this.details.keys().next().value);
        return null;
    }

    requestOf(one) {
        const known = this.slowest.find(other => sameRequest(other, one)),
            parts = this.partsOf(one);
        if (known || (parts && !parts.failed)) return { ...(parts || {}), ...known, process: one.process, id: one.id };
        return null;
    }

    async followSelection(selection) {
        this.arrows = [];
        if (!selection || selection.type !== 'item') {
            this.selected = null;
            return;
        }
        if (!this.selected || this.selected.row !== selection.row || this.selected.item !== selection.item)
            this.selected = null;
        try {
            const detail = await ask('/api/item', { row: selection.row, item: selection.item });
            if (this.store.get().selection !== selection) return;
            this.selected = {
                row: detail.row,
                item: detail.item,
                from: detail.from,
                to: detail.to,
                whole: wholeOf(detail),
            };
            this.arrows = arrowsOfItem(detail);
            this.actions.say(`${this.nameOf(detail.row)}: ${detail.says || detail.what}`);
            this.schedule();
        } catch {
            /* the right side says what is wrong */
        }
    }

    nameOf(id) {
        const slot = this.layout.byRow.get(id);
        return slot ? slot.row.name : '';
    }

    /* ---- frames ---------------------------------------------------------------------------------------- */

    schedule() {
        if (this.scheduled || !this.painter) return;
        this.scheduled = true;
        requestAnimationFrame(() => {
            this.scheduled = false;
            if (this.painter) this.frame();
        });
    }

    /** What is to be painted; for a file of another size, too (export-image.js). */
    scene(width, height, ratio) {
        const state = this.store.get(),
            { view, info, selection } = state;
        const dark = isDark(state.theme, window),
            off = new Uint8Array(KEYS.length);
        KEYS.forEach((key, code) => {
            off[code] = key && state.off.includes(key) ? 1 : 0;
        });
        const perPx = nsPerPx(view, width * ratio);
        const request = selection && selection.type === 'request' ? this.partsOf(selection) : null;
        return {
            view,
            width,
            height,
            ratio,
            info,
            selection,
            off,
            regionRows: this.regionRows,
            knownTo: state.progress && state.progress.state !== 'ready' ? (state.progress.known_to ?? 0) : null,
            request,
            layout: this.layout,
            cache: this.cache,
            labels: this.labels,
            level: levelFor(perPx, info.level_min, info.level_max),
            top: this.top(),
            cursor: state.cursor,
            times: { clock: state.clock, ofDay: firstOfDay(info.realtime_first_ns) },
            theme: paintedTheme(dark, () => getComputedStyle(document.documentElement)),
            hoverSlot: this.hoverSlot,
            selected: this.selected,
            columns: this.columns,
            arrows: request ? arrowsOfRequest(request) : this.arrows || [],
            range: this.dragged || (selection && selection.type === 'range' ? selection : null),
            partsOf: one => this.partsOf(one),
            x: t => xOf(t, view, width),
        };
    }

    frame() {
        const state = this.store.get(),
            begin = performance.now();
        const width = this.canvas.clientWidth,
            height = this.canvas.clientHeight;
        if (!state.info || !width || !height) return;
        const scene = this.scene(width, height, window.devicePixelRatio || 1);
        const rows = slotsBetween(this.layout.slots, scene.top - ROOM_PX, scene.top + height + ROOM_PX).flatMap(
            slot => (slot.row ? [slot.row.id] : slot.request ? this.rowsUnder(slot.request) : []),
        );
        this.cache.want([...new Set(rows)], scene.view, scene.level);
        this.painter.begin(width, height, scene.ratio, scene.theme);
        paintScene(this.painter, scene);
        this.columns = scene.columns;
        this.tellSeen();
        this.frameOverview(scene, state);
        this.tellVisible(scene);
        this.canvas.paintMs = performance.now() - begin; /* for bench/view_page.mjs */
    }

    /* The regions under a request's parts are those of its threads. */
    rowsUnder(request) {
        const whole = this.partsOf(request),
            threads = new Set(((whole && whole.parts) || []).map(part => part.row));
        return [...threads].flatMap(thread => this.regionRows.get(thread) || []);
    }

    /* As wide as the rows, which have a scroll bar beside them. */
    frameOverview(scene, state) {
        this.overview.parentElement.style.paddingRight = `${this.scroller.offsetWidth - this.scroller.clientWidth}px`;
        const width = this.overview.clientWidth,
            wide = Math.max(1, Math.round(width * scene.ratio));
        if (!width) return;
        if (this.density && this.densityAt !== wide) {
            this.densityAt = wide;
            this.densityDrawn = densityColumns(this.density, wide);
        }
        const { progress } = state,
            reading = progress && progress.state !== 'ready';
        this.overviewPainter.begin(width, OVERVIEW_HEIGHT, scene.ratio, scene.theme);
        paintOverview(this.overviewPainter, {
            columns: this.densityDrawn,
            view: scene.view,
            duration: this.duration(),
            width,
            height: OVERVIEW_HEIGHT,
            theme: scene.theme,
            off: scene.off,
            knownTo: reading ? progress.known_to : null,
        });
    }

    /* The legend has the states that there are. */
    tellSeen() {
        const seen = this.columns ? this.columns.seen : [],
            before = this.seen.size;
        for (let code = 1; code < seen.length; code++) if (seen[code]) this.seen.add(KEYS[code]);
        if (this.seen.size !== before) this.tell('legend');
    }

    /* Labels are components: they are drawn again only when other rows came into sight. */
    tellVisible(scene) {
        const first = Math.floor(scene.top / 200),
            last = Math.floor((scene.top + scene.height) / 200);
        if (this.visible === `${first}-${last}`) return;
        this.visible = `${first}-${last}`;
        this.tell('rows');
    }

    visibleSlots() {
        const height = this.scroller ? this.scroller.clientHeight : 800;
        return this.layout ? slotsBetween(this.layout.slots, this.top() - ROOM_PX, this.top() + height + ROOM_PX) : [];
    }

    /* ---- the pointer ------------------------------------------------------------------------------------ */

    top() {
        return this.scroller ? this.scroller.scrollTop : 0;
    }

    scrollTo(top) {
        this.scroller.scrollTop = top;
    }

    scrollBy(px) {
        this.scroller.scrollTop += px;
    }

    /** What is at a place of the canvas: {t, slot, hit}. */
    at(x, y) {
        const { view, info } = this.store.get(),
            width = this.canvas.clientWidth,
            t = tOf(x, view, width);
        const slot = y < AXIS_HEIGHT || !info ? null : slotAt(this.layout, y - AXIS_HEIGHT + this.top());
        if (!slot || !slot.row) return { t, slot, hit: null };
        const perPx = nsPerPx(view, width);
        const level = levelFor(nsPerPx(view, width * window.devicePixelRatio), info.level_min, info.level_max);
        return { t, slot, hit: hitItem(this.cache.pieces(slot.row.id, view, level), t, perPx) };
    }

    hover(x, y, event) {
        const what = x === null ? null : this.at(x, y);
        this.hoverSlot = what ? what.slot : null;
        this.tip =
            what && what.slot && (what.hit || what.slot.request)
                ? { ...what, clientX: event.clientX, clientY: event.clientY }
                : null;
        this.tell('tip');
        this.schedule();
    }

    click(x, y) {
        const { t, slot, hit } = this.at(x, y);
        this.actions.setCursor(t);
        if (slot && slot.request) this.actions.selectRequest(slot.request.process, slot.request.id);
        else if (hit) this.pick(hit);
        else this.actions.select(null);
    }

    pick(hit) {
        sayAtLeast('/api/item', { row: hit.row, item: hit.item }, itemOf(hit, this.labels.get(hit.label)));
        this.selected = { row: hit.row, item: hit.item, from: hit.from, to: hit.to };
        this.actions.selectItem(hit.row, hit.item);
    }

    zoomToWhatIsAt(x, y) {
        const { slot, hit } = this.at(x, y);
        const what = slot && slot.request ? slot.request : hit;
        if (what && what.to > what.from) this.actions.zoomTo(what.from, what.to, 0.25);
    }

    dragRange(a, b) {
        this.dragged = { t0: Math.max(0, Math.min(a, b)), t1: Math.min(this.duration(), Math.max(a, b)) };
        this.schedule();
    }

    endRange(a, b) {
        this.dragRange(a, b);
        const { t0, t1 } = this.dragged;
        this.dragged = null;
        if (t1 > t0) this.actions.selectRange(t0, t1);
    }

    /* ---- rows ------------------------------------------------------------------------------------------- */

    /** Brings a row into the middle, unless it is in sight. */
    reveal(id) {
        const slot = this.layout.byRow.get(id);
        if (!slot || !this.scroller) return;
        const height = this.scroller.clientHeight - AXIS_HEIGHT,
            top = this.top();
        if (slot.y < top || slot.y + slot.h > top + height) this.scrollTo(slot.y - height / 2);
    }

    /** The next or the previous item of a row, from the selection or the middle. */
    step(row, way) {
        const { view, info } = this.store.get(),
            width = this.canvas.clientWidth * window.devicePixelRatio;
        const level = levelFor(nsPerPx(view, width), info.level_min, info.level_max);
        const from =
            this.selected && this.selected.row === row
                ? this.selected.from
                : (this.store.get().cursor ?? (view.t0 + view.t1) / 2);
        const found = neighbour(this.cache.pieces(row, view, level), from, way);
        if (!found) return;
        this.pick(found);
        if (found.from < view.t0 || found.from > view.t1)
            this.actions.setView(
                view.t0 + found.from - (view.t0 + view.t1) / 2,
                view.t1 + found.from - (view.t0 + view.t1) / 2,
            );
    }
}

const sameRequest = (a, b) => a.process === b.process && a.id === b.id;

function processNames(info) {
    const list = info && Array.isArray(info.processes) ? info.processes : [];
    return new Map(
        list.map((one, i) => [
            one.id ?? one.process ?? i,
            `${one.name || one.program || 'process'}` + (one.pid ? ` ${one.pid}` : ''),
        ]),
    );
}
