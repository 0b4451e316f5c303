/* shell-head.jsx: what this trace is, search, links, pictures, theme. */
import { isEmbedded } from './data.js';
import { download, pngOf, svgOf } from './export-image.js';
import { count, duration, percent, time } from './format.js';
import { Search } from './shell-search.jsx';
import { actions, store } from './state.js';
import { controller } from './timeline/current.js';
import { linkOf } from './url.js';
import { useStore, useTimes } from './use-store.js';

function nameOfTrace(info) {
    const processes = Array.isArray(info.processes) ? info.processes : [];
    const pid = processes.length === 1 && processes[0].pid ? ` · ${processes[0].pid}` : '';
    const others = processes.length > 1 ? ` · ${count(processes.length)} processes` : '';
    return `${info.program || info.capture || 'trace'}${pid}${others}`;
}

/* In the order in which they matter: the line is cut at its end where there is no room. */
function Facts({ info }) {
    const times = useTimes();
    const lost = info.lost || 0;
    return (
        <span class="head-facts">
            {time(0, times)} → {time(info.duration_ns, times)} · {duration(info.duration_ns)} ·{' '}
            {count(info.events || 0)} events
            {' · '}
            <span class={lost ? 'bad' : ''}>{lost ? `${count(lost)} lost` : 'nothing lost'}</span>
            {typeof info.cost === 'number' && ` · tracer ${percent(info.cost)} of CPU`}
            {info.complete === false && <span class="bad"> · the file is cut short</span>}
            {info.thinned && <span title={info.thinned}> · exported small</span>}
        </span>
    );
}

async function copyLink() {
    const link = isEmbedded() ? window.location.href : linkOf(store.get(), window.location);
    try {
        await navigator.clipboard.writeText(link);
        actions.notify(
            isEmbedded()
                ? 'Copied: the link opens this place in this file.'
                : 'Copied. The link works for whoever has this viewer running, and asks for its key.',
        );
    } catch {
        actions.notify(link);
    }
}

async function picture(kind) {
    try {
        const blob = kind === 'png' ? await pngOf(controller) : svgOf(controller);
        const name = (store.get().info.program || 'trace').replace(/[^\w.-]+/g, '-').slice(0, 60);
        download(blob, `${name}.${kind}`);
        actions.notify(`Saved ${name}.${kind}`);
    } catch (error) {
        actions.notify(`No picture: ${error.message}`);
    }
}

const THEMES = { auto: 'light', light: 'dark', dark: 'auto' };
const THEME_SIGNS = { auto: '◐', light: '○', dark: '●' };

function Buttons() {
    const theme = useStore(state => state.theme);
    return (
        <>
            <button class="button" onClick={copyLink} title="A link to what is on screen">
                Copy link
            </button>
            <button class="button" onClick={() => picture('png')} title="The picture of the timeline as PNG">
                PNG
            </button>
            <button class="button" onClick={() => picture('svg')} title="The picture of the timeline as SVG">
                SVG
            </button>
            <button
                class="button"
                onClick={() => actions.setTheme(THEMES[theme])}
                title={`Theme: ${theme}`}
                aria-label={`Theme: ${theme}. Change`}>
                {THEME_SIGNS[theme]}
            </button>
            <button class="button" onClick={() => actions.help(true)} title="Keys and pointer (?)" aria-label="Help">
                ?
            </button>
        </>
    );
}

export function Head() {
    const info = useStore(state => state.info);
    return (
        <header class="head">
            <b class="brand">stallmark</b>
            {info && (
                <span class="head-name" title={info.capture || ''}>
                    {nameOfTrace(info)}
                </span>
            )}
            {info ? <Facts info={info} /> : <span class="head-facts" />}
            {info && <Search />}
            {info && <Buttons />}
        </header>
    );
}
