/* flame.jsx: a flame graph, its root on top: each rectangle is a function, as wide as the time in it. A click or Enter
 * makes one as wide as the picture, Esc or Backspace goes back, arrows go from one to the next. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { count, duration, percent } from '../format.js';
import { layOut, matches, neighbour, placeOfNode } from './flame-layout.js';
import { prepare, property, useWidth } from './size.js';

const ROW = 18, LEAST_PX = 1, NAMED_PX = 22;


/* The longest beginning of a text that is no wider than this. */
function fit(context, text, width) {
    if (context.measureText(text).width <= width)
        return text;
    let low = 0, high = text.length;
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (context.measureText(text.slice(0, middle) + '…').width <= width)
            low = middle;
        else
            high = middle - 1;
    }
    return low > 0 ? text.slice(0, low) + '…' : '';
}

function draw(canvas, width, height, boxes, state) {
    const context = prepare(canvas, width, height);
    const ink = property(canvas, '--text'), accent = property(canvas, '--accent');
    const shades = new Map();
    const shadeOf = key => shades.get(key) || shades.set(key, property(canvas, `--st-${key}`)).get(key);
    context.font = '12px system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = 'middle';
    boxes.forEach((box, i) => {
        const x = box.x * width, w = box.width * width, y = box.depth * ROW;
        const key = state.keyOf(box.node);
        const lit = state.searched && state.hit[i];
        context.globalAlpha = lit ? 0.45 : state.searched ? 0.1 : key ? 0.55 : 0.14 + 0.06 * ((box.depth + i) % 2);
        context.fillStyle = lit ? accent : key ? shadeOf(key) : ink;
        context.fillRect(x, y, Math.max(w - 1, 0.5), ROW - 1);
        context.globalAlpha = 1;
        if (i === state.at) {
            context.strokeStyle = accent;
            context.lineWidth = 2;
            context.strokeRect(x + 1, y + 1, Math.max(w - 3, 1), ROW - 3);
        }
        if (w >= NAMED_PX) {
            context.fillStyle = ink;
            context.fillText(fit(context, box.node.name, w - 8), x + 4, y + ROW / 2);
        }
    });
}

const boxAt = (boxes, x, y) => boxes.findIndex(box => box.depth === Math.floor(y / ROW) && x >= box.x && x < box.x + box.width);

const wordsOf = (box, what) =>
    `${box.node.name} ${placeOfNode(box.node)}`.trim() + `: ${duration(box.node.ns)}, ${percent(box.share)}` +
    (box.node.count ? `, ${count(box.node.count)} ${what}` : '');

/* What keys do. Returns true where it was one of ours. */
function onKey(event, boxes, at, path, setAt, setPath) {
    switch (event.key) {
    case 'ArrowUp': case 'ArrowDown': case 'ArrowLeft': case 'ArrowRight':
        setAt(neighbour(boxes, at, event.key));
        return true;
    case 'Enter': case ' ':
        setPath(boxes[at].path);
        return true;
    case 'Escape': case 'Backspace':
        if (!path.length)
            return false;
        setPath(path.slice(0, -1));
        return true;
    default:
        return false;
    }
}

/**
 * @param {{root: import('./flame-layout.js').Node, search: string, what: string, keyOf: (node: object) => string|null,
 *     dark: string, onFound?: (ns: number) => void}} props what: what is counted ("waits", "samples"); keyOf: the state
 *     that a node is drawn in, null: in none
 */
export function Flame({ root, search, what, keyOf, dark, onFound }) {
    const canvas = useRef(null);
    const [ref, width] = useWidth();
    const [path, setPath] = useState([]);
    const [at, setAt] = useState(0);
    useEffect(() => setPath([]), [root]);
    const boxes = useMemo(() => layOut(root, path, width ? LEAST_PX / width : 0.002), [root, path, width]);
    const found = useMemo(() => matches(boxes, search), [boxes, search]);
    const height = (Math.max(0, ...boxes.map(box => box.depth)) + 1) * ROW;
    const here = Math.min(at, boxes.length - 1);
    useEffect(() => setAt(Math.min(path.length, boxes.length - 1)), [path]);
    useEffect(() => onFound && onFound(found.ns), [found.ns]);
    useEffect(() => {
        if (canvas.current && width)
            draw(canvas.current, width, height, boxes, { ...found, searched: search.trim() !== '', at: here, keyOf });
    }, [boxes, found, here, width, dark, keyOf]);
    const under = event => {
        const bounds = event.currentTarget.getBoundingClientRect();
        return boxAt(boxes, (event.clientX - bounds.left) / bounds.width, event.clientY - bounds.top);
    };
    return (
        <div class="flame">
            <p class="flame-says" aria-live="polite">
                {boxes[here] && wordsOf(boxes[here], what)}
                {path.length > 0 && <button class="quiet" onClick={() => setPath([])}>show all</button>}
            </p>
            <div ref={ref}>
                <canvas ref={canvas} tabIndex={0} role="application"
                    aria-label="Flame graph. Arrows go from function to function, Enter enlarges one, Escape goes back."
                    style={{ width: '100%', height: `${height}px` }}
                    onPointerMove={event => { const i = under(event); if (i >= 0) setAt(i); }}
                    onClick={event => { const i = under(event); if (i >= 0) setPath(boxes[i].path); }}
                    onKeyDown={event => {
                        if (onKey(event, boxes, here, path, setAt, setPath)) {
                            event.preventDefault();
                            event.stopPropagation();
                        }
                    }} />
            </div>
        </div>
    );
}
