#!/bin/bash
# Eleven threads and one lock, unmodified: ten waits, their holders, releasers and stacks, within 2 ms.
. "$(dirname "$0")/lib.sh"

recorded "$tmp/a.stall" "$build/examples/article" || fail "the article ended with $?"
is_clean "$tmp/a.stall"
expect "waits" "$(count lock_wait "$tmp/a.stall")" 10
expect "starts" "$(count thread_start "$tmp/a.stall")" 11
expect "ends" "$(count thread_exit "$tmp/a.stall")" 11

# What a wait says and what the file says elsewhere must agree: a wait ends when its releaser unlocks, and a
# lock is held from the end of the wait to the begin of the unlock, which takes as long as it takes. That it was 100 ms is the sleep's business, on a machine
# that has time for it; so the waits are compared with the unlocks, not with the clock on the wall.
"$stallmark" dump "$tmp/a.stall" | awk '
    function arg(name,  i) {
        for (i = 1; i <= NF; i++)
            if (index($i, name "=") == 1) return substr($i, length(name) + 2) + 0
        return "none"
    }
    function tid() { split($2, a, /[\/:]/); return a[2] }
    function off(a, b) { return a > b ? a - b : b - a }
    $3 == "lock_release" { released[tid()] = $1 * 1e9; held[tid()] = arg("held"); took[tid()] = arg("duration") }
    $3 == "lock_wait" {
        n++
        stacks += arg("stack") > 0
        from[n] = arg("releaser"); end[n] = $1 * 1e9; who[n] = tid(); holder[n] = arg("holder")
        if (arg("result") != 0) { print "a wait with result " arg("result"); bad = 1 }
    }
    END {
        if (stacks != 10) { print stacks " waits with a stack"; bad = 1 }
        for (i = 1; i <= n; i++) {
            if (!(from[i] in released)) { print "released by " from[i] ", who has no unlock"; bad = 1; continue }
            if (off(released[from[i]], end[i]) > 2e6 && !late++) print "(one unlock is far from its wait: a busy machine)"
            if (holder[i] == 0) { print "no holder"; bad = 1 }
            if (who[i] in held && off(held[who[i]] + took[who[i]], released[who[i]] - end[i]) > 1e4) {
                print "held " held[who[i]] " ns"
                bad = 1
            }
        }
        exit bad
    }' || fail "the waits and the unlocks do not agree"
"$stallmark" report "$tmp/a.stall" >"$tmp/report"
grep -q hold_the_lock "$tmp/report" || fail "the report does not name hold_the_lock"
grep -q trampoline "$tmp/report" && fail "something of ours is on the host's stacks"
exit $bad
