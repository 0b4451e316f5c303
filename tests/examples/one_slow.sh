#!/bin/bash
# One slow request among very many fast ones, and nobody looks: the shop has one rule in its config file, /product is
# asked for again and again, and one /checkout flushes for nearly a second. It is caught by itself; the file holds the
# request whole, with its waits, and what the threads did for the time before that the rule asks for; the ledger tells.
# 20,000 fast ones, a million in a long run.
# usage: one_slow.sh BUILD
. "$(dirname "$0")/lib/shop.sh"
command -v wrk >/dev/null || exit 77
shows=(config answer ledger said)
many=${SMK_LONG:+1000000}
many=${many:-20000}
export STALLMARK_DIRECTORY=$work/captures STALLMARK_CONFIG=$work/config
mkdir -m 700 "$work/captures"
cat >"$work/config" <<'END'
recorder = 10s, 32MiB
rule = slow: when request > 800ms then snapshot before 3s after 500ms cooldown 0s at most 100 per 1h
END

ended() { curl -s "$tracer/metrics" | sed -nE "s|^stallmark_request_duration_seconds_count\{route=\"GET $1\"\} ||p"; }
ledger() { "$stallmark" ledger "$tracer" >"$work/ledger" 2>&1 && grep -qE "$1" "$work/ledger"; }

start_shop --fault cart-lock --disk-ms 950
wrk -t1 -c64 -d3600s "http://127.0.0.1:$port/product?item=3" >/dev/null 2>&1 &
pids+=($!)
until fast=$(ended /product) && [ "${fast:-0}" -ge "$many" ]; do
    sleep 0.5
done
# Where the machine had no CPU for one of those for so long, it has been caught with the same right.
curl -s "http://127.0.0.1:$port/checkout" >"$work/answer" || fail "no answer"
for _ in $(seq 200); do
    ledger ' slow +fired +GET /checkout (took|has been running for) .*\(there\)' && break
    sleep 0.1
done
[ "$(grep -c ' slow  *fired  *GET /checkout' "$work/ledger")" = 1 ] || fail "it was not caught, once"
line=$(grep ' slow  *fired  *GET /checkout' "$work/ledger")
[[ $line =~ \(request\ ([0-9]+), ]] || fail "no request is named: $line"
request=${BASH_REMATCH[1]}
[[ $line =~ /debug/traces/([0-9a-z-]+) ]] || fail "no capture is named: $line"
file=$work/captures/${BASH_REMATCH[1]}.stall
fast=$(ended /product)
# By the same number it is among the slowest of the live view.
curl -s "$tracer/debug/requests/$request" >"$work/said"
grep -qE "^  $request +[0-9.]+ m?s +GET /checkout " "$work/said" || fail "/debug/requests/$request is another one"
# Those that wait behind one another now, from the command line: the place with its file and line.
for _ in $(seq 12); do
    curl -s "http://127.0.0.1:$port/checkout" >/dev/null &
    pids+=($!)
done
seen=""
for _ in $(seq 50); do
    "$stallmark" requests "$tracer" >"$work/said" 2>&1 || fail "no requests"
    grep -qE '^  [0-9]+ +[0-9.]+ m?s +GET /checkout +worker-[0-9]+: lock cart_lock, held by worker-[0-9]+ .* cart\.c:[0-9]+ ← ' \
        "$work/said" && seen=yes && break
    sleep 0.05
done
[ "$seen" ] || fail "'stallmark requests' does not say where they are"
end_all

# Whole, with its waits: it sat in the flush, in which it held the cart.
"$stallmark" check "$file" >"$work/said" || fail "the file is not clean"
"$stallmark" request "$file" "$request" >"$work/said" 2>&1 || fail "request $request is not in the file"
grep -qE "^$request  GET /checkout  .*(9[0-9][0-9] ms|[1-9]\.[0-9]+ s)" "$work/said" || fail "it is not whole"
grep -qE '^ +sleep +9[0-9][0-9] ms' "$work/said" || fail "what it waited for is not in the file"
"$stallmark" report "$file" >"$work/said" || fail "no report"
grep -q '^captured by rule slow: when request > 800ms' "$work/said" || fail "the report does not name the rule"

# What came before it: every thread is complete from where the rule asks for (or from where the recorder's 32 MiB
# reach), which is before the request began, and the workers were at work then.
"$stallmark" dump "$file" >"$work/dump"
began=$(awk -v id="$(printf %x "$request")" '$3 == "request_begin" && $0 ~ "request="id"( |$)" { print $1; exit }' "$work/dump")
[ -n "$began" ] || fail "its begin is not in the file: $(grep -m 3 request_begin "$work/dump")"
complete=$("$stallmark" info "$file" | sed -nE 's/^complete +yes; every thread is in it from ([0-9.]+) s$/\1/p')
awk -v began="$began" -v complete="$complete" 'BEGIN { exit !(complete != "" && complete < 0.5 && began - complete > 1) }' ||
    fail "threads are complete from '$complete', and the request began at $began"
workers=$(awk -v began="$began" '$1 < began && /worker-/ { split($2, a, "/"); seen[$2] = 1 } END { n = 0; for (w in seen) n++; print n }' "$work/dump")
[ "$workers" -ge 8 ] || fail "only $workers workers are in it before the request"
echo "1 of $((fast + 1)) caught; threads are in it for $(awk -v a="$began" -v b="$complete" 'BEGIN { print a - b }') s before"
