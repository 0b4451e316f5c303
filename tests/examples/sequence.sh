#!/bin/bash
# Three services asked one after the other. usage: sequence.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known sequence sequence '^[12]  GET /page waits for its peers in sequence +[0-9]+ % of its time +estimated$' \
    '^   20 of 20 requests waited for .* if independent, side by side$' \
    '^   Waiting in   wait_for[.a-z0-9]* sequence\.c:[0-9]+ +.* on average, for 127\.0\.0\.1:[0-9]+$' \
    '← one_after_the_other sequence\.c:[0-9]+ ← show_page sequence\.c:[0-9]+'
[ "$(grep -c 'on average, for 127' "$work/report")" = 3 ] || fail "not three peers"
healthy sequence
