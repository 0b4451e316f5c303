#!/bin/bash
# The shop under load: with the cart's lock held over a flush the report names the lock, the function that
# held it and what it cost whom; with the fault switched off it is silent.
# usage: shop.sh BUILD
. "$(dirname "$0")/lib/shop.sh"
shows=(report)

says() { grep -qE -- "$1" "$work/report" || fail "'$1' is not in the report"; }

# trace FILE FLAGS…: two seconds of the shop with these flags under load, armed and downloaded with curl.
trace() {
    local file=$1
    shift
    start_busy_shop "$@"
    capture "$file" 2s
    end_all
}

# Where others have all the CPUs, that may cost more than the lock: then again.
for try in 1 2 3; do
    trace "$work/slow.stall" --fault cart-lock
    "$stallmark" check "$work/slow.stall" >"$work/report" || fail "the trace is not clean"
    "$stallmark" report "$work/slow.stall" >"$work/report" || fail "no report"
    grep -q '^1  .*ready to run and had no CPU: others had it' "$work/report" || break
done
says '^1  cart_lock made GET /cart slow +[0-9]+ % of its time +exact$'
says '^   Waiting in   (cart_add|render_log|cart_copy) +cart\.c:[0-9]+ '
# All but little of the time; that of a holder whom the capture's end finds with the lock is said to be unknown, and what
# passes until a waiter that was woken has a CPU, which others may have, is charged to who unlocks next.
awk '/^   Held in +render_log +cart\.c:[0-9]+ +[0-9]+ % of that time, by worker-/ { sub(/ %.*/, ""); held = $NF }
    /^ +[a-z_]+ +cart\.c:[0-9]+ +[0-9]+ % of that time, by / { sub(/ %.*/, ""); others += $NF }
    /^ +unknown for [0-9]+ % of that time: no unlock of it was seen/ { unknown = $3 }
    /^$/ && held { exit } END { exit !(held >= 3 * others && held + unknown + others >= 90) }' "$work/report" ||
    fail "render_log is not who held the lock"
says 'locked in render_log cart\.c:[0-9]+; held [0-9.]+ m?s on average'
says '^GET /cart .* lock cart_lock [0-9]+ %'
says '^GET /product .* net recv [0-9]+ %'
says 'the holders waited .* for disk: fdatasync in write_and_flush +log.c:[0-9]+, .*audit.log'
# Baked in, all of the shop's own frames have a name and a line.
cp "$work/slow.stall" "$work/baked.stall"
"$stallmark" symbolize "$work/baked.stall" >"$work/report" || fail "it cannot be symbolized"
grep -q '^  no name: .*/shop,' "$work/report" && fail "a frame of the shop has no name"
"$stallmark" dump --tables "$work/baked.stall" | awk '
    /^module .*\/shop" / { split($2, id, "="); shop = "module=" id[2] " " }
    /^symbol of="code"/ && shop != "" && index($0, shop) { all++; placed += /file=/ }
    END { exit !(all >= 10 && placed * 100 >= all * 95) }' || fail "too few of the shop's frames have a line"
"$stallmark" report --no-symbols "$work/baked.stall" >"$work/report"
says '^   Held in      render_log +cart\.c:[0-9]+ '
"$stallmark" report --fail-on finding "$work/slow.stall" >"$work/report"
[ $? = 1 ] || fail "--fail-on finding does not fail"

# A machine that takes a thread off its CPU for long while it holds a lock makes a finding that is true. So does one
# whose CPUs others have all the time: where that alone is found, nothing is of the shop.
for try in 1 2 3; do
    trace "$work/healthy.stall"
    "$stallmark" report --fail-on finding "$work/healthy.stall" >"$work/report" && break
    sed '/^requests  /,$d' "$work/report" | grep -E '^[0-9]+  ' | grep -qv 'ready to run and had no CPU: others had it' ||
        exit 0
    [ $try = 3 ] && fail "a healthy shop has a finding"
done
says '^no findings: [0-9,]+ requests, p50 .*, p99 .*, max .*; [0-9,]+ waits for locks, .* together; .* others, .* and .* idle; nothing lost.*\.$'
says "^To catch a slow one: stallmark rules [0-9]+ add 'when request > [0-9]+ms'$"
