#!/bin/bash
# The flight recorder of a program that records all the time: nothing older than asked for, two snapshots at once, what
# the kernel says is in them.
# usage: recorder.sh BUILD
set -u
stallmark=$1/bin/stallmark
work=$(mktemp -d /tmp/smk-recorder-XXXXXX)
export STATE_DIRECTORY=$work
failed=0
trap 'kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT

fail() {
    echo "$*" >&2
    failed=1
}

length() { "$stallmark" info "$1" | awk '$1 == "length" { print $2 * ($3 == "ms" ? 0.001 : 1) }'; }

"$stallmark" run --listen none --recorder 1s -q -- /usr/bin/python3 -c '
import time
while True:
    time.sleep(0.001)' &
server=$!
sleep 3
"$stallmark" snapshot "$server" -o "$work/one.stall" --no-symbols >/dev/null & first=$!
"$stallmark" snapshot "$server" --before 300ms -o "$work/two.stall" --no-symbols >/dev/null || fail "the second at once"
wait "$first" || fail "the first"
for file in one two; do
    "$stallmark" check "$work/$file.stall" >"$work/check" 2>&1 || fail "$file: $(cat "$work/check")"
    "$stallmark" dump "$work/$file.stall" | grep -q sched_source || fail "$file: nothing of the scheduler"
done
# The copy itself takes some ms, and what happens meanwhile is in it.
awk -v one="$(length "$work/one.stall")" -v two="$(length "$work/two.stall")" \
    'BEGIN { exit !(one > 0.5 && one <= 1.05 && two > 0.1 && two <= 0.35) }' ||
    fail "lengths: $(length "$work/one.stall"), $(length "$work/two.stall")"
exit $failed
