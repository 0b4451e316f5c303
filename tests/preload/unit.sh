#!/bin/bash
# redis under the filter of its own unit in Debian (SystemCallFilter=@system-service, without @privileged and
# @resources; what is not in it ends the process): it serves, is armed through the agent, and ends by itself.
. "$(dirname "$0")/lib.sh"
export LC_ALL=C # as sort and join want it

if ! { command -v redis-server && command -v redis-cli; } >/dev/null; then
    echo "(redis is not installed)"
    exit 77
fi

# The sets are systemd's own, which a container does not have: they are kept in a file, which is looked at again
# where systemd is there in that version.
list=$(dirname "$0")/unit_calls.txt
members() { # SET: its calls, sets in it opened
    local name
    for name in $(systemd-analyze --no-pager syscall-filter "$1" | sed '1d; s/#.*//'); do
        case $name in @*) members "$name" ;; *) echo "$name" ;; esac
    done
}
sed '/^#/d' "$list" | tr ' ' '\n' | sort -u >"$tmp/allowed"
if systemd-analyze --version 2>/dev/null | grep -q '^systemd 252 '; then
    comm -23 <(members @system-service | sort -u) <({ members @privileged && members @resources; } | sort -u) >"$tmp/now"
    [ -z "${UPDATE:-}" ] || { sed -n '/^#/p' "$list" && fmt -w 110 "$tmp/now"; } >"$tmp/list"
    [ -z "${UPDATE:-}" ] || cp "$tmp/list" "$list"
    cmp -s "$tmp/allowed" "$tmp/now" || fail "$list is not what systemd says; UPDATE=1 writes it"
fi
echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' |
    sort >"$tmp/numbers"
join "$tmp/allowed" "$tmp/numbers" | cut -d' ' -f2 >"$tmp/only"
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
