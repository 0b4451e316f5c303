#!/bin/sh
# main_ends.sh BUILD: the agent's threads do not keep a process whose own threads have all ended, with
# and without a TCP front, armed once and never armed.
set -eu
program=$1/tests/preload/main_ends
preload=$1/lib/libstallmark-preload.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() { # LISTEN ARM
    (
        [ -z "$1" ] || export STALLMARK_LISTEN="$1"
        sleep 2 | STALLMARK_SOCKET="$work/socket" STALLMARK_DIRECTORY="$work" LD_PRELOAD="$preload" "$program"
        echo $? >"$work/code"
    ) &
    shell=$!
    for _ in $(seq 100); do
        [ -S "$work/socket" ] && break
        sleep 0.1
    done
    [ -S "$work/socket" ] || { echo "the agent did not start"; exit 1; }
    if [ "$2" = armed ]; then
        curl -sS -f -o /dev/null --unix-socket "$work/socket" 'http://localhost/debug/trace?duration=100ms'
    fi
    wait $shell
    [ "$(cat "$work/code")" = 0 ] || { echo "listen=$1 $2: status $(cat "$work/code")"; exit 1; }
    rm -f "$work/code" "$work/socket"
}
run "" never
run "" armed
run 127.0.0.1:0 never
run 127.0.0.1:0 armed
