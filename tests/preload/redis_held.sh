#!/bin/bash
# An unmodified redis whose loop hangs in DEBUG SLEEP: status names the function while it hangs, on the agent's own
# socket, and the file of the recorder has it.
. "$(dirname "$0")/lib.sh"
for needed in redis-server redis-cli curl; do
    command -v $needed >/dev/null || exit 77
done

env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" STALLMARK_RECORDER=10s \
    redis-server --port 0 --unixsocket "$tmp/redis.sock" --save "" --appendonly no --dir "$tmp" \
    --enable-debug-command yes >"$tmp/redis.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$tmp"' EXIT
for _ in $(seq 100); do
    redis-cli -s "$tmp/redis.sock" ping >/dev/null 2>&1 && [ -S "$tmp/agent.sock" ] && break
    sleep 0.1
done
status() { curl -sf --unix-socket "$tmp/agent.sock" http://x/debug/trace/status >"$tmp/status"; }

for _ in $(seq 20); do redis-cli -s "$tmp/redis.sock" get key >/dev/null; done
redis-cli -s "$tmp/redis.sock" debug sleep 3 >/dev/null &
cli=$!
seen=
for _ in $(seq 100); do
    status && grep -qE '"held": *true,[^}]*"stack": *\["?debugCommand' "$tmp/status" && seen=1 && break
    kill -0 $cli 2>/dev/null || break
    sleep 0.05
done
[ -n "$seen" ] || fail "status did not say, while it hung, that redis is held in debugCommand: $(cat "$tmp/status")"
wait $cli
curl -sf --unix-socket "$tmp/agent.sock" -X POST "http://x/debug/trace/snapshot?wait=1" -o "$tmp/held.stall" ||
    fail "no snapshot"
kill $server
wait $server 2>/dev/null
trap 'rm -rf "$tmp"' EXIT
"$stallmark" dump "$tmp/held.stall" >"$tmp/dump" || fail "no dump"
grep -qE 'loop_stall .*"redis-server".* how=0' "$tmp/dump" || fail "no loop_stall of redis-server in the file"
"$stallmark" report "$tmp/held.stall" >"$tmp/report" || fail "no report"
grep -qE 'until then, it waits in debugCommand' "$tmp/report" || fail "the report does not name it: $(cat "$tmp/report")"
exit $bad
