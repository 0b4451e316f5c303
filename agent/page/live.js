// live.js: what happens now: requests and threads, without arming anything.
import { card, fill, h, table } from './dom.js';
import { clock, count, time } from './words.js';

/** "worker-3: net, 3.08 ms so far, in receive_answer". */
function whereabouts(request) {
  if (!request.thread || request.state === 'unattended') return 'no thread works for it now';
  const wait = request.wait ? `${request.wait}, ${time(request.wait_ns)} so far` : request.state;
  return `${request.thread}: ${wait}${request.function ? `, in ${request.function}` : ''}`;
}

const waits = (wait) => [wait.kind, wait.call, wait.object, wait.ns === undefined ? '' : time(wait.ns)].filter(Boolean).join(' ');

function routes(list) {
  const most = Math.max(1, ...list.map((route) => route.max_ns));
  return table([['route'], ['requests', 'number'], ['now', 'number'], ['failed', 'number'], ['p50', 'number'], ['p99', 'number'],
    ['longest', 'number'], ['']],
  list.map((route) => [route.route, count(route.count), count(route.in_flight), count(route.errors), time(route.p50_ns),
    time(route.p99_ns), time(route.max_ns),
    h('meter', { min: 0, max: most, value: route.max_ns, 'aria-label': `longest of ${route.route}` })]),
  'No request was seen since something was armed for the first time.');
}

export function requestsCard() {
  const list = h('div'), slow = h('div'), byRoute = h('div');
  const box = card('Requests now', byRoute, h('h3', null, 'In flight, the oldest first'), list, h('h3', null, 'Slowest so far'), slow);
  return {
    node: box.node,
    update(said) {
      fill(byRoute, routes(said.routes));
      fill(list, table([['request'], ['for', 'number'], ['route'], ['where it is']],
        said.in_flight.slice(0, 20).map((request) => [request.id, time(request.age_ns), request.route, whereabouts(request)]),
        'None.'));
      fill(slow, table([['request'], ['took', 'number'], ['route'], ['ended (UTC)'], ['status', 'number'], ['thread']],
        said.slowest.slice(0, 10).map((request) => [request.id, time(request.ns), request.route, clock(request.ended),
          request.status ?? '', request.thread]), 'None yet.'));
    },
  };
}

function stack(thread) {
  const names = (thread.stack || []).map((frame) => frame.function || `${frame.module}+${frame.offset}`);
  return thread.stack_unknown || names.slice(0, 4).join(' ← ') + (names.length > 4 ? ' ← …' : '');
}

/** A circle of threads, each of which waits for the next one. */
function circle(tids, threads) {
  const names = tids.map((tid) => threads.find((thread) => thread.tid === tid)?.name ?? `tid ${tid}`);
  return h('p', { class: 'bad' }, h('strong', null, 'Deadlock: '), [...names, names[0]].join(' waits for '));
}

export function threadsCard() {
  const list = h('div'), box = card('Threads now', list);
  return {
    node: box.node,
    update(said) {
      fill(list, said.deadlocks.map((tids) => circle(tids, said.threads)), table([['thread'], ['state'], ['waits for'], ['stack']],
        said.threads.slice(0, 64).map((thread) => [thread.name, h('span', { class: `state ${thread.state}` }, thread.state),
          thread.wait ? [waits(thread.wait), thread.wait.holder ? `, held by ${thread.wait.holder_name ?? thread.wait.holder}` : ''] : '',
          h('code', null, stack(thread))]), 'None is known.'),
      said.threads_total > 64 ? h('p', { class: 'quiet' }, `${count(said.threads_total - 64)} more`) : null);
    },
  };
}
