/* legend.jsx: what each colour is called; a click switches it off and on. */
import { cssOf, LEGEND, nameOf } from '../colours.js';
import { actions } from '../state.js';
import { useStore } from '../use-store.js';
import { useController } from './use-controller.js';

export function Legend({ controller }) {
    useController(controller, 'legend');
    const off = useStore(state => state.off);
    return (
        <div class="tl-legend" role="group" aria-label="States: click to hide or show">
            {LEGEND.filter(key => controller.seen.has(key)).map(key => (
                <button
                    key={key}
                    aria-pressed={!off.includes(key)}
                    class={off.includes(key) ? 'off' : ''}
                    title={off.includes(key) ? `Show ${nameOf(key)}` : `Hide ${nameOf(key)}`}
                    onClick={() => actions.toggleState(key)}>
                    <span class={`swatch p-${key}`} style={{ backgroundColor: cssOf(key) }} />
                    {nameOf(key)}
                </button>
            ))}
        </div>
    );
}
