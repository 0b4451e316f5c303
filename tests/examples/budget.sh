#!/bin/bash
# budget.sh BUILD: a shop whose tracer may cost next to nothing sheds categories while it is armed; the file, the
# report and the status say so.
set -u
build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-budget.XXXXXX") || exit 2
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT

fail() {
    echo "budget: $*"
    cat "$work/shop" "$work/report" "$work/status" 2>/dev/null
    exit 1
}

STALLMARK_BUDGET_ARMED=0.01% STALLMARK_BUDGET_FLOOR=0s "$build/examples/shop" --port 0 --debug 127.0.0.1:0 \
    --log "$work/audit.log" >"$work/shop" 2>&1 &
pids+=($!)
for _ in $(seq 200); do
    grep -qs '^shop: http' "$work/shop" && break
    sleep 0.05
done
debug=$(sed -n 's|^shop: tracer on \(http.*/debug\)/$|\1|p' "$work/shop")
port=$(sed -n 's|^shop: http://127.0.0.1:\([0-9]*\)/$|\1|p' "$work/shop")
[ -n "$debug" ] || fail "it has no tracer"
"$build/tests/examples/load" "$port" 12 '/cart?item=1' /product &
pids+=($!)
curl -sf -m 60 -o "$work/a.stall" "$debug/trace?duration=4s&wait=1" || fail "it was not traced"
curl -sf -m 20 -o "$work/status" "$debug/trace/status" || fail "no status"
grep -q '"shed":[1-9]' "$work/status" || fail "status does not say that anything was shed"
curl -sf -m 20 "$debug/../metrics" 2>/dev/null | grep -q '^stallmark_shed_total [1-9]' || fail "/metrics does not say it"
"$build/bin/stallmark" check "$work/a.stall" >"$work/report" || fail "the trace is not clean"
"$build/bin/stallmark" info "$work/a.stall" | grep -q '^not recorded *[a-z]* from .* (budget)$' || fail "info does not say it"
"$build/bin/stallmark" report "$work/a.stall" >"$work/report" || fail "no report"
grep -q '^[a-z]* was not recorded from .* (budget): nothing is said of it in that time\.$' "$work/report" ||
    fail "the report does not say it"
grep -q 'nothing lost' "$work/report" && fail "the report says that nothing was lost"
exit 0
