// arm.js: begins and ends captures: timed ones, and snapshots of the flight recorder.
import { ask } from './api.js';
import { button, card, fill, h } from './dom.js';
import { count, size, time } from './words.js';

const CATEGORIES = ['sched', 'lock', 'cond', 'net', 'poll', 'disk', 'sleep', 'memory', 'join', 'alloc', 'cpu', 'loop',
  'request', 'region', 'other'];
const NOT_BY_DEFAULT = ['alloc'];

function field(title, name, value, hint) {
  const input = h('input', { id: `arm-${name}`, value, size: 9, spellcheck: 'false', autocomplete: 'off', placeholder: hint });
  return { input, node: h('label', { for: `arm-${name}` }, title, input) };
}

/** "lock,net", or nothing where it is what the agent takes by itself. */
function chosen(boxes) {
  const on = CATEGORIES.filter((name) => boxes.get(name).checked);
  const standard = CATEGORIES.filter((name) => !NOT_BY_DEFAULT.includes(name));
  return on.join() === standard.join() ? '' : on.join();
}

function query(pairs) {
  const text = new URLSearchParams(pairs.filter(([, value]) => value)).toString();
  return text ? `?${text.replaceAll('+', '%20')}` : '';
}

/** The capture's bar: how much of its time is over, and what it holds. */
function progress(capture) {
  const from = Date.parse(capture.started), to = Date.parse(capture.stops_at);
  const now = Math.min(Math.max(Date.now() - from, 0), to - from);
  return [
    h('progress', { max: to - from, value: now, 'aria-label': 'time that is over' }),
    h('span', null, `${time(now * 1e6)} of ${time((to - from) * 1e6)} · ${count(capture.events)} events · ${size(capture.bytes)}`,
      capture.lost ? ` · ${count(capture.lost)} lost` : ''),
  ];
}

/** `changed` is called when there is something new among the captures. */
export function armCard(changed) {
  const duration = field('for', 'duration', '5s', '5s'), name = field('name', 'name', '', 'none');
  const before = field('before', 'before', '', 'all'), after = field('after', 'after', '', 'nothing');
  const boxes = new Map(CATEGORIES.map((category) => [category,
    h('input', { type: 'checkbox', checked: !NOT_BY_DEFAULT.includes(category), 'data-key': `category ${category}` })]));
  const timed = () => query([['duration', duration.input.value.trim()], ['name', name.input.value.trim()],
    ['categories', chosen(boxes)]]);
  const running = h('div', { class: 'row', 'data-running': true }), recorder = h('span', { class: 'quiet' });

  const arm = button('Trace', async () => {
    const answer = await ask('POST', `/debug/trace${timed()}`);
    box.say(answer.ok ? 'It records.' : answer.why, !answer.ok);
    changed();
  }, { class: 'main' });
  const dryrun = button('What would it cost?', async () => {
    const answer = await ask('POST', `/debug/trace${timed() || '?'}${timed() ? '&' : ''}dryrun=1`);
    const said = answer.json;
    box.say(answer.ok
      ? `About ${count(said.events_per_second)} events a second, ${size(said.bytes)} in ${said.duration}, ` +
        `${said.cost.share ?? 'an unknown share'} of the CPU time of the process (estimated, ${said.how}).`
      : answer.why, !answer.ok);
  });
  const stop = button('Stop', async () => {
    const answer = await ask('POST', '/debug/trace/stop');
    box.say(answer.ok ? 'Stopped; its file is kept.' : answer.why, !answer.ok);
    changed();
  });
  const snapshot = button('Snapshot', async () => {
    const answer = await ask('POST', `/debug/trace/snapshot${query([['before', before.input.value.trim()],
      ['after', after.input.value.trim()], ['name', name.input.value.trim()]])}`);
    box.say(answer.ok ? 'What the recorder held is being written.' : answer.why, !answer.ok);
    changed();
  });
  const box = card('Trace now',
    h('div', { class: 'row' }, duration.node, name.node, arm, stop, dryrun),
    h('details', null, h('summary', null, 'what is recorded'), h('div', { class: 'row chips' },
      CATEGORIES.map((category) => h('label', null, boxes.get(category), category)))),
    running,
    h('div', { class: 'row' }, h('strong', null, 'Flight recorder'), before.node, after.node, snapshot, recorder));

  let said = ''; // the state that the last message is of
  return {
    node: box.node,
    /** With what GET /debug/trace/status says, and the list of captures. */
    update(status, captures) {
      if (said !== status.state) box.say('');
      said = status.state;
      const timedOne = captures.find((capture) => capture.state === 'recording' && capture.kind === 'timed');
      fill(running, timedOne ? progress(timedOne) : []);
      arm.hidden = Boolean(timedOne);
      stop.hidden = !timedOne;
      const on = status.recorder.on;
      snapshot.disabled = !on;
      fill(recorder, on
        ? `holds the last ${time(status.recorder.window_ns)}, ${size(status.recorder.bytes)}`
        : `off: ${status.recorder.why_off}`);
    },
  };
}
