// rules.js: rules with their states and countdowns; set, try and remove them; the ledger.
import { ask } from './api.js';
import { button, card, fill, h, table } from './dom.js';
import { clock, count, time } from './words.js';

function backtest(tried) {
  if (!tried || !tried.known) return 'nothing is known of the past yet';
  return `in the last ${tried.minutes} min it would have fired ${count(tried.would_have_fired)} times ` +
    `(${count(tried.looked_at)} requests looked at, ${count(tried.matches_at_least)} to ${count(tried.matches_at_most)} match)`;
}

/** "cooling down, 56 s more". */
function state(rule) {
  const more = rule.may_fire_again_in_ns ? `, ${time(rule.may_fire_again_in_ns)} more` : '';
  return rule.state + more + (rule.why ? `: ${rule.why}` : '') + (rule.broken ? `: ${rule.broken}` : '');
}

function suppressed(rule) {
  const some = Object.entries(rule.suppressed || {}).filter(([, n]) => n > 0);
  return some.length ? some.map(([why, n]) => `${count(n)} ${why}`).join(', ') : '0';
}

/** The worst of those that fired nothing, and what fired last. */
function worst(rule) {
  return [
    rule.last ? h('div', null, `last ${clock(rule.last.time)}: ${rule.last.text}`) : null,
    rule.worst_suppressed ? h('div', null, `worst suppressed: ${rule.worst_suppressed.text}`) : null,
    rule.backtest ? h('div', { class: 'quiet' }, backtest(rule.backtest)) : null,
  ];
}

/** What is wrong with a rule, with an arrow under the place. */
function mistake(answer) {
  const problem = answer.json;
  return problem && problem.position && problem.rule
    ? h('pre', { class: 'bad' }, `${problem.rule}\n${' '.repeat(problem.position - 1)}^ ${problem.detail}`)
    : h('p', { class: 'bad' }, answer.why);
}

function form(changed, say) {
  const name = h('input', { id: 'rule-name', value: 'slow', size: 12, spellcheck: 'false' });
  const text = h('input', { id: 'rule-text', size: 60, spellcheck: 'false', value: 'when request > 250ms count 3 in 1m' });
  const persist = h('input', { type: 'checkbox', id: 'rule-persist' }), answerBox = h('div');
  const path = (query) => `/debug/trace/rules/${encodeURIComponent(name.value.trim())}${query}`;
  const run = async (query, then) => {
    const answer = await ask('POST', path(query), text.value.trim());
    fill(answerBox, answer.ok ? h('p', null, then(answer.json)) : mistake(answer));
    changed();
  };
  const set = button('Set', () => run(persist.checked ? '?persist=1' : '', () => 'It is set.'), { class: 'main' });
  const attempt = button('Try on the last hour', () => run('?try=1', (said) => backtest(said.backtest)));
  say('');
  return h('div', null,
    h('div', { class: 'row' }, h('label', { for: 'rule-name' }, 'name', name), h('label', { for: 'rule-text', class: 'grow' }, 'rule', text),
      set, attempt, h('label', { class: 'check' }, persist, 'also after a restart')),
    answerBox);
}

export function rulesCard(changed) {
  const list = h('div'), ledger = h('div');
  const box = card('Rules: capture by itself, when it is slow', list);
  const add = form(changed, box.say);
  box.node.append(h('h3', null, 'Set a rule'), add, h('h3', null, 'Ledger'), ledger);
  const remove = async (rule) => {
    const answer = await ask('DELETE', `/debug/trace/rules/${rule.name}`);
    box.say(answer.ok ? `${rule.name} is removed.` : answer.why, !answer.ok);
    changed();
  };
  const row = (rule) => [
    h('strong', null, rule.name), [h('code', null, rule.rule), worst(rule)], state(rule), count(rule.matched), count(rule.fired),
    suppressed(rule),
    button('Remove', () => remove(rule), { 'data-key': `Remove ${rule.name}`, 'aria-label': `Remove ${rule.name}` }),
  ];
  return {
    node: box.node,
    update(rules, said) {
      fill(list, table([['name', 'name'], ['rule'], ['state'], ['matched', 'number'], ['fired', 'number'], ['suppressed'], ['']],
        rules.map(row), 'None is set: nothing is captured by itself.'));
      fill(ledger, table([['when (UTC)', 'name'], ['rule', 'name'], ['what', 'name'], ['of it']],
        said.slice(0, 30).map((entry) => [clock(entry.time), entry.rule,
          [entry.kind, entry.reason ? ` (${entry.reason})` : '', entry.count > 1 ? ` × ${count(entry.count)}` : ''], entry.text]),
        'Nothing has fired, nothing was suppressed.'));
    },
  };
}
