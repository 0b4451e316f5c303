#!/bin/bash
# The captures that the browser tests open: shop.stall, with the lock of the cart held over a flush; healthy.stall, the
# same without that; talker.stall, with logs and lost events; redis.stall, of Debian's redis-server under load. In BUILD/tests/view/traces.
# usage: traces.sh BUILD
# shellcheck source=../examples/lib/shop.sh
. "$(dirname "$0")/../examples/lib/shop.sh"
shows=(redis bench capture)
to=$build/tests/view/traces
mkdir -p "$to" && rm -f "$to"/*

start_busy_shop --fault cart-lock
capture "$to/shop.stall" 2s
end_all
start_busy_shop
capture "$to/healthy.stall" 2s
end_all
"$stallmark" symbolize "$to/shop.stall" 2>/dev/null || fail "it cannot be symbolized"

"$build/tests/view/view_talker" "$to/talker.stall" || fail "the talker has no capture"

command -v redis-server >/dev/null || exit 0
STALLMARK_SOCKET=$work/redis.agent "$stallmark" run -q -- redis-server --port 0 --unixsocket "$work/redis.sock" --save '' \
    --appendonly yes --appendfsync always --dir "$work" >"$work/redis" 2>&1 &
pids+=($!)
tries=0
until [ -S "$work/redis.sock" ] && [ -S "$work/redis.agent" ]; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "redis does not start"
    sleep 0.05
done
timeout 60 redis-benchmark -s "$work/redis.sock" -c 8 -n 1000000 -t set,get -q >"$work/bench" 2>&1 &
pids+=($!)
sleep 0.2
"$stallmark" capture "$work/redis.agent" --duration 1s -o "$to/redis.stall" >"$work/capture" 2>&1 || fail "redis was not traced"
