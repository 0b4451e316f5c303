/* item-words.js: an item of the timeline in words. Pure. */
import { keyOfNames, nameOf } from '../colours.js';
import { duration, shortPath } from '../format.js';

/** "render_log log.c:118". */
export const placeText = at => (at && at.function ? at.function + (at.file ? ` ${at.file}:${at.line}` : '') : '');

/** The large line. The server's own words, a long path by its end (all of it is beneath); where it has none, the
 * state's. Pure. */
export function headline(item) {
    if (item.says)
        return shortPath(item.says);
    const key = keyOfNames(item.state, item.kind);
    return `${duration(item.ns)} ${nameOf(key)}`;
}

/** Why there is no stack: said where one looks for it. Pure. */
export function whyNoStack(item) {
    if (item.state === 'running')
        return 'no CPU sample fell into it';
    if (item.state === 'runnable')
        return 'it was ready and had no CPU: nothing of it ran';
    return 'none was taken: short waits have none';
}
