#!/bin/bash
# Each kind of finding has its part of docs/findings.md with a place where it is to be seen, and a test on a program that
# shows it, and on one that does not. usage: source_findings.sh [SOURCE]
cd "${1:-.}" || exit 2
bad=0
listed=
say() {
    echo "$*"
    bad=1
}

# A kind, the heading that has its formula, the test of it, and how that asks for the kind and for none, where it is not
# one of those with `known` and `healthy`.
while IFS='|' read -r kind heading test asks healthy; do
    listed="$listed|$kind"
    part=$(sed -n "/^## $heading/,/^## /p" docs/findings.md)
    [[ "$part" == *'**To see '* ]] || say "docs/findings.md: '$kind' is not to be seen anywhere"
    [ -f "$test" ] || say "$test: there is no test of '$kind'"
    grep -qE -- "${asks:-^known [a-z_]+ ${kind// /-} }" "$test" || say "$test does not ask for '$kind'"
    grep -qE -- "${healthy:-^healthy [a-z_]+$}" "$test" || say "$test has no healthy twin"
done <<'KINDS'
lock contention|lock contention|tests/examples/shop.sh|cart_lock|no findings
holder preempted|lock contention|tests/examples/preempted.sh
wait chain|lock contention|tests/examples/chain.sh
convoy|lock contention|tests/examples/convoy.sh
event loop|event loop|tests/servers/redis_lua.sh|"event loop"|free\.json
deadlock|deadlock|tests/examples/deadlock.sh|deadlock|--ordered
disk|disk, sleep, memory|tests/examples/disk.sh
sleep|disk, sleep, memory|tests/examples/sleep.sh
memory|disk, sleep, memory|tests/examples/alloc_churn.sh
cpu|cpu|tests/examples/cpu.sh
throttling|throttling|tests/examples/throttling.sh
sequence|sequence|tests/examples/sequence.sh
peer|peer|tests/examples/peer.sh
pool|pool|tests/examples/pool.sh
thundering herd|thundering herd|tests/examples/herd.sh
KINDS
while read -r kind; do
    [[ "$listed|" == *"|$kind|"* ]] || say "lib/analysis/findings.c: '$kind' is not in the list of tests/tidy/source_findings.sh"
done < <(sed -n '/smk_finding_kind_name(/,/^}/s/.*\[SMK_FINDING_[A-Z]*\] = "\([a-z ]*\)".*/\1/p' lib/analysis/findings.c)
exit $bad
