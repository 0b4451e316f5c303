#!/bin/bash
# A host with threads makes children in every way, each at another moment of what we do (SMK_LONG: 10,000): they all
# end well, nothing of the agent's is in them, and the parent's captures are whole.
. "$(dirname "$0")/lib.sh"
count=$([ -n "${SMK_LONG:-}" ] && echo 10000 || echo 300)

expect "recording" "$(recorded "$tmp/a.stall" "$programs/forks" "$count")" "$count well"
is_clean "$tmp/a.stall"

# With both doors open, and armed again and again meanwhile.
env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" \
    STALLMARK_LISTEN=127.0.0.1:0 "$programs/forks" "$count" >"$tmp/out" &
host=$!
armed=0
while kill -0 $host 2>/dev/null; do
    curl -sS -f --max-time 5 -o "$tmp/c.stall" --unix-socket "$tmp/agent.sock" \
        'http://localhost/debug/trace?duration=50ms&wait=1' 2>/dev/null || { sleep 0.01; continue; }
    armed=$((armed + 1))
    is_clean "$tmp/c.stall"
done
wait $host
expect "with an agent" "$(cat "$tmp/out")" "$count well"
[ $armed -gt 0 ] || fail "it was never armed"
echo "armed $armed times among $count children"
# What is left behind: whole captures, all of them the parent's, and no socket.
expect "files of children" "$(find "$tmp" -name '*.partial' -o -type s | wc -l)" 0
exit $bad
