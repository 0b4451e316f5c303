#!/bin/bash
# Fixing the shop's lock and tracing again: diff says that the lock's finding is gone, and by how much p99 fell; of two
# traces of the same build it claims nothing. And the twin that keeps its buffers.
# usage: diff.sh BUILD
set -u
build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-diff.XXXXXX")
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
    echo "diff: $*"
    cat "$work/shop" "$work/diff" 2>/dev/null
    exit 1
}

says() { grep -qE -- "$1" "$work/diff" || fail "'$1' is not in what it says"; }

compare() { "$stallmark" diff "$@" >"$work/diff" || fail "diff $* failed"; }

# shop FLAGS…: under load, its tracer at $debug.
shop() {
    local tries=0
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
}

trace() { curl -sf -m 60 -o "$1" "$debug/trace?duration=2s&wait=1" || fail "it was not traced"; }

shop --fault cart-lock
trace "$work/slow.stall"
end_all
shop
trace "$work/fixed.stall"
end_all

compare "$work/slow.stall" "$work/fixed.stall"
says '^gone +lock cart_lock   cost [0-9.]+ s a second$'
says '^ +cart_lock: fell by (9[0-9]|100) % +p < 0\.000001$'
sed -n '/^GET \/cart$/,/^   mostly/p' "$work/diff" >"$work/cart"
grep -qE '^   p50 +.* fell by [5-9][0-9] % +p ' "$work/cart" || fail "it does not say that the cart's p50 fell"
grep -qE '^   p99 +.* fell by [3-9][0-9] % +p ' "$work/cart" || fail "it does not say that the cart's p99 fell"
grep -qE '^   mostly +lock cart_lock [0-9]+ % → ' "$work/cart" || fail "it does not say what the cart waited for"
compare "$work/fixed.stall" "$work/slow.stall"
says '^new +lock cart_lock   cost '

# The same build: traces one after the other, of one process, that nobody changed. What else the machine does changes in
# the meantime, and is a real change if it makes all of a trace slower: of six pairs, two at least must be without one.
shop
quiet=0
for turn in 1 2 3 4 5 6; do
    trace "$work/a.stall"
    trace "$work/b.stall"
    compare "$work/a.stall" "$work/b.stall"
    grep -qE '^(gone|new) +(lock|disk|memory|sleep) ' "$work/diff" && fail "it claims a finding (turn $turn)"
    grep -qE '^no change that can be told, of ([5-9]|[1-9][0-9]+) figures compared\.$' "$work/diff" && quiet=$((quiet + 1))
    [ $quiet -lt 2 ] || break
done
end_all
[ $quiet -ge 2 ] || fail "it claims changes of two traces of the same build"

# Buffers that come and go, and the twin that keeps one and is done in some 20 ms: what is too short to tell is tried
# again.
fell=
for turn in 1 2 3; do
    for flags in '' --healthy; do
        # shellcheck disable=SC2086 # no word, or one
        "$build/examples/alloc_churn" $flags "$work/churn$flags.stall" >"$work/shop" 2>&1 || fail "not recorded"
    done
    compare "$work/churn.stall" "$work/churn--healthy.stall"
    says '^(gone|in BEFORE alone) +memory got and given back in get_buffer   cost [0-9.]+ [mu]?s a second$'
    says '^   blocks +1,0[0-9][0-9] → [0-9]$'
    says '^   together +100[0-9] MiB → [0-9.]+ MiB$'
    grep -qE '^ +(free|malloc) in [a-z_]+: fell by [5-9][0-9] % +p ' "$work/diff" || continue
    grep -q '^gone ' "$work/diff" && fell=1 && break
done
[ -n "$fell" ] || fail "it does not say that what keeps its buffers waits less for memory"
exit 0
