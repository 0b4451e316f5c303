/* lock-words.js: whose a wait is, and who held a lock. Pure. */

const NEAR_NS = 1000; /* the same wait, as two answers tell it */

/** Of everybody at an instant: who was in the wait that began then. Pure. */
export function waiterAt(threads, kind, from) {
    const waits = threads.filter(thread => (thread.state === 'waiting' || thread.state === 'idle') && (!kind || thread.kind === kind));
    return waits.find(thread => Math.abs(thread.since - from) <= NEAR_NS) || null;
}

/** Who held a lock, where a finding says it. */
export function heldIn(lock, findings) {
    const finding = findings.find(one => one.address === lock.address && one.process === lock.process && one.lock === lock.lock);
    const held = finding && finding.held_in && finding.held_in[0];
    return held && held.function ? { text: `${held.function}${held.file ? ` ${held.file}:${held.line}` : ''}`,
        share: held.ns / Math.max(finding.cost_ns, 1), threads: held.threads || [] } : null;
}
