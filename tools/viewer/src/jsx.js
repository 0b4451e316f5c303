/* jsx.js: what JSX is made into; build.mjs puts it into every module. The names are such that no variable hides them. */
export { Fragment as PreactFragment, h as preactElement } from 'preact';
