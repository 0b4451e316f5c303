/* tooltip.jsx: what is under the pointer, in two lines. */
import { nameOf } from '../colours.js';
import { count, counterValue, duration, time } from '../format.js';
import { FLAG, flagsOf, keyOfLook, stateOf } from '../look.js';
import { useTimes } from '../use-store.js';

const NOTES = [
    [FLAG.gap, 'not recorded'],
    [FLAG.unseen, 'began before'],
    [FLAG.open, 'not ended'],
    [FLAG.whole, 'the whole call'],
    [FLAG.failed, 'failed'],
    [FLAG.estimated, 'estimated'],
];

/** The first line and what stands after it. */
function linesOf({ slot, hit }, label) {
    if (slot.request) return [slot.request.route || 'request', duration(slot.request.to - slot.request.from), ''];
    const flags = flagsOf(hit.look),
        notes = NOTES.filter(([flag]) => flags & flag).map(([, note]) => note);
    if (flags & FLAG.together) notes.push(`${count(hit.merged)} drawn together: zoom in`);
    const length = slot.kind === 'counter' || hit.to === hit.from ? '' : duration(hit.to - hit.from);
    const state = slot.kind === 'thread' && stateOf(hit.look) !== 15 ? nameOf(keyOfLook(hit.look)) : '';
    const value = hit.value === null ? '' : counterValue(slot.row, hit.value);
    const what =
        [state, label, value].filter(Boolean).join(' ') || (slot.kind === 'samples' ? 'CPU sample' : slot.kind);
    return [what, length, notes.join(' · ')];
}

export function Tooltip({ controller }) {
    const { tip } = controller,
        times = useTimes();
    if (!tip) return null;
    const [what, length, notes] = linesOf(tip, tip.hit ? controller.labels.get(tip.hit.label) : '');
    const from = tip.slot.request ? tip.slot.request.from : tip.hit.from;
    const right = tip.clientX > window.innerWidth - 340,
        low = tip.clientY > window.innerHeight - 120;
    return (
        <div
            class="tl-tip"
            role="tooltip"
            style={{
                left: right ? 'auto' : `${tip.clientX + 14}px`,
                right: right ? `${window.innerWidth - tip.clientX + 14}px` : 'auto',
                top: low ? 'auto' : `${tip.clientY + 16}px`,
                bottom: low ? `${window.innerHeight - tip.clientY + 12}px` : 'auto',
            }}>
            <div>
                <b>{what}</b> {length && <span class="num">{length}</span>}
            </div>
            <div class="faint">
                {tip.slot.row ? `${tip.slot.row.name} · ` : ''}
                {time(from, times, 2)}
            </div>
            {notes && <div class="faint">{notes}</div>}
        </div>
    );
}
