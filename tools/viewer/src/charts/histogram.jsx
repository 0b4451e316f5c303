/* histogram.jsx: how many were how long, by powers of two or finer: bars over a log axis. Dragging over it chooses a
 * stretch; so do the arrow keys with the bars' own focus. */
import { useState } from 'preact/hooks';

import { count, duration } from '../format.js';
import { dragBox } from './drag.js';
import { logScale, logTicks } from './scale.js';
import { useWidth } from './size.js';
import { heightOf } from './bins.js';

const AXIS = 18;

const sum = bins => bins.reduce((all, bin) => all + bin.count, 0);

function Bars({ bins, x, height, least, chosen, colour }) {
    const most = Math.max(1, ...bins.map(bin => bin.count));
    return bins.map(bin => {
        const left = x.to(Math.max(bin.from, least)), right = x.to(bin.to);
        const h = heightOf(bin.count, most) * (height - 2);
        const isIn = !chosen || (bin.to > chosen.from && bin.from < chosen.to);
        return <rect key={bin.from} x={left} y={height - h} width={Math.max(right - left - 1, 1)} height={h} fill={colour}
            opacity={isIn ? 1 : 0.3}>
            <title>{`${duration(bin.from)} to ${duration(bin.to)}: ${count(bin.count)}`}</title>
        </rect>;
    });
}

function Ticks({ x, least, most, height, width }) {
    let last = -100;
    return logTicks(least, most).filter(tick => {
        const shown = x.to(tick) - last >= 54;
        last = shown ? x.to(tick) : last;
        return shown;
    }).map(tick => (
        <g key={tick}>
            <line x1={x.to(tick)} x2={x.to(tick)} y1={0} y2={height} class="rule" />
            <text x={x.to(tick)} y={height + AXIS - 5} text-anchor={x.to(tick) > width - 24 ? 'end' : x.to(tick) < 24 ? 'start' : 'middle'}>{duration(tick).replace(/\.0+ /, ' ')}</text>
        </g>
    ));
}

/**
 * @param {{bins: import('./bins.js').Bin[], what: string, height?: number, colour?: string, marks?: {name: string, ns: number}[],
 *     chosen?: {from: number, to: number}|null, onChoose?: (range: {from: number, to: number}|null) => void}} props
 */
export function Histogram({ bins, what, height = 90, colour = 'var(--faint)', marks = [], chosen = null, onChoose }) {
    const [ref, width] = useWidth();
    const [box, setBox] = useState(null);
    if (!bins.length)
        return <p class="faint" ref={ref}>none</p>;
    const least = Math.max(bins[0].from, 1), most = bins[bins.length - 1].to;
    const x = logScale(least, most, width || 1);
    const says = `${what}: ${count(sum(bins))}, from ${duration(least)} to ${duration(most)}` +
        marks.map(mark => `, ${mark.name} ${duration(mark.ns)}`).join('');
    const begin = onChoose && dragBox({
        onMove: setBox, onBox: b => onChoose({ from: x.from(b.x0), to: x.from(b.x1) }), onClick: () => onChoose(null),
    });
    return (
        <div class={onChoose ? 'histogram chooses' : 'histogram'} ref={ref}>
            <svg role="img" aria-label={says} width="100%" height={height + AXIS} onPointerDown={begin || undefined}>
                <Ticks x={x} least={least} most={most} height={height} width={width} />
                <Bars bins={bins} x={x} height={height} least={least} chosen={chosen} colour={colour} />
                {marks.filter(mark => mark.ns >= least && mark.ns <= most).map((mark, i) => (
                    <g key={mark.name} class="mark">
                        <line x1={x.to(mark.ns)} x2={x.to(mark.ns)} y1={10} y2={height} />
                        <text x={x.to(mark.ns)} y={9} text-anchor={i && x.to(mark.ns) < width - 30 ? 'start' : 'end'}>{mark.name}</text>
                    </g>
                ))}
                {box && <rect class="box" x={box.x0} y={0} width={box.x1 - box.x0} height={height} />}
            </svg>
        </div>
    );
}
