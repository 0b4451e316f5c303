/* finding-words.js: a finding's lines in the text report, taken apart for a card. Pure.
 *
 * `text` of a finding (docs/report-json.md) is what `stallmark report` prints, in its columns: a title with a figure and
 * a certainty, sentences, then lines with a label ("Waiting in", "Held in") and lines that go on beneath.
 */
import { keyOfNames } from '../colours.js';

const TITLE = /^\s*\d+\s+(.*)$/;
const LABELLED = /^ {3}(\S(?:.{0,11}\S)?) {2,}(\S.*)$/;
const GOES_ON = /^ {10,}(\S.*)$/;

/* Words that follow each other in columns: two blanks and more are between them. */
const columns = line => line.trim().split(/ {2,}/);

/**
 * @typedef {{title: string, figure: string, certainty: string, sentences: string[],
 *     labelled: {label: string, lines: string[][]}[]}} FindingWords
 * @param {string[]} text @returns {FindingWords}
 */
export function wordsOf(text) {
    const first = TITLE.exec(text[0] || '');
    const head = columns(first ? first[1] : text[0] || '');
    const words = {
        title: head[0] || '', figure: head.length > 2 ? head[1] : '', certainty: head.length > 1 ? head[head.length - 1] : '',
        sentences: [], labelled: [],
    };
    for (const line of text.slice(1)) {
        const labelled = LABELLED.exec(line), goesOn = GOES_ON.exec(line);
        if (goesOn && words.labelled.length)
            words.labelled[words.labelled.length - 1].lines.push(columns(goesOn[1]));
        else if (labelled)
            words.labelled.push({ label: labelled[1], lines: [columns(labelled[2])] });
        else
            words.sentences.push(line.trim());
    }
    return words;
}

/* "See" names commands for a terminal: a click does the same here. */
export const shownLabels = words => words.labelled.filter(one => one.label !== 'See');

const OF_KIND = {
    'lock contention': 'lock', 'holder preempted': 'lock', convoy: 'lock', 'wait chain': 'lock', deadlock: 'lock',
    disk: 'disk', sleep: 'sleep', memory: 'memory', cpu: 'ready', throttling: 'ready', sequence: 'net', pool: 'poll',
    'thundering herd': 'cond', 'event loop': 'running',
};

/** The state that a finding is about: what its bar is drawn in. @returns {import('../colours.js').StateKey} */
export function keyOfFinding(finding) {
    if (finding.wait_kind)
        return keyOfNames('waiting', finding.wait_kind);
    return OF_KIND[finding.kind] || 'other';
}

/**
 * How long the bar of a finding is, 0 to 1: its share of a route's time where the report gives one (that is the figure
 * which stands in its title), else of the most costly finding's cost.
 */
export function shareOfFinding(finding, mostNs) {
    const share = Math.max(0, ...(finding.routes || []).map(route => route.share || 0));
    if (share > 0)
        return Math.min(share, 1);
    return mostNs > 0 && finding.cost_ns ? Math.min(finding.cost_ns / mostNs, 1) : 1;
}
