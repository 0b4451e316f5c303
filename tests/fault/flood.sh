#!/bin/bash
# flood.sh BUILD SECONDS: every request of a redis at full load is slow to its rule, ten thousand and more a second. In
# turns without the rule, the flight recorder alone, and with it: no more is captured than the rule may, each request is
# counted as a match or as one too many to tell apart, the ledger has sums, and the process has as much memory at the end
# as in the first turns. What the rule costs in throughput is printed: the median of the pairs' ratios.
# Exit code 77: there is no redis.
set -u
build=$1 seconds=$2
for needed in redis-server redis-benchmark redis-cli curl; do
    command -v $needed >/dev/null || exit 77
done
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-flood.XXXXXX") || exit 2
server="" failed=0
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$dir"' EXIT
mkdir -m 700 "$dir/captures"

fail() {
    echo "flood.sh: $*" >&2
    failed=1
}
ask() { curl -s --fail-with-body -m 20 --unix-socket "$dir/agent.sock" "$@"; }
# counted NAME: a number of the rule's
counted() { grep -o "\"$1\":[0-9]*" "$dir/rules" | head -n 1 | sed 's/.*://'; }
missed() { ask http://localhost/metrics | sed -n 's/^stallmark_rule_cases_missed_total //p'; }

env LD_PRELOAD="$build/lib/libstallmark-preload.so" STALLMARK_SOCKET="$dir/agent.sock" STALLMARK_RECORDER=2s,8MiB \
    STALLMARK_DIRECTORY="$dir/captures" STALLMARK_KEEP_FILES=1000 redis-server --port 0 --unixsocket "$dir/redis.sock" \
    --save "" --appendonly no --dir "$dir" >"$dir/redis.log" 2>&1 &
server=$!
for _ in $(seq 100); do
    redis-cli -s "$dir/redis.sock" ping >/dev/null 2>&1 && ask http://localhost/debug/trace/status >/dev/null && break
    sleep 0.1
done

# One turn of about two seconds: requests a second, and what it held of memory at the end.
turn=2
requests=20000
load() {
    redis-benchmark -s "$dir/redis.sock" -n "$1" -c 20 --csv -t get 2>/dev/null | awk -F'"' '/GET/ { print $4 }'
}
rate=$(load $requests)
requests=$(awk -v rate="${rate:-0}" -v turn=$turn 'BEGIN { print int(rate * turn) }')
[ "$requests" -gt 1000 ] || { fail "redis does not answer: $(cat "$dir/redis.log")"; exit 1; }

rule='when request > 1us then snapshot before 1s after 100ms cooldown 500ms at most 4 per 1m 1000 per day'
slow=http://localhost/debug/trace/rules/flood
pairs=$((seconds / turn / 2))
begun=$(date +%s)
for ((i = 0; i < pairs; i++)); do
    alone=$(load "$requests")
    ask -H 'Content-Type: text/plain' --data-binary "$rule" $slow >/dev/null || fail "the rule is not taken"
    before=$(missed)
    both=$(load "$requests")
    sleep 0.3 # a look
    after=$(missed)
    ask "http://localhost/debug/trace/rules?format=json" >"$dir/rules"
    seen=$(($(counted matched) + after - before))
    [ $seen -ge $((requests * 99 / 100)) ] || fail "of $requests slow ones $seen are counted: $(cat "$dir/rules")"
    [ $(($(counted cooldown) + $(counted window))) -gt 0 ] || fail "nothing was suppressed: $(cat "$dir/rules")"
    ask -X DELETE $slow >/dev/null
    echo "$alone $both $(awk '/^VmRSS:/ { print $2 }' "/proc/$server/status")" >>"$dir/turns"
done
took=$(($(date +%s) - begun))

# column NUMBER: its median, least and most
column() { awk -v column="$1" '{ print column == "ratio" ? $2 / $1 : $column }' "$dir/turns" | sort -n |
    awk '{ v[NR] = $1 } END { printf "%.5g (%.5g to %.5g)\n", v[int((NR + 1) / 2)], v[1], v[NR] }'; }
echo "$pairs pairs of $requests requests each without the rule and with it"
echo "slow requests a second: $(column 2)"
echo "throughput with the rule by that without: $(column ratio)"
read -r _ _ first < <(sed -n 2p "$dir/turns")
read -r _ _ last < <(tail -n 1 "$dir/turns")
echo "KiB resident: $first after the second pair, $last after the last"
[ $((last - first)) -le $((first / 20 + 4096)) ] || fail "memory grew: $(tr '\n' ';' <"$dir/turns")"

# Within any minute 4: removed and set again it has what it had.
captures=$(find "$dir/captures" -name '*.stall' | wc -l)
fired=$(grep -c $'\tfired\t' "$dir/captures/ledger")
echo "$captures captures in $took s"
{ [ "$captures" -ge 1 ] && [ "$captures" -le $((4 * (took / 60 + 1))) ]; } || fail "$captures captures"
[ "$captures" = "$fired" ] || fail "$captures captures, and the ledger has $fired"
for file in "$dir"/captures/*.stall; do
    "$build/bin/stallmark" check "$file" >"$dir/check" 2>&1 || fail "$file: $(cat "$dir/check")"
done
lines=$(wc -l <"$dir/captures/ledger")
[ "$lines" -le $((pairs * 20)) ] || fail "the flood is in the ledger line by line: $lines"
exit $failed
