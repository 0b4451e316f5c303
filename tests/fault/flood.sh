#!/bin/bash
# flood.sh BUILD PAIRS [MINUTE]: every request of a redis at full load is slow to its rule, ten thousand and more a
# second. In turns without the rule, the flight recorder alone, and with it: no more is captured than the rule may, each
# request is counted as a match or as one too many to tell apart, the ledger has sums, and the process has as much memory
# at the end as in the first turns. What the rule costs is printed: of short pairs, each in the other order than the one
# before, the median of their ratios and its 95 % interval; of throughput, which a machine that others use hides, and of
# CPU time an answer, which it hides less. MINUTE: the last turn is a whole minute.
# Exit code 77: there is no redis.
set -u
build=$1 pairs=$2 minute=${3:-}
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

load() { # REQUESTS: how many of them a second
    redis-benchmark -s "$dir/redis.sock" -n "$1" -c 20 --csv -t get 2>/dev/null | awk -F'"' '/GET/ { print $4 }'
}
# CPU time so far in ns: of redis' own thread, which answers, and of all threads, ours with them.
cpu() { cat "/proc/$server/task/$server/schedstat" "/proc/$server"/task/*/schedstat 2>/dev/null |
    awk 'NR == 1 { own = $1; next } { all += $1 } END { printf "%.0f %.0f", own, all }'; }
# turn REQUESTS: requests a second, and ns an answer, of its thread and of all.
turn() {
    local before rate
    before=$(cpu)
    rate=$(load "$1")
    awk -v rate="${rate:-0}" -v requests="$1" -v figures="$before $(cpu)" 'BEGIN { split(figures, f, " ")
        print rate, (f[3] - f[1]) / requests, (f[4] - f[2]) / requests }'
}
rate=$(load 20000)
requests=$(awk -v rate="${rate:-0}" 'BEGIN { print int(rate / 2) }') # half a second
[ "$requests" -gt 1000 ] || { fail "redis does not answer: $(cat "$dir/redis.log")"; exit 1; }

rule='when request > 1us then snapshot before 1s after 100ms cooldown 500ms at most 4 per 1m 1000 per day'
slow=http://localhost/debug/trace/rules/flood
resident() { awk '/^VmRSS:/ { print $2 }' "/proc/$server/status"; }
with_rule() { # REQUESTS: a turn with the rule, which counts all of them; its figures are in $both
    local before after seen
    ask -H 'Content-Type: text/plain' --data-binary "$rule" $slow >/dev/null || fail "the rule is not taken"
    before=$(missed)
    both=$(turn "$1")
    sleep 0.3 # a look
    after=$(missed)
    ask "http://localhost/debug/trace/rules?format=json" >"$dir/rules"
    seen=$(($(counted matched) + after - before))
    [ $seen -ge $(($1 * 99 / 100)) ] || fail "of $1 slow ones $seen are counted: $(cat "$dir/rules")"
    [ $(($(counted cooldown) + $(counted window))) -gt 0 ] || fail "nothing was suppressed: $(cat "$dir/rules")"
    ask -X DELETE $slow >/dev/null
}
begun=$(date +%s)
for ((i = 0; i < pairs; i++)); do
    [ $((i % 2)) = 1 ] || alone=$(turn "$requests")
    with_rule "$requests"
    [ $((i % 2)) = 0 ] || alone=$(turn "$requests")
    echo "$alone $both $(resident)" >>"$dir/turns"
done
if [ "$minute" ]; then
    with_rule $((requests * 120))
    echo "a whole minute of them: $both requests a second and ns an answer, $(resident) KiB resident"
fi
took=$(($(date +%s) - begun))

# ratio WITH WITHOUT: of two columns the median of their ratios, and its interval
ratio() { awk -v with="$1" -v without="$2" '{ print $with / $without }' "$dir/turns" | sort -n |
    awk '{ v[NR] = $1 } END { low = int((NR - 1.96 * sqrt(NR)) / 2); low = low < 1 ? 1 : low
        printf "%.3f [%.3f, %.3f]\n", v[int((NR + 1) / 2)], v[low], v[NR + 1 - low] }'; }
echo "$pairs pairs of $requests requests each without the rule and with it"
echo "slow requests a second: $(cut -d ' ' -f 4 "$dir/turns" | sort -n | sed -n "$(((pairs + 1) / 2))p")"
echo "throughput with the rule by that without: $(ratio 4 1)"
echo "CPU time an answer, of redis' thread: $(ratio 5 2); of all threads: $(ratio 6 3)"
read -r _ _ _ _ _ _ first < <(sed -n 2p "$dir/turns")
last=$(resident)
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
