// Where answers come from: the server that served this page, or the page itself (`stallmark export --format html`).
//
// The server's token comes in the fragment of the first address (#token=…) and is taken out of the address bar at
// once; it stays in this tab's session, so that the page can be loaded again. An exported page has <script type="application/json" id="trace-data">: an object of base64 of gzip of
// each answer, by its path as asked ("/api/tiles?level=20&tile=0&rows=1,2").

const embedded = document.getElementById('trace-data');
const answers = embedded ? JSON.parse(embedded.textContent) : null;

function takeToken() {
  const found = /(?:^#|&)token=([0-9a-f]+)/.exec(location.hash);
  if (!found) return sessionStorage.getItem('stallmark-token') ?? '';
  sessionStorage.setItem('stallmark-token', found[1]);
  const rest = location.hash.slice(1).replace(/(^|&)token=[0-9a-f]+/, '').replace(/^&/, '');
  history.replaceState(null, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  return found[1];
}

const token = answers ? '' : takeToken();

/** Whether the page is a file with its data inside. */
export const isFile = answers !== null;

async function fromPage(path) {
  const packed = answers[path];
  if (packed === undefined) throw new Error('this is not in the file; open the trace itself with stallmark view');
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')));
}

async function fromServer(path, signal) {
  const response = await fetch(path, { headers: { Authorization: `Bearer ${token}` }, signal, cache: 'no-store' });
  if (response.ok) return response;
  let text = `${response.status}`;
  try {
    text = (await response.json()).error;
  } catch {
    // The status is what there is to say.
  }
  throw new Error(text);
}

const get = (path, signal) => (answers ? fromPage(path) : fromServer(path, signal));

/** An answer that is JSON. Throws an Error with what the server said. */
export const ask = async (path, signal) => (await get(path, signal)).json();

/** An answer that is bytes: an ArrayBuffer. */
export const askBytes = async (path, signal) => (await get(path, signal)).arrayBuffer();
