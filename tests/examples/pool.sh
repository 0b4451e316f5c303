#!/bin/bash
# Two workers that wait, and all others in the queue. usage: pool.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known pool pool '^[12]  the queue of workers made GET /price slow +[0-9]+ % of its time +exact$' \
    '^   32 requests stood in it, ' '^   Meanwhile its 2 workers were busy for [0-9]+ % of the time, and waited for [0-9]+ % of that' \
    '^   Waiting in   ask_service pool\.c:[0-9]+ +mostly for net recv, '
healthy pool
# What the report says of a request's queue, `request` says too: who made the last one of a bunch sleeps meanwhile,
# and is not at it.
"$build/examples/pool" "$work/t.stall" >"$work/own" || fail "pool does not run"
"$stallmark" request "$work/t.stall" 8 >"$work/report" || fail "no answer about request 8"
grep -qE '^  queue +[0-9.]+ ms +[0-9]+ % ' "$work/report" || fail "request 8 stood in no queue"
grep -qE '^  (sleep|join) +[0-9.]+ ms' "$work/report" && fail "request 8 slept"
exit 0
