/* chain-words.js: links of the chain of `stallmark request`, in its words. Pure. */
import { keyOfNames } from '../colours.js';

const SHOWN = 3;

/** "worker-15, worker-14 and 6 more". @param {{name: string}[]} threads */
export function threadsText(threads) {
    const names = threads.slice(0, SHOWN).map(thread => thread.name).join(', ');
    return threads.length > SHOWN ? `${names} and ${threads.length - SHOWN} more` : names;
}

const isOwn = frame => frame.file && !/^(pthread_|clone|start_thread|libc)/.test(frame.file) && frame.function !== 'start_thread';

/** The innermost frame that has a file: where it says something to who wrote the program. */
export function placeOf(stack) {
    const frame = (stack || []).find(isOwn) || (stack || [])[0];
    if (!frame)
        return '';
    return frame.file ? `${frame.function} ${frame.file}:${frame.line}` : frame.function;
}

/** What a link says, without its place. */
export function linkText(link, depth) {
    const who = threadsText(link.threads || []);
    switch (link.what) {
    case 'wait': return `${depth === 0 ? 'it waited' : 'waited'} for ${link.kind} ${link.for || ''}`.trim();
    case 'holder': return `${link.inferred ? 'held up' : 'held'} by ${who}`;
    case 'ran': return `${who} ran`;
    case 'ready': return `${who} was ready and had no CPU`;
    case 'wake': return 'nobody held it any more: from the unlock until it ran';
    case 'circle': return `waited for ${who || 'somebody'} further up: a circle`;
    default: return 'not known';
    }
}

/** The state that a link is drawn in. */
export function keyOfLink(link) {
    switch (link.what) {
    case 'wait': return keyOfNames('waiting', link.kind);
    case 'ran': return 'running';
    case 'ready': case 'wake': return 'ready';
    case 'circle': return 'lock';
    default: return 'unknown';
    }
}

/** The step of a request that a link at the top stands for: its longest such wait. Null: it is not among the steps. */
export function stepOfLink(link, steps) {
    let best = null;
    const place = placeOf(link.stack);
    for (const step of steps) {
        const { wait } = step;
        if (!wait || wait.kind !== link.kind || (link.for && wait.for !== link.for) || placeOf(wait.stack) !== place)
            continue;
        if (!best || step.to_ns - step.from_ns > best.to_ns - best.from_ns)
            best = step;
    }
    return best;
}
