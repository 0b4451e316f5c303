/* frames.jsx: a stack with files and lines. */
import { Caption, Faint } from '../panels/pieces.jsx';

/* Functions that were inlined stand as frames of their own. */
export function framesOf(stack) {
    const frames = [];
    for (const frame of stack || []) {
        frames.push(frame);
        for (const outer of frame.inlined_into || [])
            frames.push({ ...outer, module: frame.module, outer: true });
    }
    return frames;
}

const moduleName = path => (path || '').split('/').pop();

/** @param {{stack: object[]|null, of?: string, why?: string}} props why: said where there is none */
export function Frames({ stack, of = 'Stack', why = 'no stack was taken' }) {
    const frames = framesOf(stack);
    if (!frames.length)
        return <section><Caption>{of}</Caption><Faint>unknown ({why})</Faint></section>;
    return (
        <section>
            <Caption>{of}</Caption>
            <ol class="frames">
                {frames.map((frame, i) => (
                    <li key={i} class={frame.file ? '' : 'foreign'} title={frame.module || ''}>
                        <span class="function">{frame.function}{frame.outer ? ' (inlined)' : ''}</span>
                        <span class="place">{frame.file ? `${frame.file}:${frame.line}` : moduleName(frame.module)}</span>
                    </li>
                ))}
            </ol>
        </section>
    );
}
