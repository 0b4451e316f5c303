#!/bin/bash
# The view of a capture of the shop, and of redis, is what the capture says, item for item. usage: view.sh BUILD
. "$(dirname "$0")/lib/shop.sh"
shows=(out)
check() {
    "$build/tests/examples/view_check" "$1" >"$work/out" 2>&1 || fail "the view of $1 is another thing than the trace"
    cat "$work/out"
}
start_busy_shop --fault cart-lock
capture "$work/shop.stall" 2s
end_all
check "$work/shop.stall"

redis=$(command -v redis-server) || exit 0
command -v redis-benchmark >/dev/null || exit 0
"$stallmark" record -o "$work/redis.stall" -- "$redis" --unixsocket "$work/redis.sock" --port 0 --save '' \
    >"$work/redis" 2>&1 &
pids+=($!)
tries=0
until [ -S "$work/redis.sock" ] || [ $((tries += 1)) -gt 100 ]; do sleep 0.05; done
shows+=(redis benchmark)
timeout 60 redis-benchmark -s "$work/redis.sock" -n 20000 -c 8 -t set,get,lpush >"$work/benchmark" 2>&1
end_all
[ -s "$work/redis.stall" ] || fail "redis was not traced"
check "$work/redis.stall"
