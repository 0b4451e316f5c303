#!/bin/bash
# A program that hangs, unmarked and unmodified: a snapshot of the flight recorder names who waits for whom;
# and the same program with its locks in order gives no finding.
# usage: deadlock.sh BUILD
# shellcheck source=lib/program.sh
. "$(dirname "$0")/lib/program.sh"
shows=(report log)

says() { grep -qE -- "$1" "$work/report" || fail "'$1' is not in the report"; }

# look FLAGS…: the report on a snapshot of the program with these flags.
look() {
    local tries=0
    "$stallmark" run --listen 127.0.0.1:0 --recorder 10s -- "$build/examples/deadlock" "$@" 2>"$work/log" &
    pid=$!
    pids+=("$pid")
    until "$stallmark" status "$pid" >"$work/log" 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || fail "it does not start"
        sleep 0.05
    done
    sleep 1.5
    rm -f "$work/d.stall"
    "$stallmark" snapshot "$pid" -o "$work/d.stall" >"$work/log" 2>&1 || fail "no snapshot"
    end_all
    "$stallmark" report "$work/d.stall" >"$work/report" || fail "no report"
}

# It hangs a second after its start; a machine on which the recorder comes later than that may try again.
for _ in 1 2 3; do
    look
    grep -q 'deadlock: 2' "$work/report" && break
done
says '^1  deadlock: 2 threads wait for each other +exact$'
says '^   deadlock/[0-9]+ waits for stock_lock, held by deadlock/[0-9]+, since '
says '^   deadlock/[0-9]+ waits for cart_lock, held by deadlock/[0-9]+, since '
says '← add_item deadlock\.c:[0-9]+ ← adder deadlock\.c'
says '← reserve deadlock\.c:[0-9]+ ← reserver deadlock\.c'

for _ in 1 2 3; do
    look --ordered
    grep -q '^no findings: ' "$work/report" && exit 0
done
fail "a program without a deadlock has a finding"
