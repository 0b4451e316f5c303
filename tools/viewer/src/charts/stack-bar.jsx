/* stack-bar.jsx: parts of a whole as one bar. */
import { cssOf } from '../colours.js';
import { duration, percent } from '../format.js';
import { widthsOf } from './widths.js';

/** @typedef {{key: string, name: string, ns: number}} Part key: of a state, colours.js */

/** @param {{parts: Part[], scale: number, what: string, onPart?: (i: number) => void, slim?: boolean}} props */
export function StackBar({ parts, scale, what, slim = false }) {
    const whole = parts.reduce((all, part) => all + part.ns, 0);
    const widths = widthsOf(parts, scale);
    const says = `${what}, ${duration(whole)}: ` +
        parts.filter(part => part.ns > 0).map(part => `${part.name} ${duration(part.ns)} (${percent(part.ns / whole)})`).join(', ');
    return (
        <div class={slim ? 'stack slim' : 'stack'} role="img" aria-label={says}>
            {parts.map((part, i) => (
                <span key={i} class={`part p-${part.key}`} title={`${part.name}: ${duration(part.ns)}, ${percent(part.ns / whole)}`}
                    style={{ width: `${widths[i]}%`, backgroundColor: part.colour || cssOf(part.key) }} />
            ))}
        </div>
    );
}
