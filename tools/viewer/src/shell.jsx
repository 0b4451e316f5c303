/* shell.jsx: the frame: head, sides, timeline, bottom. */
import { Bottom, Left, Right } from './panels/index.jsx';
import { useStore } from './use-store.js';

export function Shell() {
    const panel = useStore(state => state.panel);
    return (
        <div class="shell">
            <aside class="side left"><Left /></aside>
            <main class="middle" />
            <aside class="side right"><Right /></aside>
            <section class={panel ? 'bottom open' : 'bottom'}><Bottom /></section>
        </div>
    );
}
