/* pieces.jsx: what panels and details are put together from. */
import { cssOf } from '../colours.js';

/** A square in a state's colour. @param {{of: import('../colours.js').StateKey}} props */
export const Swatch = ({ of }) => <span class="swatch" style={{ background: cssOf(of) }} aria-hidden="true" />;

/** In front of what opens and closes, which says so by aria-expanded. */
export const Fold = ({ open }) => <span class="fold" aria-hidden="true">{open ? '▾' : '▸'}</span>;

/** A button that reads like text. */
export const Go = ({ to, children, ...rest }) => <button class="quiet" onClick={to} {...rest}>{children}</button>;

export const Faint = ({ children }) => <p class="faint">{children}</p>;

/** Said where one would look for what was asked for. */
export const Unknown = ({ error }) => <Faint>unknown ({error})</Faint>;

export const Busy = ({ children }) => <p class="faint pad" role="status">{children || 'reading …'}</p>;

/** Small capitals above a list; `more` is said beside it, in plain letters. */
export const Caption = ({ children, more }) => <h3 class="caption">{children} {more && <span class="plain">{more}</span>}</h3>;

/** Names with figures. @param {{of: [string, any][]}} props */
export const Figures = ({ of }) => (
    <dl class="figures-seen">{of.map(([name, value]) => <div key={name}><dt>{name}</dt><dd class="num">{value}</dd></div>)}</dl>
);

/** One of several. @param {{label: string, of: [any, string][], is: any, onChoose: (value: any) => void}} props */
export const Choice = ({ label, of, is, onChoose }) => (
    <span class="choice" role="group" aria-label={label}>{of.map(([value, name]) => (
        <button key={value} aria-pressed={is === value} onClick={() => onChoose(value)}>{name}</button>
    ))}</span>
);
