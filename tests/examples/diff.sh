#!/bin/bash
# Fixing the shop's lock and tracing again: diff says that the lock's finding is gone, and by how much p99 fell; of two
# traces of the same build it claims nothing. And the twin that keeps its buffers.
# usage: diff.sh BUILD
. "$(dirname "$0")/lib/shop.sh"
shows=(diff)

says() { grep -qE -- "$1" "$work/diff" || fail "'$1' is not in what it says"; }

compare() { "$stallmark" diff "$@" >"$work/diff" || fail "diff $* failed"; }

# fixed: what is said of the lock, and of the cart. On a machine that has no CPU for either the tail says nothing: three
# tries.
why=
is_fixed() {
    start_busy_shop --fault cart-lock
    capture "$work/slow.stall" 5s # some hundred requests only
    end_all
    start_busy_shop
    capture "$work/fixed.stall" 2s
    end_all
    compare "$work/slow.stall" "$work/fixed.stall"
    says '^gone +lock cart_lock   cost [0-9.]+ s a second$'
    says '^ +cart_lock: fell by (9[0-9]|100) % +p < 0\.000001$'
    sed -n '/^GET \/cart$/,/^   mostly/p' "$work/diff" >"$work/cart"
    grep -qE '^   mostly +lock cart_lock [0-9]+ % → ' "$work/cart" || fail "it does not say what the cart waited for"
    why="the cart's p50"
    grep -qE '^   p50 +.* fell by [5-9][0-9] % +p ' "$work/cart" || return 1
    why="the cart's p99"
    grep -qE '^   p99 +.* fell by [3-9][0-9] % +p ' "$work/cart" || return 1
    why=
}
for turn in 1 2 3; do
    is_fixed && break
    echo "try $turn: it does not say that $why fell"
done
[ -z "$why" ] || fail "it does not say that $why fell"
compare "$work/fixed.stall" "$work/slow.stall"
says '^new +lock cart_lock   cost '

# The same build: pairs of traces of one process that nobody changed, 4 of them, with SMK_LONG 30.
start_busy_shop
pairs=4
[ -z "${SMK_LONG:-}" ] || pairs=30
for turn in $(seq $pairs); do
    capture "$work/a.stall" 2s
    capture "$work/b.stall" 2s
    compare "$work/a.stall" "$work/b.stall"
    says '^no change that can be told, of ([5-9]|[1-9][0-9]+) figures compared\.$'
    grep -qE '^(gone|new) ' "$work/diff" && fail "it claims a finding (turn $turn)"
done
end_all

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
