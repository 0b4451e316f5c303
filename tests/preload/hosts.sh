#!/bin/bash
# Hosts that would break a library that is not careful: descriptors closed by number, a plugin whose
# constructor waits for another thread's first call, 10,000 threads, a second copy of the library, more rights
# than the user's.
. "$(dirname "$0")/lib.sh"

expect "closer" "$(timeout 60 env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/c.stall" "$programs/closer")" "all closed"
is_clean "$tmp/c.stall"
expect "closer: threads" "$(count thread_start "$tmp/c.stall")" 12

# The same with both doors open, asked meanwhile.
env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/c.sock" STALLMARK_DIRECTORY="$tmp" STALLMARK_LISTEN=127.0.0.1:0 timeout 60 \
    "$programs/closer" >"$tmp/closed" &
host=$!
served=0
while kill -0 $host 2>/dev/null; do
    curl -sS -f --max-time 5 --unix-socket "$tmp/c.sock" http://localhost/debug/trace/status >"$tmp/status" 2>/dev/null || { sleep 0.01; continue; }
    served=$((served + 1))
    address=$(grep -o '127\.0\.0\.1:[0-9]*' "$tmp/status" | head -n 1)
    curl -sS -f --max-time 5 "http://$address/debug/trace?duration=10ms" >/dev/null 2>&1
done
wait $host
expect "closer with an agent" "$(cat "$tmp/closed")" "all closed"
[ $served -gt 0 ] || fail "closer: the agent was never asked"

for options in "STALLMARK_RECORD=$tmp/p.stall" "STALLMARK_SOCKET=$tmp/p.sock" \
    "STALLMARK_SOCKET=$tmp/q.sock STALLMARK_LISTEN=127.0.0.1:0"; do
    # shellcheck disable=SC2086 # several of them
    expect "plugin ($options)" "$(timeout 20 env LD_PRELOAD="$preload" STALLMARK_DIRECTORY="$tmp" $options \
        "$programs/plugin_host" "$programs/libplugin.so")" "plugged in"
done
is_clean "$tmp/p.stall"

expect "storm" "$(timeout 60 env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/s.stall" "$programs/storm" 10000 2>/dev/null)" "10000 turns"
is_clean "$tmp/s.stall"
starts=$(count thread_start "$tmp/s.stall")
ends=$(count thread_exit "$tmp/s.stall")
lost=$(fact capture.lost "$tmp/s.stall")
expect "storm: untraced threads" "$(fact threads.untraced "$tmp/s.stall")" 0
[ "$lost" -gt 0 ] || { expect "storm: starts" "$starts" 10000; expect "storm: ends" "$ends" 10000; }
echo "storm: $starts starts, $ends ends, $lost lost"

library=$build/lib/libstallmark.so
expect "one copy, loaded and unloaded" "$("$programs/copies" "$library")" works
expect "a second copy" "$(recorded "$tmp/k.stall" "$programs/copies" "$library")" inert
is_clean "$tmp/k.stall"

expect "ordinary rights" "$("$programs/rights")" works
expect "the archive's constructor" "$("$programs/rights_static")" works
# A linked program under the preload: its calls and its macros meet the preload's copy.
expect "linked and preloaded" "$(with_agent "$programs/rights")" works
(cd "$tmp" && with_agent "$build/examples/whole_program") >/dev/null || fail "whole_program under the preload"
for file in "$tmp"/*.stall; do
    is_clean "$file"
done
# The one with the archive in it: the build tree may be closed to that user.
if [ "$(id -u)" = 0 ] && cp "$programs/rights_static" "$tmp/rights" && chown 65534 "$tmp/rights" && chmod 4755 "$tmp/rights" "$tmp" &&
    chmod 755 "$tmp" && ! findmnt -no OPTIONS -T "$tmp" | grep -q nosuid; then
    expect "more rights than the user" "$("$tmp/rights")" inert
else
    echo "(not root: setuid is not tried)"
fi
exit $bad
