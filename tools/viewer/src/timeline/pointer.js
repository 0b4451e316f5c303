/* pointer.js: mouse, touchpad and fingers over the timeline.
 *
 * Wheel: zoom at the pointer; with shift, or sideways: pan; with alt: scroll the rows. Drag: pan, both ways. Drag on
 * the axis or with shift: select a stretch of time. Click: what is there. Double click: zoom to it. Two fingers: zoom.
 */
import { AXIS_HEIGHT } from './scene.js';
import { panBy, tOf, zoomAt } from './zoom.js';

const CLICK_PX = 4;
const WHEEL_ZOOM = 0.0016;
const LINE_PX = 18;

const pixelsOf = (event, delta) =>
    event.deltaMode === 1 ? delta * LINE_PX : event.deltaMode === 2 ? delta * 400 : delta;

export class Pointer {
    /** @param {HTMLElement} element @param {any} controller controller.js */
    constructor(element, controller) {
        Object.assign(this, { element, controller, drag: null, fingers: new Map(), pinch: null });
        const on = (name, options) => element.addEventListener(name, event => this[name](event), options);
        on('wheel', { passive: false });
        ['pointerdown', 'pointermove', 'pointerup', 'pointercancel', 'pointerleave', 'dblclick'].forEach(name =>
            on(name),
        );
    }

    place(event) {
        const box = this.element.getBoundingClientRect();
        return { x: event.clientX - box.left, y: event.clientY - box.top, width: box.width };
    }

    wheel(event) {
        const { controller } = this,
            { x, width } = this.place(event);
        const { view } = controller.store.get(),
            duration = controller.duration();
        const dx = pixelsOf(event, event.deltaX),
            dy = pixelsOf(event, event.deltaY);
        event.preventDefault();
        if (event.altKey) {
            controller.scrollBy(dy);
        } else if (event.shiftKey || Math.abs(dx) > Math.abs(dy)) {
            const next = panBy(view, ((dx || dy) * (view.t1 - view.t0)) / width, duration);
            controller.actions.setView(next.t0, next.t1);
        } else {
            const factor = Math.exp(dy * (event.ctrlKey ? 0.01 : WHEEL_ZOOM));
            const next = zoomAt(view, factor, tOf(x, view, width), duration);
            controller.actions.setView(next.t0, next.t1);
        }
    }

    pointerdown(event) {
        const { x, y, width } = this.place(event),
            { view } = this.controller.store.get();
        if (event.button > 1) return;
        this.element.setPointerCapture(event.pointerId);
        this.fingers.set(event.pointerId, { x, y });
        if (this.fingers.size === 2) {
            this.beginPinch(view, width);
            return;
        }
        const selects = y < AXIS_HEIGHT || event.shiftKey;
        this.drag = { x, y, view, top: this.controller.top(), selects, moved: false };
    }

    beginPinch(view, width) {
        const [a, b] = [...this.fingers.values()];
        this.drag = null;
        this.pinch = { view, ta: tOf(a.x, view, width), tb: tOf(b.x, view, width) };
    }

    pinched(width) {
        const [a, b] = [...this.fingers.values()],
            { ta, tb } = this.pinch;
        const perPx = Math.abs(tb - ta) / Math.max(Math.abs(b.x - a.x), 8);
        const t0 = (ta + tb) / 2 - ((a.x + b.x) / 2) * perPx;
        this.controller.actions.setView(t0, t0 + perPx * width);
    }

    pointermove(event) {
        const { x, y, width } = this.place(event),
            { drag, controller } = this;
        if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, { x, y });
        if (this.pinch && this.fingers.size === 2) {
            this.pinched(width);
            return;
        }
        if (!drag) {
            controller.hover(x, y, event);
            return;
        }
        drag.moved = drag.moved || Math.hypot(x - drag.x, y - drag.y) > CLICK_PX;
        if (!drag.moved) return;
        controller.hover(null);
        if (drag.selects) {
            controller.dragRange(tOf(drag.x, drag.view, width), tOf(x, drag.view, width));
            return;
        }
        const ns = ((drag.x - x) * (drag.view.t1 - drag.view.t0)) / width;
        const next = panBy(drag.view, ns, controller.duration());
        controller.actions.setView(next.t0, next.t1);
        controller.scrollTo(drag.top + drag.y - y);
    }

    pointerup(event) {
        const { x, y, width } = this.place(event),
            { drag, controller } = this;
        this.pointercancel(event);
        if (!drag) return;
        if (drag.moved && drag.selects) controller.endRange(tOf(drag.x, drag.view, width), tOf(x, drag.view, width));
        else if (!drag.moved) controller.click(x, y);
    }

    /* Of two fingers the one that stays goes on to pan. */
    pointercancel(event) {
        const { controller, fingers, pinch } = this;
        fingers.delete(event.pointerId);
        const [left] = fingers.values();
        this.pinch = null;
        this.drag =
            pinch && left ? { ...left, view: controller.store.get().view, top: controller.top(), moved: true } : null;
    }

    pointerleave() {
        this.controller.hover(null);
    }

    dblclick(event) {
        const { x, y } = this.place(event);
        this.controller.zoomToWhatIsAt(x, y);
    }
}
