#!/bin/bash
# The traces that the other tests of exports read: the article's program, the shop under load with a slow lock, both
# together, and hostile ones; beside each what `dump` says of its waits, to compare with.
# usage: traces.sh BUILD TRACES
set -u
build=$1 traces=$2
stallmark=$build/bin/stallmark
pids=()
unset XDG_RUNTIME_DIR STATE_DIRECTORY
for name in $(compgen -e STALLMARK_); do unset "$name"; done
rm -rf "$traces"
mkdir -p "$traces" || exit 2
export XDG_STATE_HOME=$traces/state
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done' EXIT

fail() {
    echo "traces: $*"
    exit 1
}

"$stallmark" record -o "$traces/article.stall" -- "$build/examples/article" >/dev/null || fail "no trace of the article"

"$build/examples/shop" --port 0 --debug 127.0.0.1:0 --log "$traces/audit.log" --fault cart-lock >"$traces/shop" 2>&1 &
pids+=($!)
for ((i = 0; i < 200; i++)); do
    grep -q '^shop: http' "$traces/shop" && break
    sleep 0.05
done
debug=$(sed -n 's|^shop: tracer on \(http.*/debug\)/$|\1|p' "$traces/shop")
port=$(sed -n 's|^shop: http://127.0.0.1:\([0-9]*\)/$|\1|p' "$traces/shop")
[ -n "$debug" ] || fail "the shop has no tracer"
"$build/tests/examples/load" "$port" 8 '/cart?item=1' /product /checkout &
pids+=($!)
sleep 0.3
# One that somebody else's trace goes on in, while it is recorded.
(sleep 0.5 && curl -sf -m 20 -o /dev/null -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' \
    "http://127.0.0.1:$port/product") &
traced=$!
curl -sf -m 60 -o "$traces/shop.stall" "$debug/trace?duration=1500ms&wait=1" || fail "the shop was not traced"
wait $traced || fail "the request with a traceparent has no answer"
for pid in "${pids[@]}"; do
    kill "$pid"
    wait "$pid" 2>/dev/null
done
pids=()
for name in article shop; do
    "$stallmark" symbolize "$traces/$name.stall" >/dev/null || fail "$name cannot be symbolized"
done
cat "$traces/article.stall" "$traces/shop.stall" >"$traces/both.stall"

mkdir "$traces/hostile"
"$build/tests/gen/hostile" "$traces/hostile" >"$traces/hostile/verdicts" || fail "no hostile files"
for name in article shop both; do
    "$stallmark" check "$traces/$name.stall" >/dev/null || fail "$name is not clean"
    "$stallmark" dump --json "$traces/$name.stall" >"$traces/$name.json" || fail "$name cannot be dumped"
done
