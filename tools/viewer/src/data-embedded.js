/* data-embedded.js: the answers that a page from `stallmark export --format html` has in itself.
 *
 * An object of base64 of gzip of each answer, by the path that would have asked for it with its parameters in the order
 * of their names; a tile has all rows and its path none; the labels are one answer (docs/viewer-api.md). What is not
 * there under its parameters is taken from the answer without them; what is not there at all was left out to keep the
 * file small, and is said so.
 */
import { AnswerError } from './answer-error.js';
import { hitsOf, momentOf, sumsOf } from './data-embedded-picture.js';

const TILES = '/api/tiles',
    LABELS = '/api/labels',
    REQUESTS = '/api/requests';
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

/* The list has the slowest of all, slowest first. */
export function requestsBetween({ requests }, query) {
    const number = (name, plain) => Number(query.get(name) ?? plain),
        route = query.get('route');
    const some = requests.filter(
        one =>
            one.to >= number('t0', 0) &&
            one.from <= number('t1', Infinity) &&
            one.ns >= number('min_ns', 0) &&
            one.ns <= number('max_ns', Infinity) &&
            (!route || one.route === route),
    );
    if (query.get('sort') === 'newest') some.sort((a, b) => b.to - a.to);
    const offset = number('offset', 0);
    return { total: some.length, requests: some.slice(offset, offset + number('limit', 100)) };
}

/** @param {Object<string, string>} answers */
export function embeddedBackend(answers) {
    /* An answer about a stretch of time, or a route, is nothing that all of the trace answers. */
    async function bytesOf(where) {
        const name = nameOfAnswer(where);
        const packed = answers[name] ?? (/[?&](t0|route)=/.test(name) ? undefined : answers[name.split('?')[0]]);
        if (packed === undefined)
            throw new AnswerError(
                'not in this file, which was exported small: open the trace itself with stallmark view',
                404,
            );
        return unpack(packed);
    }
    const said = new Map(); /* what the picture itself says of items that are not in the file whole */
    const page = {
        embedded: true,
        binary: bytesOf,
        say: (where, answer) => said.set(where, answer),
        async json(where) {
            const [path, parameters] = where.split('?'),
                query = new URLSearchParams(parameters),
                number = name => Number(query.get(name));
            if (!(where in answers) && said.has(where)) return said.get(where);
            switch (path) {
                case '/api/progress':
                    return READY;
                case '/api/at':
                    return momentOf(page, number('time'));
                case '/api/sums':
                    return sumsOf(page, number('t0'), number('t1'));
                case '/api/search':
                    return hitsOf(page, query.get('q'));
            }
            const whole = path === REQUESTS && parameters;
            const answer = JSON.parse(new TextDecoder().decode(await bytesOf(whole ? path : where)));
            return whole ? requestsBetween(answer, query) : answer;
        },
    };
    return page;
}
