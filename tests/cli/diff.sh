#!/bin/bash
# diff: two runs of a program whose requests each take their time in a known way, and a trace beside itself.
# usage: diff.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
expect 0 -- record -o one.stall -- "$programs/asked" asked.sock 6
expect 0 -- record -o two.stall -- "$programs/asked" asked.sock 6
expect 0 '^BEFORE +asked\[[0-9]+\] ' '^AFTER +asked\[[0-9]+\] ' '^no change that can be told, of [0-9]+ figures? compared\.$' \
    'p < 0\.001 for all of them together' '^GET /map$' '^   p50 +.* → .* too few to tell$' '^   mostly  ' -- diff one.stall one.stall
expect 0 '^AFTER +asked' -- diff one.stall two.stall
expect 0 '"schema": "stallmark.diff/1"' '"changed": 0' '"verdict": "too few to tell"' -- diff --json one.stall one.stall
expect 0 -- diff --no-symbols --debug-dir . --max-processes 1 one.stall two.stall
expect 2 'two traces are wanted, BEFORE and AFTER, got 1' -- diff one.stall
expect 2 'two traces are wanted, BEFORE and AFTER, got 3' -- diff one.stall two.stall one.stall
expect 2 'nothere' -- diff one.stall nothere.stall
expect 2 -- diff
finish
