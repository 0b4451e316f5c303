/* data-embedded.js: the answers that a page from `stallmark export --format html` has in itself.
 *
 * An object of base64 of gzip of each answer, by the path that would have asked for it with its parameters in the order
 * of their names; a tile has all rows and its path none; the labels are one answer (docs/viewer-api.md). What is not
 * there was left out to keep the file small, and is said so.
 */
import { AnswerError } from './answer-error.js';

const TILES = '/api/tiles',
    LABELS = '/api/labels',
    PROGRESS = '/api/progress';
const READY = { state: 'ready', done: 1, total: 1, known_to: null, error: null, serial: 1 };

async function unpack(packed) {
    const bytes = Uint8Array.from(atob(packed), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream).arrayBuffer();
}

/* The name of the answer to a question. */
export function nameOfAnswer(where) {
    const at = where.indexOf('?'),
        path = at < 0 ? where : where.slice(0, at);
    if (path === LABELS) return path;
    if (path !== TILES) return where;
    const query = new URLSearchParams(where.slice(at));
    return `${path}?level=${query.get('level')}&tile=${query.get('tile')}`;
}

/** @param {Object<string, string>} answers */
export function embeddedBackend(answers) {
    async function bytesOf(where) {
        const packed = answers[nameOfAnswer(where)];
        if (packed === undefined)
            throw new AnswerError(
                'not in this file, which was exported small: open the trace itself with ' + 'stallmark view',
                404,
            );
        return unpack(packed);
    }
    return {
        embedded: true,
        binary: bytesOf,
        async json(where) {
            if (where.startsWith(PROGRESS)) return READY;
            return JSON.parse(new TextDecoder().decode(await bytesOf(where)));
        },
    };
}
