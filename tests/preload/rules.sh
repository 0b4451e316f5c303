#!/bin/bash
# An unmodified redis with one rule catches by itself one slow request among very many fast ones: the capture is there
# while the request still hangs, holds it and what came before, and the ledger tells the story. A flood of slow ones
# stays within the limits; kill -9 while a capture is recorded leaves a file that opens and a ledger that is true.
# shellcheck disable=SC2317,SC2012 # functions are called by wait_for; names of captures have no blanks
. "$(dirname "$0")/lib.sh"
for needed in redis-server redis-cli redis-benchmark curl perl; do
    command -v $needed >/dev/null || exit 77
done
caps=$tmp/captures
mkdir -m 700 "$caps"
cli() { redis-cli -s "$tmp/redis.sock" "$@"; }
agent() { curl -s --unix-socket "$tmp/agent.sock" "$@"; }
rule() { agent -H 'Content-Type: text/plain' --data-binary "$2" "http://localhost/debug/trace/rules/$1"; }
ledger() { agent 'http://localhost/debug/trace/ledger?format=text'; }

# Of TCP alone the kernel says when bytes arrived; where nobody knows, a delay is a range, and its lower end counts.
port=0
start() {
    env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$caps" redis-server --port "$port" \
        --unixsocket "$tmp/redis.sock" --save "" --appendonly no --dir "$tmp" --enable-debug-command yes \
        --lua-time-limit 100 >"$tmp/redis.log" 2>&1 &
    server=$!
    trap 'kill -9 $server 2>/dev/null; rm -rf "$tmp"' EXIT
    for _ in $(seq 100); do
        cli ping >/dev/null 2>&1 && agent http://localhost/debug/trace/status >/dev/null && return
        sleep 0.1
    done
    fail "redis does not start: $(cat "$tmp/redis.log")"
    exit 1
}
captures() { find "$caps" -name '*.stall' | wc -l; }
fired() { [ "$(captures)" -ge "$1" ]; }

start
many=${SMK_LONG:+1000000}
rule slow 'when request > 2s then snapshot before 10s after 200ms' >"$tmp/answer"
grep -q '"preroll_ns":' "$tmp/answer" || fail "the answer does not say how much pre-roll there is: $(cat "$tmp/answer")"
redis-benchmark -s "$tmp/redis.sock" -n "${many:-100000}" -P 16 -q -t get >/dev/null
expect "captures before anything was slow" "$(captures)" 0

