#!/bin/bash
# The first of a family: after daemon() it is the daemon, not the process that began; when it dies another takes its
# place and its port; from any of them the whole family can be asked for, or one alone.
. "$(dirname "$0")/lib.sh"
export XDG_RUNTIME_DIR=$tmp/run
mkdir -m 700 "$tmp/run"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$tmp"' EXIT

# The port that is printed is the command's from then on: before it has an agent, after daemon(), in the next first.
taken() { perl -MIO::Socket::INET -e 'exit !!IO::Socket::INET->new(Listen => 1, LocalAddr => $ARGV[0])' "$1"; }
# shellcheck disable=SC2016 # perl's own
"$stallmark" run --listen 127.0.0.1:0 -- perl -e 'sysread STDIN, $byte, 1' 2>"$tmp/printed" < <(sleep 1) &
for _ in $(seq 100); do
    grep -q 127 "$tmp/printed" && break
    sleep 0.05
done
taken "$(grep -o '127[0-9.:]*' "$tmp/printed")" || fail "the port that was printed is free: $(cat "$tmp/printed")"
wait $!

STALLMARK_DIRECTORY="$tmp/captures" "$stallmark" run --listen 127.0.0.1:0 -- "$programs/family" serve >"$tmp/pids" 2>"$tmp/printed"
address=$(grep -o '127[0-9.:]*' "$tmp/printed")
for _ in $(seq 100); do
    [ -s "$tmp/pids" ] && break
    sleep 0.1
done
read -ra pids <"$tmp/pids"
[ "${#pids[@]}" = 3 ] || { fail "no family: $(cat "$tmp/pids")"; exit 1; }

# said PID KEY: of its status, without what stands around it
said() { "$stallmark" status --json "$1" 2>/dev/null | tr -d ' \n"' | sed -n "s/.*[{,]$2:\([^,}]*\).*/\1/p"; }
sorted() { printf '%s\n' "$@" | sort -n | tr '\n' ' '; }

for pid in "${pids[@]}"; do await "the first, as $pid says" "${pids[0]}" said "$pid" first; done
expect "the daemon's front" "$(said "${pids[0]}" tcp)" "$address"
expect "a worker's front" "$(said "${pids[1]}" tcp)" null

"$stallmark" capture "${pids[2]}" --duration 200ms --tree -o "$tmp/tree.stall" >"$tmp/out" || fail "tree: code $?"
is_clean "$tmp/tree.stall"
expect "the tree" "$(parts "$tmp/tree.stall")" "$(sorted "${pids[@]}")"
"$stallmark" capture "${pids[2]}" --duration 200ms -o "$tmp/one.stall" >"$tmp/out" || fail "one: code $?"
is_clean "$tmp/one.stall"
expect "one alone" "$(fact process.pid "$tmp/one.stall")" "${pids[2]}"
"$stallmark" capture "${pids[0]}" --duration 200ms -o "$tmp/one.stall" >"$tmp/out" || fail "the first: code $?"
expect "the first alone" "$(parts "$tmp/one.stall")" ""

kill -KILL "${pids[0]}"
# shellcheck disable=SC2317 # called by its name
new() { for pid in "${pids[1]}" "${pids[2]}"; do [ "$(said "$pid" first)" = "$pid" ] && said "$pid" tcp; done; }
await "another first" "$address" new
first=$(said "${pids[1]}" first)
await "what the others say" "$first" said "${pids[2]}" first
"$stallmark" capture "${pids[1]}" --duration 200ms --tree -o "$tmp/after.stall" >"$tmp/out" || fail "after: code $?"
is_clean "$tmp/after.stall"
expect "the family without its first" "$(parts "$tmp/after.stall")" "$(sorted "${pids[1]}" "${pids[2]}")"
exit $bad
