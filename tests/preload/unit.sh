#!/bin/bash
# redis under the filter of its own unit in Debian (SystemCallFilter=@system-service, without @privileged and
# @resources; what is not in it ends the process): it serves, is armed through the agent, and ends by itself.
. "$(dirname "$0")/lib.sh"

if ! { command -v redis-server && command -v redis-cli && command -v systemd-analyze; } >/dev/null; then
    echo "(no redis, or nobody who knows systemd's sets)"
    exit 77
fi

# members SET: its calls, sets in it opened.
members() {
    local name
    for name in $(systemd-analyze --no-pager syscall-filter "$1" | sed '1d; s/#.*//'); do
        case $name in @*) members "$name" ;; *) echo "$name" ;; esac
    done
}

members @system-service | sort -u >"$tmp/allowed"
{ members @privileged && members @resources; } | sort -u >"$tmp/denied"
echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' |
    sort >"$tmp/numbers"
comm -23 "$tmp/allowed" "$tmp/denied" | join - "$tmp/numbers" | cut -d' ' -f2 >"$tmp/only"
[ "$(wc -l <"$tmp/only")" -gt 200 ] || { fail "the sets are not understood"; exit 1; }

serve() { # SOCKET COMMAND…: starts redis by COMMAND…, asks it something
    local socket=$1
    shift
    "$programs/only" "$tmp/only" -- "$@" redis-server --port 0 --unixsocket "$socket" --save "" --io-threads 2 \
        --dir "$tmp" >"$tmp/log" 2>&1 &
    pid=$!
    for _ in $(seq 50); do
        [ -e "$socket" ] && break
        sleep 0.1
    done
    expect "an answer" "$(redis-cli -s "$socket" set a b)" OK
}

end() { # SOCKET
    redis-cli -s "$1" shutdown nosave
    wait $pid
    expect "redis' exit code" $? 0
}

serve "$tmp/plain.sock" env
end "$tmp/plain.sock"
[ $bad = 0 ] || { echo "redis alone does not live under this filter"; exit 77; }

serve "$tmp/traced.sock" env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" \
    STALLMARK_LISTEN=127.0.0.1:0
for _ in $(seq 50); do
    [ -e "$tmp/agent.sock" ] && break
    sleep 0.1
done
"$stallmark" capture "$tmp/agent.sock" --duration 1s -o "$tmp/c.stall" >"$tmp/out" 2>&1 || {
    fail "it cannot be armed"
    cat "$tmp/out"
}
is_clean "$tmp/c.stall"
expect "an answer after arming" "$(redis-cli -s "$tmp/traced.sock" get a)" b
end "$tmp/traced.sock"
exit $bad
