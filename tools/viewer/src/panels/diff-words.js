/* diff-words.js: what a comparison says of a figure. Pure. */
import { count, duration } from '../format.js';

/** "p < 0.000001", "p 0.000596". @param {number} ppb thousand-millionths */
export const chanceText = ppb => (ppb === undefined || ppb === null ? ''
    : ppb < 1000 ? 'p < 0.000001' : `p ${(Math.floor(ppb / 1e3) / 1e6).toFixed(6)}`);

/** "rose to 16 times", "fell by 88 %", "no change that can be told". */
export function verdictText(figure) {
    const { verdict, before_ns: before, after_ns: after } = figure;
    if (verdict === 'unknown')
        return `unknown${figure.why ? ` (${figure.why})` : ''}`;
    if (verdict === 'no change told')
        return 'no change that can be told';
    if (verdict !== 'fell' && verdict !== 'rose')
        return verdict;
    if (before === 0)
        return `${verdict} from nothing`;
    if (after === 0)
        return 'fell to nothing';
    const ratio = after / before;
    if (ratio >= 10)
        return `rose to ${count(Math.floor(ratio))} times`;
    return `${verdict} by ${Math.round(Math.abs(ratio - 1) * 100)} %`;
}

/** "3.28 ms → 55.2 ms". */
export const fromTo = figure => `${duration(figure.before_ns)} → ${duration(figure.after_ns)}`;

/** Both values as shares of the larger one, for two bars. */
export function barsOf(figure) {
    const most = Math.max(figure.before_ns, figure.after_ns, 1);
    return { before: figure.before_ns / most, after: figure.after_ns / most };
}

/** Whether it is for the better: less time is. 0: nothing is said. */
export const senseOf = figure => (figure.verdict === 'fell' ? 1 : figure.verdict === 'rose' ? -1 : 0);
