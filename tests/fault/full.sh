#!/bin/bash
# full.sh BUILD: the disk fills up under a rule's capture, and is full when the next one begins: half a megabyte of memory
# is the captures' directory, a redis at full load has one slow request, and another later. Each file
# opens, says its rule and that there was no room; the ledger, on the same disk, has every firing and how it ended; and
# the redis goes on.
# Exit code 77: there is no redis, or no mount of one's own.
set -u
for needed in redis-server redis-benchmark redis-cli curl unshare; do
    command -v $needed >/dev/null || exit 77
done
if [ "${2:-}" != mounted ]; then
    unshare -rm true 2>/dev/null || exit 77
    exec unshare -rm "$0" "$1" mounted
fi
build=$1
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-full.XXXXXX") || exit 2
pids=() failed=0
end_all() {
    [ ${#pids[@]} = 0 ] || kill -9 "${pids[@]}" 2>/dev/null
    wait 2>/dev/null
    pids=()
}
trap 'end_all; umount "$dir/captures" && rmdir "$dir/captures" && rm -rf "$dir"' EXIT
mkdir -m 700 "$dir/captures"
mount -t tmpfs -o size=500k,mode=0700 stallmark-test "$dir/captures" || exit 77

fail() {
    echo "full.sh: $*" >&2
    failed=1
}
ask() { curl -s --fail-with-body -m 20 --unix-socket "$dir/agent.sock" "$@"; }
cli() { redis-cli -s "$dir/redis.sock" "$@"; }
ledger() { ask 'http://localhost/debug/trace/ledger?format=text' >"$dir/ledger"; }
# until_ended COUNT: so many captures have ended
until_ended() {
    for _ in $(seq 200); do
        ledger && [ "$(grep -c ' slow  *ended ' "$dir/ledger")" -ge "$1" ] && return
        sleep 0.1
    done
    fail "not $1 captures have ended: $(cat "$dir/ledger")"
}

env LD_PRELOAD="$build/lib/libstallmark-preload.so" STALLMARK_SOCKET="$dir/agent.sock" STALLMARK_FREE_FLOOR=0 \
    STALLMARK_DIRECTORY="$dir/captures" redis-server --port 0 --unixsocket "$dir/redis.sock" --save "" --dir "$dir" \
    --enable-debug-command yes >"$dir/redis.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
    cli ping >/dev/null 2>&1 && ask http://localhost/debug/trace/status >/dev/null && break
    sleep 0.1
done
ask -H 'Content-Type: text/plain' --data-binary 'when request > 400ms then snapshot before 10s after 2s cooldown 0s' \
    http://localhost/debug/trace/rules/slow >/dev/null || fail "the rule is not taken"
redis-benchmark -s "$dir/redis.sock" -n 1000000000 -c 20 -q -t get >/dev/null 2>&1 &
pids+=($!)
sleep 3 # that is more than there is room for
cli debug sleep 0.8 >/dev/null
until_ended 1
sleep 0.5
cli debug sleep 0.8 >/dev/null
until_ended 2
[ "$(cli ping)" = PONG ] || fail "redis does not answer"
ledger
end_all

grep -qE ' slow +ended +no_space: [0-9]+ bytes' "$dir/ledger" || fail "no capture ended for want of room: $(cat "$dir/ledger")"
fired=$(grep -c ' slow  *fired ' "$dir/ledger")
files=0
for file in "$dir"/captures/2*; do
    files=$((files + 1))
    "$build/bin/stallmark" check "$file" >"$dir/check" 2>&1
    [ $? -le 2 ] || fail "check: $(cat "$dir/check")"
    grep -qi checksum "$dir/check" && fail "$(cat "$dir/check")"
    "$build/bin/stallmark" report "$file" >"$dir/report" 2>&1 || fail "it does not open: $(cat "$dir/report")"
    grep -q '^captured by rule slow: when request > 400ms' "$dir/report" || fail "no rule is said: $(head -n 3 "$dir/report")"
    id=${file##*/} id=${id%%.*}
    grep -qE " slow +fired .*/debug/traces/$id \((there|cut)" "$dir/ledger" || fail "$id is not in the ledger: $(cat "$dir/ledger")"
    ended=$("$build/bin/stallmark" info "$file" | awk '$1 == "ended" { print $2 }')
    grep -qE " slow +ended +$ended: .*/debug/traces/$id" "$dir/ledger" || fail "$id ended for '$ended': $(cat "$dir/ledger")"
done
{ [ $files = "$fired" ] && [ $files -ge 2 ]; } || fail "$files files, $fired firings: $(cat "$dir/ledger")"
# What is said is what is written.
[ "$(grep -c $'\tfired\tslow\t' "$dir/captures/ledger")" = "$fired" ] || fail "the ledger's file: $(cat "$dir/captures/ledger")"
grep -q $'\tended\tslow\tno_space\t' "$dir/captures/ledger" || fail "the ledger's file: $(cat "$dir/captures/ledger")"
echo "$files captures on a full disk, all of them open"
exit $failed
