#!/bin/bash
# kill_shop.sh SHOP STALLMARK MIX TIMES: kills the shop, armed and under load, at random moments. Whatever
# captures it left open; no chunk is accepted whose checksum is wrong.
set -u
shop=$1 stallmark=$2 mix=$3 times=$4
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-kill.XXXXXX") || exit 2
load="" pid=""
trap 'kill -9 $pid $load 2>/dev/null; rm -rf "$dir"' EXIT
RANDOM=${SEED:-4711}
export STALLMARK_DIRECTORY=$dir/captures STALLMARK_SOCKET=$dir/agent.sock
mkdir -m 700 "$STALLMARK_DIRECTORY"
with_events=0

fail() {
    echo "kill_shop.sh: $*" >&2
    exit 1
}

start() {
    rm -f "$dir/out" # what the last one said
    "$shop" --port 0 --debug none --log "$dir/shop.log" --fault cart-lock >"$dir/out" 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        grep -qs '^shop: http' "$dir/out" && [ -S "$STALLMARK_SOCKET" ] && return
        sleep 0.05
    done
    fail "the shop does not start: $(cat "$dir/out")"
}

for ((i = 0; i < times; i++)); do
    start
    wrk -t1 -c8 -d5s -s "$mix" "$(sed -n 's/^shop: \(http:.*\)/\1/p' "$dir/out")" >/dev/null 2>&1 &
    load=$!
    curl -sS --fail-with-body -o "$dir/answer" --unix-socket "$STALLMARK_SOCKET" \
        'http://localhost/debug/trace?duration=1m&rotate_every=200ms' 2>"$dir/error" ||
        fail "run $i: it cannot be armed: $(cat "$dir/error" "$dir/answer" "$dir/out")"
    # From before its first chunk to some segments.
    sleep "0.$(printf '%03d' $((RANDOM % 1000)))"
    kill -9 $pid
    wait $pid 2>/dev/null
    kill $load 2>/dev/null
    wait $load 2>/dev/null
    for file in "$STALLMARK_DIRECTORY"/*; do
        [ -s "$file" ] || continue # not even begun
        "$stallmark" check "$file" >"$dir/check" 2>&1
        [ $? -le 2 ] || fail "run $i: check: $(cat "$dir/check")"
        grep -qi checksum "$dir/check" && fail "run $i: $(cat "$dir/check")"
        case $file in *.stall) grep -q '^clean' "$dir/check" || fail "run $i: a whole segment: $(cat "$dir/check")" ;; esac
        "$stallmark" info "$file" >"$dir/info" 2>&1 || fail "run $i: $file does not open: $(cat "$dir/info")"
        grep -qE '^events +[1-9]' "$dir/info" && with_events=$((with_events + 1))
    done
    rm -f "$STALLMARK_DIRECTORY"/*
done
[ $with_events -gt $((times / 4)) ] || fail "only $with_events files of $times runs had events: the moments are badly chosen"
echo "$times times killed; $with_events files had events, all of them opened"
