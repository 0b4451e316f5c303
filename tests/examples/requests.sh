#!/bin/bash
# A thousand requests of the shop under mixed faults: of each the parts add up to its wall time, exactly, and little
# is unexplained; the spans of each thread add up to its life. What `request` says of the slowest names the lock, and
# what its holders did.
# usage: requests.sh BUILD
. "$(dirname "$0")/lib/shop.sh"
shows=(answer)

# trace FILE DURATION FLAGS…
trace() {
    local file=$1 duration=$2
    shift 2
    start_busy_shop "$@"
    capture "$file" "$duration"
    end_all
}

# What the slowest had to wait for most; on a machine that does other things that may be a CPU, which it says.
names_the_lock() {
    "$stallmark" request "$work/mixed.stall" 'GET /cart' >"$work/answer" || fail "no answer about the slowest"
    grep -qE '^  lock cart_lock .* % +held by worker-[0-9]+.*←$' "$work/answer"
}

# As long as a thousand requests take on a machine that does other things, too.
for duration in 4s 6s 12s 30s; do
    trace "$work/mixed.stall" $duration --fault cart-lock --fault serial-backends --disk-ms 3
    "$build/tests/examples/accounting" "$work/mixed.stall" 1000 >"$work/sums" && names_the_lock && break
    grep -q 'whole requests only' "$work/sums" ||
        grep -qE '^  no CPU \(runnable\) .*something else had the CPUs .*←$' "$work/answer" || break
done
"$build/tests/examples/accounting" "$work/mixed.stall" 1000 >"$work/answer" || fail "it does not add up"
cat "$work/answer"
names_the_lock || fail "the lock is not named"
grep -qE ' held by worker-.* in render_log cart\.c:[0-9]+' "$work/answer" || fail "the holder is not named"
grep -qE ' waited for (disk fdatasync|sleep nanosleep).* in write_and_flush log\.c:[0-9]+' "$work/answer" ||
    fail "what the holders did is not named"
# Where the kernel's counts stand for switch records, a machine that has no CPU makes them rough: three tries.
for try in 1 2 3; do
    trace "$work/healthy.stall" 1s
    "$build/tests/examples/accounting" "$work/healthy.stall" 1 >"$work/answer" && break
    [ $try != 3 ] || fail "it does not add up in a healthy shop"
done
cat "$work/answer"
