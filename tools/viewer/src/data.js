/* data.js: questions to whoever has the trace: the server of `stallmark view`, or the data that `stallmark export
 * --format html` put into this very page.
 *
 * The server's token comes in the address's fragment (`#token=…`), which a browser sends to nobody. Answers that do
 * not change are kept, the last ANSWERS_KEPT of them.
 */
import { AnswerError } from './answer-error.js';
import { embeddedBackend } from './data-embedded.js';

const ANSWERS_KEPT = 200;

export { AnswerError };

/** "/api/at?rows=1%2C2&time=5": in the order of the names, so that the same question is the same text. */
export function address(path, query = {}) {
    const names = Object.keys(query)
        .filter(name => query[name] !== null && query[name] !== undefined)
        .sort();
    const text = names.map(name => `${name}=${encodeURIComponent(String(query[name]))}`).join('&');
    return text ? `${path}?${text}` : path;
}

async function problemOf(response) {
    let said = '';
    try {
        said = (await response.json()).error || '';
    } catch {
        /* no JSON: the status has to do */
    }
    if (response.status === 401 || response.status === 403)
        said = said || 'the viewer does not know this page: open the address that stallmark view printed';
    return new AnswerError(said || `${response.status} ${response.statusText}`, response.status);
}

/** @param {string} token @param {typeof fetch} [fetcher] */
export function serverBackend(token, fetcher = (...args) => fetch(...args)) {
    async function get(where, signal) {
        let response;
        try {
            const headers = token ? { Authorization: `Bearer ${token}` } : {};
            response = await fetcher(where, { headers, signal, cache: 'no-store' });
        } catch (error) {
            if (error.name === 'AbortError') throw error;
            throw new AnswerError('the viewer has ended: start stallmark view again', 0);
        }
        if (!response.ok) throw await problemOf(response);
        return response;
    }
    return {
        embedded: false,
        json: async (where, signal) => (await get(where, signal)).json(),
        binary: async (where, signal) => (await get(where, signal)).arrayBuffer(),
    };
}

let backend = null;
const answers = new Map();

export function useBackend(one) {
    backend = one;
    answers.clear();
}

export const isEmbedded = () => !!backend && backend.embedded;

/** The page's own data where it has any, else the server. */
export function chooseBackend(document, token) {
    const element = document.getElementById('trace-data');
    useBackend(element ? embeddedBackend(JSON.parse(element.textContent)) : serverBackend(token));
}

/**
 * A JSON answer, kept. Throws AnswerError.
 * @param {string} path "/api/item" @param {Object<string, any>} [query]
 */
export function ask(path, query) {
    const where = address(path, query);
    let answer = answers.get(where);
    if (answer) {
        answers.delete(where);
    } else {
        answer = backend.json(where);
        answer.catch(() => answers.delete(where));
    }
    answers.set(where, answer);
    if (answers.size > ANSWERS_KEPT) answers.delete(answers.keys().next().value);
    return answer;
}

/** The same, asked anew each time: what changes while the server works. */
export const askAnew = (path, query, signal) => backend.json(address(path, query), signal);

/** @returns {Promise<ArrayBuffer>} */
export const askBinary = (path, query, signal) => backend.binary(address(path, query), signal);

/** An answer of which an exported page may have nothing better. */
export const sayAtLeast = (path, query, answer) => backend.say && backend.say(address(path, query), answer);

/** What was kept may have been said before the trace was known whole. */
export const forgetAnswers = () => answers.clear();
