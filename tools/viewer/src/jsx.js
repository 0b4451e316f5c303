/* jsx.js: what JSX is made into; build.mjs puts it into every module. */
export { Fragment, h } from 'preact';
