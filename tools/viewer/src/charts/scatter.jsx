/* scatter.jsx: a dot for each request: when it began, how long it took. A box around some of them makes a table of these. */
import { useEffect, useRef, useState } from 'preact/hooks';

import { count, duration } from '../format.js';
import { dragBox } from './drag.js';
import { linearScale, logBounds, logScale, logTicks } from './scale.js';
import { prepare, property, useWidth } from './size.js';
import { nearest, thin } from './points.js';

const HEIGHT = 120;

function draw(canvas, width, points, scales, route, chosenId, view) {
    const context = prepare(canvas, width, HEIGHT);
    const text = property(canvas, '--text'), accent = property(canvas, '--accent'), tint = property(canvas, '--tint');
    const x0 = scales.x.to(view.t0), x1 = scales.x.to(view.t1);
    if (x1 - x0 < width - 1) {
        context.globalAlpha = 0.55;
        context.fillStyle = tint;
        context.fillRect(x0, 0, Math.max(x1 - x0, 2), HEIGHT);
    }
    for (const i of thin(points, scales.x.to, scales.y.to, width)) {
        const lit = route !== null && points.route[i] === route;
        context.globalAlpha = lit ? 0.9 : route === null ? 0.45 : 0.15;
        context.fillStyle = lit ? accent : text;
        context.fillRect(scales.x.to(points.at[i]) - 1.25, scales.y.to(points.ns[i]) - 1.25, 2.5, 2.5);
    }
    const at = points.id.indexOf(chosenId);
    if (chosenId !== null && at >= 0) {
        context.globalAlpha = 1;
        context.strokeStyle = accent;
        context.lineWidth = 2;
        context.beginPath();
        context.arc(scales.x.to(points.at[at]), scales.y.to(points.ns[at]), 5, 0, 7);
        context.stroke();
    }
    context.globalAlpha = 1;
}

/* The places of what is named, with the pointer's box above. */
function Axis({ scales, least, most }) {
    return logTicks(least, most).map(tick => (
        <span key={tick} class="tick" style={{ top: `${scales.y.to(tick)}px` }}><span>{duration(tick).replace(/\.0+ /, ' ')}</span></span>
    ));
}

/**
 * @param {{points: import('./points.js').Points, of: number, from: number, to: number, route: number|null, chosenId: number|null,
 *     view: {t0: number, t1: number}, dark: boolean, onPoint: (i: number) => void,
 *     onBox: (box: {t0: number, t1: number, min: number, max: number}) => void}} props
 */
export function Scatter({ points, of, from, to, route, chosenId, view, dark, onPoint, onBox }) {
    const canvas = useRef(null);
    const [ref, width] = useWidth();
    const [box, setBox] = useState(null);
    const [near, setNear] = useState(-1);
    let low = Infinity, high = 0;
    for (const ns of points.ns) {
        low = Math.min(low, ns);
        high = Math.max(high, ns);
    }
    const { least, most } = logBounds(low, high);
    const scales = { x: linearScale(from, to, width || 1), y: logScale(least, most, HEIGHT, true) };
    useEffect(() => {
        if (canvas.current && width)
            draw(canvas.current, width, points, scales, route, chosenId, view);
    }, [points, width, route, chosenId, view, dark, from, to]);
    const place = event => {
        const bounds = event.currentTarget.getBoundingClientRect();
        return nearest(points, event.clientX - bounds.left, event.clientY - bounds.top, scales.x.to, scales.y.to);
    };
    const begin = dragBox({
        onMove: setBox,
        onBox: b => onBox({
            t0: scales.x.from(b.x0), t1: scales.x.from(b.x1), min: scales.y.from(b.y1), max: scales.y.from(b.y0),
        }),
        onClick: (x, y) => {
            const i = nearest(points, x, y, scales.x.to, scales.y.to);
            if (i >= 0)
                onPoint(i);
        },
    });
    const says = `${count(of)} requests over time, from ${duration(low)} to ${duration(high)}. ` +
        'The table of requests has the same in words.';
    return (
        <div class="scatter" ref={ref} style={{ height: `${HEIGHT}px` }}>
            <canvas ref={canvas} role="img" aria-label={says} style={{ width: '100%', height: `${HEIGHT}px` }}
                onPointerDown={begin} onPointerMove={event => setNear(place(event))} onPointerLeave={() => setNear(-1)} />
            <Axis scales={scales} least={least} most={most} />
            {box && <span class="box" style={{
                left: `${box.x0}px`, top: `${box.y0}px`, width: `${box.x1 - box.x0}px`, height: `${box.y1 - box.y0}px`,
            }} />}
            {near >= 0 && !box && <span class={scales.x.to(points.at[near]) > width / 2 ? 'tip before' : 'tip'} style={{
                left: `${scales.x.to(points.at[near])}px`, top: `${scales.y.to(points.ns[near])}px`,
            }}>{duration(points.ns[near])}</span>}
        </div>
    );
}
