// api.js: asks the agent. One request at a time: it has few threads to answer with, and others want some of them.

const PATIENCE = 10000; // ms for what is asked for again and again: a process that is stopped is said to be silent

let token = null; // in memory alone: gone with the page
let last = Promise.resolve();
const wanted = new EventTarget();

/** `then` is called when a token is needed, with the reason. */
export const onTokenWanted = (then) => wanted.addEventListener('token', (event) => then(event.detail));

export const setToken = (text) => { token = text || null; };
export const hasToken = () => token !== null;

/** No token was sent, or a wrong one. Other limits are 429 too. */
const wantsToken = (status, json) => status === 401 || (status === 429 && json?.title === 'too many wrong tokens');

async function send(method, path, body, accept, signal) {
  const headers = { Accept: accept };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'text/plain';
  const answer = await fetch(path, { method, headers, body, credentials: 'omit', cache: 'no-store', signal });
  const text = await answer.text();
  const json = (answer.headers.get('Content-Type') || '').includes('json') ? JSON.parse(text) : null;
  if (wantsToken(answer.status, json))
    wanted.dispatchEvent(new CustomEvent('token', { detail: json?.title || 'a token is needed' }));
  return { ok: answer.ok, status: answer.status, json, text, why: answer.ok ? '' : json?.detail || `status ${answer.status}` };
}

/** { ok, status, json, text, why }: `why` says in words what went wrong. Never throws. */
export function ask(method, path, body, accept = 'application/json', patience = 0) {
  const signal = () => (patience ? AbortSignal.timeout(patience) : undefined);
  const mine = last.then(() => send(method, path, body, accept, signal())).catch((error) => (
    { ok: false, status: 0, json: null, text: '', why: `no answer: the process has ended, or is not to be reached (${error.message})` }));
  last = mine;
  return mine;
}

export const get = (path) => ask('GET', path, undefined, undefined, PATIENCE);
