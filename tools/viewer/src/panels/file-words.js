/* file-words.js: what a file cost and what it lacks. Pure. */
import { count, duration, percent } from '../format.js';

/** What the tracer cost, with how exactly that is known. Pure. */
export function costText(capture) {
    const { tracer_ns_estimated: ns, tracer_ns_error: error, process_cpu_ns: cpu } = capture;
    if (!cpu || ns === undefined || ns === null)
        return 'unknown (the file does not say)';
    return `${percent(ns / cpu)} ± ${percent(error / cpu)} of the program's CPU time: ${duration(ns)} of ${duration(cpu)}`;
}

/** One sentence each; the file's panel has them whole. Pure. */
export function warningsOf(report) {
    const { capture } = report;
    const said = [];
    if (capture.events_lost > 0)
        said.push(`${count(capture.events_lost)} events were lost: counts and times are at least so much.`);
    for (const problem of (capture.problems || []).slice(0, 2))
        said.push(`Damaged: ${problem}`);
    if (!capture.complete && !(capture.problems || []).length)
        said.push('The file is not whole: its beginning or its end is missing.');
    if ((capture.gaps || []).length)
        said.push(`${count(capture.gaps.length)} times were not recorded in full, because of the budget.`);
    if (capture.locks_recorded === false)
        said.push('Locks were not recorded: nothing is said of them.');
    return said;
}

/** "1 address", "1,204 addresses". */
export const many = (n, one, several = `${one}s`) => `${count(n)} ${n === 1 ? one : several}`;
