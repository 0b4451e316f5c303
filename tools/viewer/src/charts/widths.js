/* widths.js: parts of a bar. */

/** Widths in percent of `scale`, so that two bars beside each other are of one scale. Pure. */
export const widthsOf = (parts, scale) => parts.map(part => (scale > 0 ? part.ns / scale * 100 : 0));
