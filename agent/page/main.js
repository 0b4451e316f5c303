// main.js: the control page: asks how things are once a second, while somebody looks, and shows it.
import { get, hasToken, onTokenWanted, setToken } from './api.js';
import { armCard } from './arm.js';
import { capturesCard } from './captures.js';
import { costCard } from './cost.js';
import { fill, h } from './dom.js';
import { requestsCard, threadsCard } from './live.js';
import { rulesCard } from './rules.js';
import { share, size, time } from './words.js';

const PERIOD = 1000, THREADS_PERIOD = 3000; // ms; all stacks are walked for the latter

const title = h('div', { class: 'title' }, h('h1', null, 'stallmark'));
const facts = h('div', { class: 'facts', role: 'status' });
const tokenBox = h('form', { class: 'card token', hidden: true });
const tabs = h('nav', { 'aria-label': 'parts' });
const parts = h('div', { class: 'parts' });

let again = () => {};
const changed = () => again();
const arm = armCard(changed), captures = capturesCard(changed), rules = rulesCard(changed);
const requests = requestsCard(), threads = threadsCard(), cost = costCard();

// Each part is asked for while it is looked at.
const PARTS = [
  ['Captures', [arm.node, captures.node]], ['Rules', [rules.node]], ['Requests', [requests.node]],
  ['Threads', [threads.node]], ['Cost', [cost.node]],
];
let open = PARTS.some(([name]) => `#${name}` === location.hash) ? location.hash.slice(1) : 'Captures';

function show(name) {
  open = name;
  history.replaceState(null, '', `#${name}`);
  fill(tabs, PARTS.map(([part]) => h('a', {
    href: `#${part}`, 'data-key': part, 'aria-current': part === open ? 'page' : null,
    onclick: (event) => { event.preventDefault(); show(part); },
  }, part)));
  parts.replaceChildren(...PARTS.find(([part]) => part === open)[1]);
  changed();
}

function head(status) {
  const recorder = status.recorder.on ? `recorder on: the last ${time(status.recorder.window_ns)}` : 'recorder off';
  fill(facts, [
    h('strong', null, status.inert ? `inert: ${status.inert}` : status.state), recorder, `pid ${status.pid}`,
    `tracer ${share(status.cost.total_ns, status.cost.process_cpu_ns)} of its CPU time`,
    `${size(status.store.bytes)} of captures`,
  ].map((part) => h('span', null, part)));
}

async function updateLists(status) {
  const list = await get('/debug/traces');
  if (list.ok) { arm.update(status, list.json.captures); captures.update(list.json.captures); }
}

async function updateRules() {
  const set = await get('/debug/trace/rules?format=json&backtest=1h');
  const ledger = await get('/debug/trace/ledger?format=json&limit=30');
  if (set.ok && ledger.ok) rules.update(set.json.rules, ledger.json.entries);
}

async function update() {
  const status = await get('/debug/trace/status');
  document.body.classList.toggle('gone', !status.ok);
  tabs.hidden = parts.hidden = !tokenBox.hidden; // without the token there is nothing to show
  if (!status.ok) { fill(facts, tokenBox.hidden ? h('span', { class: 'bad' }, status.why) : null); return; }
  head(status.json);
  if (open === 'Captures') await updateLists(status.json);
  if (open === 'Rules') await updateRules();
  if (open === 'Requests') await get('/debug/requests?format=json&max=20').then((said) => said.ok && requests.update(said.json));
  if (open === 'Threads') await get('/debug/threads?format=json').then((said) => said.ok && threads.update(said.json));
  if (open === 'Cost') cost.update(status.json);
}

/** Once a second, at once after something was done, and not while nobody looks or a token is wanted. */
function beat() {
  let timer = 0, busy = false, wanted = false;
  again = async () => {
    wanted = true;
    if (busy) return;
    clearTimeout(timer);
    busy = true;
    while (wanted) {
      wanted = false;
      try { await update(); } catch (error) { fill(facts, h('span', { class: 'bad' }, `not understood: ${error.message}`)); }
    }
    busy = false;
    if (!document.hidden && tokenBox.hidden) timer = setTimeout(again, open === 'Threads' ? THREADS_PERIOD : PERIOD);
  };
  document.addEventListener('visibilitychange', () => { if (!document.hidden) changed(); });
}

function askForToken() {
  const input = h('input', { type: 'password', id: 'token', autocomplete: 'off', size: 40 }), says = h('span', { class: 'bad', role: 'status' });
  tokenBox.append(h('label', { for: 'token' }, 'token', input), h('button', { type: 'submit', class: 'main' }, 'Open'), says,
    h('p', { class: 'quiet' }, 'What is in the file that token_file names. It stays in this page\'s memory and is gone with it.'));
  tokenBox.addEventListener('submit', (event) => {
    event.preventDefault();
    setToken(input.value);
    input.value = '';
    tokenBox.hidden = true;
    changed();
  });
  onTokenWanted((why) => {
    says.textContent = hasToken() ? why : '';
    tokenBox.hidden = false;
    if (document.activeElement === document.body) input.focus();
  });
}

title.append(facts);
document.getElementById('page').replaceChildren(title, tokenBox, tabs, parts);
askForToken();
beat();
show(open);
