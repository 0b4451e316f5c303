/* shell-help.jsx: keys and pointer, in one dialog. */
import { useEffect, useRef } from 'preact/hooks';

import { KEYS } from './keys.js';
import { actions } from './state.js';
import { useStore } from './use-store.js';

const POINTER = [
    ['wheel', 'zoom at the pointer'],
    ['shift + wheel, sideways', 'earlier, later'],
    ['alt + wheel', 'rows up and down'],
    ['drag', 'move the picture'],
    ['drag on the axis, shift + drag', 'select a stretch of time: sums per state'],
    ['click', 'what this is, and what everybody did then'],
    ['double click', 'zoom to it'],
    ['drag in the strip above', 'move or choose the view'],
];
const SHOWN = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' };

export function Help() {
    const open = useStore(state => state.help),
        dialog = useRef();
    useEffect(() => {
        if (open && !dialog.current.open) dialog.current.showModal();
        else if (!open && dialog.current.open) dialog.current.close();
    }, [open]);
    return (
        <dialog
            class="help"
            ref={dialog}
            onClose={() => actions.help(false)}
            aria-labelledby="help-title"
            onClick={event => event.target === dialog.current && actions.help(false)}>
            <h2 id="help-title">Keys and pointer</h2>
            <div class="help-columns">
                <dl>
                    {KEYS.map(([keys, text]) => (
                        <div key={text}>
                            <dt>
                                {keys.map(key => (
                                    <kbd key={key}>{SHOWN[key] || key}</kbd>
                                ))}
                            </dt>
                            <dd>{text}</dd>
                        </div>
                    ))}
                </dl>
                <dl>
                    {POINTER.map(([what, text]) => (
                        <div key={what}>
                            <dt>{what}</dt>
                            <dd>{text}</dd>
                        </div>
                    ))}
                    <div>
                        <dt>
                            a row's name, then <kbd>←</kbd>
                            <kbd>→</kbd>
                        </dt>
                        <dd>walk through what the row has</dd>
                    </div>
                </dl>
            </div>
            <form method="dialog">
                <button class="button">Close</button>
            </form>
        </dialog>
    );
}
