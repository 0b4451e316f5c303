#!/bin/bash
# Three services asked one after the other by a loop that never waits for one. usage: evsequence.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known evsequence sequence '^[12]  GET /page waits for its peers in sequence +[0-9]+ % of its time +estimated$' \
    '^   20 of 20 requests waited for .* if independent, side by side$' \
    '^requests +count ' '^GET /page +20 .* net answer, by readv [0-9]+ %$' \
    '^   Waiting in   evbuffer_read +.* on average, for 127\.0\.0\.1:[0-9]+$'
[ "$(grep -c 'on average, for 127' "$work/report")" = 3 ] || fail "not three peers"
"$stallmark" request "$work/t.stall" 'GET /page' >"$work/report" || fail "no request"
# But for the time in which others had the CPUs.
awk '/^  (network|no CPU \(runnable\)) / { sub(/ %.*/, ""); of[$1] = $NF } END { exit !(of["network"] >= 50 && of["network"] + of["no"] >= 90) }' \
    "$work/report" || fail "a page is not the network's"
healthy evsequence
