#!/bin/bash
# request, at, pauses: the questions about one request, one moment, one pause; asked of a program whose requests each
# take their time in a known way, and that nobody has prepared.
# usage: answers.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
expect 0 -- record -o asked.stall -- "$programs/asked" asked.sock 6
perf=$("$stallmark" info asked.stall | grep -c 'perf switch records')

# ns KIND: of the kind, in the request of the last JSON.
ns() {
    awk -v kind="\"kind\": \"$1\"" '/"normal":/ { exit } index($0, kind) { found = 1 }
        found && /"ns":/ { gsub(/[^0-9]/, ""); print; exit }' "$work/out"
}

# ---- request ---------------------------------------------------------------------------------------------

expect 0 'GET /lock  200 ' '^  lock the_lock ' 'a normal one: [0-9]+, ' 'who waited for whom' \
    'held by holder.* in hold_the_lock ' 'waited for sleep nanosleep in ' -- request asked.stall 'GET /lock'
expect 0 '^  sleep ' -- request asked.stall 'GET /sl*'
expect 0 '^  memory .*munmap' -- request asked.stall 'GET /map'
expect 0 '^[0-9]+  GET /' ' 100 %' -- request asked.stall
id=$(sed -n '1s/ .*//p' "$work/out")
expect 0 "^$id  GET " -- request asked.stall slowest
expect 0 "^$id  GET " -- request --max-processes 1 asked.stall "$id"
expect 0 'asked\+0x|hold_the_lock' -- request --no-symbols --debug-dir . asked.stall 'GET /lock'
expect 2 "'GET /none' is no request's number, nor a route, of [0-9]+ requests; allowed is .*GET /plain" -- \
    request asked.stall 'GET /none'
expect 2 "'99999' is no request" -- request asked.stall 99999
expect 2 'one file is wanted' -- request
expect 2 'one file is wanted' -- request asked.stall 1 2
expect 2 'no such|No such' -- request nowhere.stall

# A wait that no wrapper sees is unexplained, and not called CPU time.
expect 0 '"schema": "stallmark.request/1"' -- request --json asked.stall 'GET /futex'
if [ "$perf" -gt 0 ]; then
    [ "$(ns unexplained)" -ge 18000000 ] || say "the futex wait of 20 ms is unexplained for $(ns unexplained) ns alone"
fi
all=$(awk '/"duration_ns":/ { gsub(/[^0-9]/, ""); print; exit }' "$work/out")
sum=$(awk '/"parts":/ { on = 1 } /"served_by":/ { exit } on && /^    "ns":/ { gsub(/[^0-9]/, ""); all += $0 }
    END { printf "%.0f", all }' "$work/out")
[ "$all" = "$sum" ] || say "the parts are $sum ns of $all"

# ---- at --------------------------------------------------------------------------------------------------

# In the middle of the sleep with the lock held: how long after it the server got a CPU is up to the machine.
middle=$("$stallmark" dump asked.stall | awk '/"holder" sleep_wait/ && /asked=(19999|20000)/ {
    match($0, /duration=[0-9]+/); slept = substr($0, RSTART + 9, RLENGTH - 9) / 1e9; printf "+%.6fs", $1 - slept / 2; exit }')
expect 0 '^at [0-9:.]+ UTC \(\+' '^server[/0-9]* +waiting +lock the_lock ' ' held by holder' ' wait_for_the_lock asked\.c' \
    'request [0-9]+ GET /lock' '^holder.* (idle|waiting) +sleep nanosleep ' '1 waits for what it holds' -- at asked.stall "$middle"
expect 0 '"schema": "stallmark.at/1"' '"state": "waiting"' -- at --json asked.stall "$middle"
expect 0 -- at --no-symbols --debug-dir . --max-processes 1 asked.stall +10ms
expect 0 '^at ' -- at asked.stall +0.1s
date=$("$stallmark" at asked.stall +10ms | sed -n 's/^at \([0-9:.]*\) .*/\1/p')
expect 0 "^at $date" -- at asked.stall "$date"
for wrong in x +1x 25:00 +-1s ''; do
    expect 2 "is no time; allowed is a time of day in UTC \(14:02:09.350\)" -- at asked.stall "$wrong"
    expect 2 "is no time; allowed is a time of day in UTC" -- at nowhere.stall "$wrong" # said before the file
done
expect 2 "lies outside of the trace; allowed is [0-9:.]+ to [0-9:.]+ UTC, or \+0s to \+" -- at asked.stall +1000s
expect 2 'a file and a time are wanted' -- at asked.stall
expect 2 'a file and a time are wanted' -- at

# ---- pauses ----------------------------------------------------------------------------------------------

expect 0 '^memory +[0-9]+ ' '^the worst' ' memory  munmap of 16\.0 MiB  server[/0-9]*, ' 'map_and_unmap asked\.c:[0-9]+' \
    'in request [0-9]+ GET /map' 'before it ' -- \
    pauses --top 100 asked.stall
expect 0 '"schema": "stallmark.pauses/1"' '"call": "munmap"' -- pauses --top 100 --json asked.stall
expect 0 '^the worst' -- pauses asked.stall
expect 0 -- pauses --top 1 --no-symbols --debug-dir . --max-processes 1 asked.stall
[ "$(grep -c ' memory  ' "$work/out")" -le 1 ] || say "--top 1 shows more than one"
for wrong in 0 101 x; do
    expect 2 'a number from 1 to 100' -- pauses --top $wrong asked.stall
done
expect 2 -- pauses
expect 0 -- record -o none.stall -- "$programs/plain_threads" 0
expect 2 'there is no request in it' -- request none.stall
expect 0 'no pauses: ' -- pauses none.stall
finish
