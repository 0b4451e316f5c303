#!/bin/bash
# soak.sh SHOP STALLMARK MIX SECONDS: the shop under load with its recorder on, a rule that fires each second and a
# snapshot by hand each second. Captures are kept within their bounds, each that is looked at is whole, the rule has
# fired as often as its cool-down lets it, and what the process holds of memory, descriptors and threads is in the last
# third of the time what it was in the first.
set -u
shop=$1 stallmark=$2 mix=$3 seconds=$4
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-soak.XXXXXX") || exit 2
load="" pid="" failed=0
trap 'kill -9 $pid $load 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
export STALLMARK_DIRECTORY=$dir/captures STALLMARK_SOCKET=$dir/agent.sock STALLMARK_RECORDER=2s,8MiB
export STALLMARK_KEEP_FILES=5 STALLMARK_DAY_BYTES=1TiB
mkdir -m 700 "$STALLMARK_DIRECTORY"

fail() {
    echo "soak.sh: $*" >&2
    failed=1
}
ask() { curl -s --fail-with-body -m 20 --unix-socket "$STALLMARK_SOCKET" "$@"; }
kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status"; }
entries() { find "/proc/$pid/$1" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }

"$shop" --port 0 --debug none --log "$dir/shop.log" --fault cart-lock >"$dir/out" 2>&1 &
pid=$!
for _ in $(seq 200); do
    grep -q '^shop: http' "$dir/out" && [ -S "$STALLMARK_SOCKET" ] && break
    sleep 0.05
done
wrk -t1 -c8 -d$((seconds + 60))s -s "$mix" "$(sed -n 's/^shop: \(http:.*\)/\1/p' "$dir/out")" >/dev/null 2>&1 &
load=$!
# Two take turns: one may fire no more than 1,000 times a day.
limits='then snapshot before 1s after 100ms cooldown 2s at most 1000 per 1m 1000 per day'
printf '%s\n' "cart: when request > 1ms on \"GET /cart*\" $limits" "rest: when request > 1ms $limits" |
    ask -X PUT -H 'Content-Type: text/plain' --data-binary @- http://localhost/debug/trace/rules >"$dir/rules" ||
    fail "the rules are not taken: $(cat "$dir/rules")"

# One line a second: KiB resident, descriptors, threads.
asked=0 taken=0 until=$(($(date +%s) + seconds))
while [ "$(date +%s)" -lt $until ]; do
    ask -o "$dir/snapshot" -X POST 'http://localhost/debug/trace/snapshot?before=1s&wait=1' && taken=$((taken + 1))
    asked=$((asked + 1))
    if [ $((asked % 7)) = 1 ]; then
        "$stallmark" check "$dir/snapshot" >"$dir/check" 2>&1 || fail "snapshot $asked: $(cat "$dir/check")"
    fi
    echo "$(kib) $(entries fd) $(entries task)" >>"$dir/figures"
    kill -0 $pid 2>/dev/null || { fail "the shop has ended: $(tail -n 3 "$dir/out")"; break; }
    sleep 0.8
done

# The median of the first third beside that of the last, without the first tenth and the first eight, in which all is
# touched for the first time.
sed -i 1,8d "$dir/figures"
third() {
    awk -v column="$1" -v from="$2" -v to="$3" -v all="$(wc -l <"$dir/figures")" \
        'NR > all * from && NR <= all * to { print $column }' "$dir/figures" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
# flat WHAT COLUMN SLACK
flat() {
    local first last
    first=$(third "$2" 0.1 0.4) last=$(third "$2" 0.7 1)
    echo "$1: $first in the first third, $last in the last"
    [ $((last - first)) -le "$3" ] ||
        fail "$1 grew from $first to $last, by more than $3: $(tr '\n' ';' <"$dir/figures")"
}
flat "KiB resident" 1 $(($(third 1 0.1 0.4) / 20 + 2048))
flat descriptors 2 4
flat threads 3 1
[ $taken -ge $((asked * 9 / 10)) ] || fail "$taken snapshots of $asked that were asked for"
ask 'http://localhost/debug/trace/rules?format=json' >"$dir/rules"
fired=$(grep -o '"fired":[0-9]*' "$dir/rules" | awk -F: '{ sum += $2 } END { print sum + 0 }')
[ "$fired" -ge $((seconds / 3)) ] || fail "the rules have fired $fired times in $seconds s: $(cat "$dir/rules")"
files=$(find "$STALLMARK_DIRECTORY" -name '*.stall' | wc -l)
[ "$files" -le 6 ] || fail "$files files are kept, 5 are allowed"
echo "$taken snapshots by hand and $fired by the rules in $seconds s, $files files kept"
exit $failed