# It hangs for half a minute; the capture is there long before.
cli debug sleep 30 >/dev/null 2>&1 &
hangs=$!
wait_for 15 fired 1 || fail "nothing was captured while the request hangs: $(ledger)"
kill -0 $hangs 2>/dev/null || fail "the request had ended when the capture came"
file=$(ls "$caps"/*.stall)
is_clean "$file"
"$stallmark" report "$file" >"$tmp/report"
grep -q '^captured by rule slow: when request > 2s' "$tmp/report" || fail "the report does not name the rule"
grep -q 'on DEBUG|SLEEP has been running for [2-9]' "$tmp/report" || fail "nor what it fired on"
grep -qE '^ +[0-9]+  DEBUG\|SLEEP  still running' "$tmp/report" || fail "the request is not in the file as running"
"$stallmark" dump "$file" >"$tmp/dump"
grep -q 'DEBUG|SLEEP' "$tmp/dump" || fail "nor is its route"
[ "$(grep -c 'GET' "$tmp/dump")" -gt 0 ] || fail "what came before is not in the file"
ledger | grep -qE ' slow +fired +DEBUG\|SLEEP has been running for [2-9].*\(there\)' || fail "the ledger: $(ledger)"
[ $bad = 0 ] || { cat "$tmp/report"; ledger; }
kill -9 $server
wait $server $hangs 2>/dev/null

# What the histograms had says how often a rule would have fired; a client that waits for the loop is a loop delay.
rm -f "$caps"/*
port=$(free_port)
start
loop_port=$port port=0
rule loop 'when loop delay > 100ms then capture 50ms' >/dev/null
cli debug sleep 0.8 >/dev/null &
sleep 0.2 # it is accepted when the sleep is over, and read then
redis-cli -p "$loop_port" get behind >/dev/null
wait $!
rule any 'when request > 600ms' >/dev/null
tried=$(agent -X POST -H 'Content-Type: text/plain' --data-binary 'when request > 700ms on "DEBUG*"' \
    'http://localhost/debug/trace/rules/any?try=1&backtest=1h')
[[ $tried =~ \"matches_at_least\":1,\"matches_at_most\":1,\"would_have_fired\":1 ]] || fail "one was slow, but: $tried"
wait_for 5 grep -q 'fired.loop' "$caps/ledger" || fail "no loop delay: $(ledger)"
kill -9 $server
wait $server 2>/dev/null

# A flood of slow ones: the limits hold, the rest is counted, and the worst is kept.
rm -f "$caps"/*
start
rule flood 'when request > 1us then snapshot before 1s after 10ms cooldown 500ms at most 3 per 1m' >/dev/null
redis-benchmark -s "$tmp/redis.sock" -n "${many:-200000}" -c 20 -q -t get >/dev/null
wait_for 10 fired 3
sleep 1
expect "captures of a flood" "$(captures)" 3
rules=$(agent 'http://localhost/debug/trace/rules?format=json')
{ [[ $rules =~ \"matched\":([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -gt 10000 ]; } || fail "too few matched: $rules"
{ [[ $rules =~ \"window\":[1-9] ]] && [[ $rules =~ \"state\":\"throttled\" ]]; } || fail "it is not throttled: $rules"
[[ $rules =~ \"worst_suppressed\":\{ ]] || fail "the worst that was suppressed is not kept"
[ "$(stat -c %s "$caps/ledger")" -lt 65536 ] || fail "the flood is in the ledger line by line"

# kill -9 in the middle of a rule's capture.
agent -X DELETE http://localhost/debug/trace/rules/flood >/dev/null
rule killed 'when request > 200ms then snapshot before 1s after 30s cooldown 0s' >/dev/null
cli debug sleep 0.5 >/dev/null
wait_for 10 test -n "$(find "$caps" -name '*partial*')" || true
wait_for 5 sh -c "ledger=\$(cat $caps/ledger); [ \"\${ledger#*killed*fired}\" != \"\$ledger\" ] || grep -q 'fired.killed' $caps/ledger"
sleep 1.2 # a pass of the writer
kill -9 $server
wait $server 2>/dev/null
partial=$(ls "$caps"/*.partial) || fail "there is no file of the capture that was killed"
"$stallmark" report "$partial" >"$tmp/report" 2>&1 || fail "it does not open: $(cat "$tmp/report")"
grep -q '^captured by rule killed' "$tmp/report" || fail "it does not say which rule: $(head -n 3 "$tmp/report")"
start
ledger >"$tmp/ledger"
grep -qE ' killed +fired .*\(cut: its process ended' "$tmp/ledger" || fail "the ledger is not true: $(cat "$tmp/ledger")"
grep -qE ' flood +suppressed +[0-9]+ more, (window|cooldown); the worst: GET took' "$tmp/ledger" ||
    fail "the flood is not in the ledger: $(cat "$tmp/ledger")"

# The agent ends while a capture is recorded: a whole file, and a line for its end.
rule ends 'when request > 200ms then snapshot before 1s after 30s' >/dev/null
cli debug sleep 0.5 >/dev/null
wait_for 5 grep -q 'fired.ends' "$caps/ledger"
cli shutdown nosave >/dev/null 2>&1
wait $server 2>/dev/null
file=$(ls -t "$caps"/*.stall | head -n 1)
is_clean "$file"
grep -q $'ended\tends\texit' "$caps/ledger" || fail "the end is not in the ledger: $(tail -n 3 "$caps/ledger")"

# No room: said, and nothing is written.
export STALLMARK_FREE_FLOOR=1TiB
start
rule full 'when request > 100ms cooldown 0s' >/dev/null
before=$(captures)
cli debug sleep 0.3 >/dev/null
sleep 0.5
expect "captures without room" "$(captures)" "$before"
agent 'http://localhost/debug/trace/rules?format=json' | grep -q '"disk":[1-9]' || fail "the disk is not the reason"
kill $server
wait $server 2>/dev/null
exit $bad
