/* drag.js: a box that is drawn with the pointer over a chart: pixels in, pixels out. */

const LEAST_PX = 4;

const within = (value, most) => Math.min(Math.max(value, 0), most);

/**
 * The handler of pointerdown. While the pointer is down `onMove` has the box; `onBox` gets it at the end, or null where
 * it was too small to be meant: then it was a click, and `onClick` gets its place. Esc gives up.
 * @param {{onMove: (box: object|null) => void, onBox: (box: object) => void, onClick?: (x: number, y: number) => void}} to
 */
export function dragBox({ onMove, onBox, onClick }) {
    return event => {
        if (event.button !== 0)
            return;
        const element = event.currentTarget, bounds = element.getBoundingClientRect();
        const place = e => ({ x: within(e.clientX - bounds.left, bounds.width), y: within(e.clientY - bounds.top, bounds.height) });
        const from = place(event);
        const boxTo = to => ({
            x0: Math.min(from.x, to.x), x1: Math.max(from.x, to.x), y0: Math.min(from.y, to.y), y1: Math.max(from.y, to.y),
        });
        const move = e => onMove(boxTo(place(e)));
        const end = e => {
            stop();
            const box = boxTo(place(e));
            if (box.x1 - box.x0 >= LEAST_PX || box.y1 - box.y0 >= LEAST_PX)
                onBox(box);
            else if (onClick)
                onClick(from.x, from.y);
        };
        const key = e => e.key === 'Escape' && stop();
        const stop = () => {
            element.removeEventListener('pointermove', move);
            element.removeEventListener('pointerup', end);
            element.removeEventListener('pointercancel', stop);
            window.removeEventListener('keydown', key, true);
            onMove(null);
        };
        element.setPointerCapture(event.pointerId);
        element.addEventListener('pointermove', move);
        element.addEventListener('pointerup', end);
        element.addEventListener('pointercancel', stop);
        window.addEventListener('keydown', key, true);
        event.preventDefault();
    };
}
