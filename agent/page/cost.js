// cost.js: what the tracer costs, what it lost, and what it does not see.
import { card, fill, h, table } from './dom.js';
import { count, share, size, time } from './words.js';

const pair = (title, ...said) => [h('dt', null, title), h('dd', null, said)];

function missing(status) {
  const some = status.not_seen || [];
  return some.length ? h('ul', null, some.map((line) => h('li', null, line))) : 'nothing that is known of';
}

/** Categories that the budget put out, and bounds that were met. */
function bounds(status) {
  const met = Object.entries(status.tables || {}).filter(([, table]) => table.refused > 0);
  return met.length
    ? met.map(([name, table]) => `${name}: ${count(table.refused)} refused beyond ${count(table.limit)}`).join('; ')
    : 'none was met';
}

export function costCard() {
  const list = h('dl'), limits = h('div');
  const box = card('Its own cost', list, h('details', null, h('summary', null, 'limits in force'), limits));
  return {
    node: box.node,
    update(status) {
      const cost = status.cost;
      fill(list,
        pair('CPU', `${time(cost.total_ns)} of ${time(cost.process_cpu_ns)}: ${share(cost.total_ns, cost.process_cpu_ns)} since it began`),
        pair('budget', cost.budget.not_recorded ? `used up: not recorded now: ${cost.budget.not_recorded}` : `${cost.budget.share}, not used up`),
        pair('memory', `${size(cost.heap_bytes)}, and ${size(status.buffer.bytes)} of buffer`),
        pair('events', `${count(status.loss.events)}, ${count(status.loss.lost)} lost`),
        pair('scheduler', `${status.scheduler.source}: ${status.scheduler.why}`),
        pair('bounds', bounds(status)),
        pair('files', `${count(status.store.captures)} captures, ${size(status.store.bytes)} in ${status.store.directory || 'memory'}; ` +
          `${size(status.store.free_bytes)} free`),
        pair('not seen', missing(status)));
      fill(limits, table([['option'], ['value']],
        Object.entries(status.limits).map(([name, value]) => [h('code', null, name), value ?? 'not set']), ''));
    },
  };
}
