/* theme.js: light or dark, by choice or as the reader's system is; and the colours that a canvas needs. */
import { applyColours, colourOf } from './colours.js';

const KEPT_AS = 'stallmark-theme';
const DARK = '(prefers-color-scheme: dark)';

export const isDark = (theme, window) => theme === 'dark' || (theme === 'auto' && window.matchMedia(DARK).matches);

function kept(window) {
    try {
        return window.localStorage.getItem(KEPT_AS);
    } catch {
        return null; /* a page from a file, or one that may keep nothing */
    }
}

function keep(window, theme) {
    try {
        window.localStorage.setItem(KEPT_AS, theme);
    } catch {
        /* then it is chosen again next time */
    }
}

/** Follows the store's theme from now on. */
export function followTheme(store, window) {
    const root = window.document.documentElement;
    const apply = () => {
        const dark = isDark(store.get().theme, window);
        root.classList.toggle('dark', dark);
        applyColours(root.style, dark);
    };
    const before = kept(window);
    if (before === 'light' || before === 'dark') store.set({ theme: before });
    apply();
    store.subscribe((state, old) => {
        if (state.theme === old.theme) return;
        keep(window, state.theme);
        apply();
    });
    window.matchMedia(DARK).addEventListener('change', () => {
        apply();
        store.set({}); /* the canvas is painted again */
    });
}

/* What is painted and is not a state. */
const PAINTED = {
    light: {
        grid: '#eef0ef',
        hairline: '#dfe2e4',
        tintStrong: '#9db8e2',
        sample: '#4d5a66',
        range: 'rgba(29,86,216,.09)',
        gap: '#b9bec4',
        onAccent: '#ffffff',
    },
    dark: {
        grid: '#22272c',
        hairline: '#3a4046',
        tintStrong: '#5f86b8',
        sample: '#a9b4be',
        range: 'rgba(122,167,255,.14)',
        gap: '#4d555d',
        onAccent: '#10141a',
    },
};

const themes = new Map();

/** The theme of a scene (timeline/scene.js). @param {() => CSSStyleDeclaration} styleOf */
export function paintedTheme(dark, styleOf) {
    if (!themes.has(dark)) themes.set(dark, readTheme(dark, styleOf()));
    return themes.get(dark);
}

function readTheme(dark, style) {
    const names = ['bg', 'panel', 'text', 'faint', 'line', 'tint', 'accent', 'bad', 'hover'];
    const css = Object.fromEntries(names.map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
    const states = { unknown: colourOf('unknown', dark), unseen: colourOf('unseen', dark) };
    return { dark, ...states, ...css, ...PAINTED[dark ? 'dark' : 'light'] };
}
