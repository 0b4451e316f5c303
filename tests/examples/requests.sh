#!/bin/bash
# A thousand requests of the shop under mixed faults: of each the parts add up to its wall time, exactly, and little
# is unexplained; the spans of each thread add up to its life. What `request` says of the slowest names the lock, and
# what its holders did.
# usage: requests.sh BUILD
set -u
build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-requests.XXXXXX")
stallmark=$build/bin/stallmark
pids=()
unset XDG_RUNTIME_DIR STATE_DIRECTORY
export XDG_STATE_HOME=$work
for name in $(compgen -e STALLMARK_); do unset "$name"; done

end_all() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    pids=()
}
trap 'end_all; rm -rf "$work"' EXIT

fail() {
    echo "requests: $*"
    cat "$work/shop" "$work/answer" 2>/dev/null
    exit 1
}

# trace FILE DURATION FLAGS…
trace() {
    local file=$1 duration=$2 tries=0
    shift 2
    "$build/examples/shop" --port 0 --debug 127.0.0.1:0 --log "$work/audit.log" "$@" >"$work/shop" 2>&1 &
    pids+=($!)
    until grep -q '^shop: http' "$work/shop"; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || fail "it does not start"
        sleep 0.05
    done
    debug=$(sed -n 's|^shop: tracer on \(http.*/debug\)/$|\1|p' "$work/shop")
    port=$(sed -n 's|^shop: http://127.0.0.1:\([0-9]*\)/$|\1|p' "$work/shop")
    "$build/tests/examples/load" "$port" 12 '/cart?item=1' '/cart?item=2' /product /checkout &
    pids+=($!)
    sleep 0.3
    curl -sf -m 60 -o "$file" "$debug/trace?duration=$duration&wait=1" || fail "it was not traced"
    end_all
}

# As long as a thousand requests take on a machine that does other things, too.
for duration in 4s 12s 30s; do
    trace "$work/mixed.stall" $duration --fault cart-lock --fault serial-backends --disk-ms 3
    "$build/tests/examples/accounting" "$work/mixed.stall" 1000 >"$work/answer" && break
    grep -q 'whole requests only' "$work/answer" || break
done
"$build/tests/examples/accounting" "$work/mixed.stall" 1000 >"$work/answer" || fail "it does not add up"
cat "$work/answer"
"$stallmark" request "$work/mixed.stall" 'GET /cart' >"$work/answer" || fail "no answer about the slowest"
grep -qE '^  lock cart_lock .* % +held by worker-[0-9]+.*←$' "$work/answer" || fail "the lock is not named"
grep -qE ' held by worker-.* in render_log cart\.c:[0-9]+' "$work/answer" || fail "the holder is not named"
grep -qE ' waited for (disk fdatasync|sleep nanosleep).* in write_and_flush log\.c:[0-9]+' "$work/answer" ||
    fail "what the holders did is not named"
trace "$work/healthy.stall" 1s
"$build/tests/examples/accounting" "$work/healthy.stall" 1 >"$work/answer" || fail "it does not add up in a healthy shop"
cat "$work/answer"
