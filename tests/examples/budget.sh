#!/bin/bash
# budget.sh BUILD: a shop whose tracer may cost next to nothing sheds categories while it is armed; the file, the
# report and the status say so.
. "$(dirname "$0")/lib/shop.sh"
shows=(report status)
export STALLMARK_BUDGET_ARMED=0.01% STALLMARK_BUDGET_FLOOR=0s
start_shop
load '/cart?item=1' /product
capture "$work/a.stall" 4s
curl -sf -m 20 -o "$work/status" "$tracer/debug/trace/status" || fail "no status"
grep -q '"shed":[1-9]' "$work/status" || fail "status does not say that anything was shed"
curl -sf -m 20 "$tracer/metrics" 2>/dev/null | grep -q '^stallmark_shed_total [1-9]' || fail "/metrics does not say it"
"$stallmark" check "$work/a.stall" >"$work/report" || fail "the trace is not clean"
"$stallmark" info "$work/a.stall" | grep -q '^not recorded *[a-z]* from .* (budget)$' || fail "info does not say it"
"$stallmark" report "$work/a.stall" >"$work/report" || fail "no report"
grep -q '^[a-z]* was not recorded from .* (budget): nothing is said of it in that time\.$' "$work/report" ||
    fail "the report does not say it"
grep -q 'nothing lost' "$work/report" && fail "the report says that nothing was lost"
exit 0
