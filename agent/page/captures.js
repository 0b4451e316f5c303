// captures.js: the files that there are: download, report, delete.
import { ask, hasToken } from './api.js';
import { button, card, fill, h, table } from './dom.js';
import { clock, size } from './words.js';

/** A download carries no token of its own, so one is asked for that opens this file once. */
async function download(capture, say) {
  let path = capture.download;
  if (hasToken()) {
    const answer = await ask('POST', `${capture.download}/ticket`);
    if (!answer.ok) { say(answer.why, true); return; }
    path = answer.json.download;
  }
  const link = h('a', { href: path, download: `${capture.id}.stall` });
  document.body.append(link);
  link.click();
  link.remove();
}

const ENDED = {
  timer: 'its time was over', stopped: 'stopped', max_bytes: 'it was full', no_space: 'no space was left',
  io_error: 'the disk failed', exit: 'the process ended', complete: 'complete', shed: 'too dear', cut: 'cut: the process died',
};

/** `changed` is called when one is gone. */
export function capturesCard(changed) {
  const list = h('div'), report = h('div', { class: 'report' });
  const box = card('Captures', list, report);
  let asked = null; // the id that Delete was pressed for, once

  const show = async (capture) => {
    fill(report, h('p', { class: 'quiet' }, 'It is being read…'));
    const answer = await ask('GET', `${capture.download}/report`, undefined, 'text/plain');
    fill(report, h('h3', null, `Report of ${capture.id}`), h('pre', { tabindex: '0' }, answer.ok ? answer.text : answer.why),
      button('Close', () => fill(report)));
  };
  const remove = async (capture) => {
    if (asked !== capture.id) { asked = capture.id; changed(); return; }
    const answer = await ask('DELETE', capture.download);
    asked = null;
    box.say(answer.ok ? `${capture.id} is deleted.` : answer.why, !answer.ok);
    changed();
  };
  const row = (capture) => {
    const key = (what) => ({ 'data-key': `${what} ${capture.id}`, 'aria-label': `${what} ${capture.id}` });
    const whole = capture.state === 'done' || capture.state === 'cut';
    return [
      h('span', { title: capture.path || 'kept in memory' }, capture.id), clock(capture.started),
      capture.state === 'done' ? ENDED[capture.reason_ended] || capture.reason_ended || 'done' : capture.state, size(capture.bytes),
      whole ? h('span', { class: 'row' },
        button('Report', () => show(capture), key('Report')),
        button('Download', () => download(capture, box.say), key('Download')),
        button(asked === capture.id ? 'Really delete' : 'Delete', () => remove(capture), key('Delete'))) : '',
    ];
  };
  return {
    node: box.node,
    update(captures) {
      fill(list, table([['capture', 'name'], ['began (UTC)', 'name'], ['ended because'], ['size', 'number'], ['']], captures.map(row),
        'None yet. A capture is kept here, and survives the process.'));
    },
  };
}
