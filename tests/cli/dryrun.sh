#!/bin/bash
# What dryrun=1 says of a steady program, beside what a capture of it then has: within a factor of two, from a probe and
# from a capture that runs. It leaves no file, and keeps nobody from arming.
# usage: dryrun.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

cd "$work" || exit 1
export STALLMARK_DIRECTORY=$work/captures XDG_RUNTIME_DIR=$work/run
mkdir -m 700 "$work/run" "$work/captures"
"$stallmark" run --listen none -q -- /usr/bin/python3 -c '
import time
while True:
    time.sleep(0.001)' &
pid=$!
pids+=("$pid")
socket=$work/run/stallmark/$pid.sock
wait_for 10 test -S "$socket" || { say "the program has no agent"; finish; }
curl_to=(--unix-socket "$socket" http://localhost)

# of KEY [FILE]: the number in the answer
of() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "${2:-$work/body}"; }
# near WHAT TOLD REAL: within a factor of two
near() {
    awk -v told="$2" -v real="$3" 'BEGIN { exit !(told > real / 2 && told < real * 2) }' ||
        say "$1: $2 were told, $3 there are"
}

asked='duration=3s&max_bytes=64MiB'
ask 200 '"how":"counted in a probe of 200ms"' '"exactness":"estimated"' '"share":"[0-9.]*%"' -- \
    GET "/debug/trace?dryrun=1&$asked"
events=$(of events_per_second) bytes=$(of bytes) probe=$(cat "$work/body")
[ -z "$(ls "$STALLMARK_DIRECTORY")" ] || say "a dry run left $(ls "$STALLMARK_DIRECTORY")"
ask 200 '"captures": *\[\]' -- GET /debug/traces

# Two at once: one is told to come again.
# shellcheck disable=SC2317 # called by wait_for
one_of_two_is_refused() {
    curl -s -o "$work/one" --unix-socket "$socket" 'http://localhost/debug/trace?dryrun=1' & local one=$!
    curl -s -o "$work/two" --unix-socket "$socket" 'http://localhost/debug/trace?dryrun=1'
    wait "$one"
    cat "$work/one" "$work/two" >"$work/both"
    grep -q 'another dry run is under way' "$work/both" && grep -q 'counted in a probe' "$work/both"
}
wait_for 10 one_of_two_is_refused || say "two dry runs at once: $(cat "$work/both")"

# A capture begins beside the probe.
curl -s -o "$work/first" --unix-socket "$socket" 'http://localhost/debug/trace?dryrun=1' &
first=$!
ask 202 -- POST "/debug/trace?$asked"
id=$(sed -n 's/.*"id": *"\([a-z0-9-]*\)".*/\1/p' "$work/body")
wait $first
grep -q '"dryrun":true' "$work/first" || say "a dry run beside a capture: $(cat "$work/first")"

# While it runs its own counters are told, of its own categories.
sleep 2
ask 200 '"how":"counted in the running capture"' -- POST "/debug/trace?dryrun=1&$asked&categories=lock"
running=$(cat "$work/body")
expect 0 'counted in the running capture' '^bytes +[0-9.]+ ' '^  share +[0-9.]+%' -- capture --dryrun --duration 1s "$pid"
ask 200 -- GET "/debug/traces/$id?wait=1"
mv "$work/body" "$work/real.stall"
expect 0 -- info "$work/real.stall"
real=$(sed -n 's/^events  *\([0-9]*\),.*/\1/p' "$work/out")
near "events, by the probe" $((events * 3)) "$real"
near "bytes, by the probe" "$bytes" "$(stat -c %s "$work/real.stall")"
near "events, by the capture" $(($(of events_per_second <(echo "$running")) * 3)) "$real"
near "bytes, by the capture" "$(of bytes <(echo "$running"))" "$(stat -c %s "$work/real.stall")"
[ $bad = 0 ] || echo "$probe" "$running"

# Nothing of it is a capture.
for wrong in wait=1 join=1 duration=1ns categories=frob pid=1; do
    ask 400 '"detail"' -- GET "/debug/trace?dryrun=1&$wrong"
done
[ "$(ls "$STALLMARK_DIRECTORY")" = "$id.stall" ] || say "files: $(ls "$STALLMARK_DIRECTORY")"
finish
