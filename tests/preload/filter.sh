#!/bin/bash
# System-call filters that end the process: set before the program begins, as a service's unit does, and by the
# program itself. What the filter forbids is not done; where nothing can be done without it, the process lives
# on untraced.
. "$(dirname "$0")/lib.sh"
filter=$programs/filter

"$filter" bpf -- true || {
    echo "(no filters here)"
    exit 77
}
# shellcheck disable=SC2016 # the inner shell expands it
"$filter" membarrier -- sh -c 'exec "$0" membarrier -- true' "$filter" || fail "a filter alone"

# Ours from its beginning: what redis' unit forbids, and what we should like to have.
forbidden="membarrier process_vm_readv perf_event_open setpriority ptrace bpf"
# shellcheck disable=SC2086
"$filter" $forbidden -- env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/a.stall" "$build/examples/article" ||
    fail "article under a filter: code $?"
is_clean "$tmp/a.stall"
expect "waits under a filter" "$(count lock_wait "$tmp/a.stall")" 10
fact sources.missing "$tmp/a.stall" | grep -q 'a system-call filter forbids membarrier process_vm_readv' ||
    fail "the file does not say what was forbidden"

grep -q '^schedstat$\|^thread CPU clocks$' < <(fact sched.source "$tmp/a.stall") ||
    fail "the scheduler source is $(fact sched.source "$tmp/a.stall")"
fact sched.reason "$tmp/a.stall" | grep -q 'perf_event_open: forbidden by a system-call filter' ||
    fail "the file does not say why there are no switch records"

# A call without which there is no file; and one without which nothing can be found out.
for call in renameat2 fstatfs wait4; do
    "$filter" $call -- env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/$call.stall" "$build/examples/article" ||
        fail "article without $call: code $?"
    [ -e "$tmp/$call.stall" ] && fail "a file without $call?"
done

# A host that sets its filter when we are in it already, and is armed after that.
# shellcheck disable=SC2086
expect "filter set by the host" "$(with_agent "$filter" $forbidden -- here)" served
# shellcheck disable=SC2086
expect "filter set while recording" "$(recorded "$tmp/h.stall" "$filter" $forbidden -- here)" served
exit $bad
