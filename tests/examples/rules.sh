#!/bin/bash
# The shop under load with a config file of rules, one of each condition that it can meet: each matches, each is told in
# the ledger, no more than one capture runs at once, and the file of the slow one holds it whole.
# usage: rules.sh BUILD
. "$(dirname "$0")/lib/shop.sh"
shows=(listed ledger)
export STALLMARK_DIRECTORY=$work/captures STALLMARK_CONFIG=$work/shop.conf
mkdir -m 700 "$work/captures"

# Those that take no capture do not wait for one another; a command that is refused is told, too.
cat >"$work/shop.conf" <<'END'
rule_samples = 50
rule = slow: when request > 30ms on "GET /cart*" then snapshot before 5s after 200ms cooldown 1h
rule = twice: when request > 1.5x p50 on "GET *" then capture 50ms cooldown 200ms
rule = lock: when lock wait > 5ms then capture 50ms cooldown 200ms
rule = disk: when disk wait > 1ms count 2 in 10s then capture 50ms cooldown 200ms
rule = found: when status = 200 on "GET /cart*" then capture 50ms cooldown 200ms
rule = queue: when queue > 1 then capture 50ms cooldown 200ms
rule = memory: when rss > 1MiB then capture 50ms cooldown 200ms
rule = cpu: when cpu > 1% then capture 50ms cooldown 200ms
rule = never: when request > 1h
END
start_shop --fault cart-lock
load '/cart?item=1' '/cart?item=2' /product /checkout

matched() {
    "$stallmark" rules "$tracer" >"$work/listed" 2>&1
    [ "$(grep -cE '^#   .*; matched [1-9]' "$work/listed")" = 8 ]
}
tries=0
until matched; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || fail "not every condition was met"
    sleep 0.25
done
grep -A1 '^never: ' "$work/listed" | grep -q 'running; matched 0' || fail "what nobody met has matched"
# Levels that came while another capture was recorded are tried again.
for _ in $(seq 100); do
    "$stallmark" rules "$tracer" >"$work/listed" 2>&1
    [ "$(grep -A1 -E '^(memory|queue|cpu): ' "$work/listed" | grep -c 'fired 1,')" -ge 2 ] && break
    sleep 0.1
done
[ "$(grep -A1 -E '^(memory|queue|cpu): ' "$work/listed" | grep -c 'fired 1,')" -ge 2 ] || fail "levels do not fire"
"$stallmark" rules "$tracer" try 'when request > 1us' >"$work/tried" || fail "it cannot be tried"
grep -qE 'in the last [1-9] min: [1-9][0-9]* to [1-9][0-9]* of [1-9]' "$work/tried" || fail "tried: $(cat "$work/tried")"
for _ in $(seq 100); do
    "$stallmark" ledger "$tracer" --rule slow >"$work/ledger"
    grep -q ' slow  *ended ' "$work/ledger" && break
    sleep 0.1
done
grep -qE ' slow +fired +GET /cart (took|has been running for) .*\(there\)' "$work/ledger" || fail "the slow one is not in the ledger"
id=$(sed -nE 's|.* slow +fired .*/debug/traces/([0-9a-z-]+) .*|\1|p' "$work/ledger" | head -n 1)
request=$(sed -nE 's|.* slow +fired .*\(request ([0-9]+),.*|\1|p' "$work/ledger" | head -n 1)
end_all
"$stallmark" check "$work/captures/$id.stall" >"$work/ledger" || fail "the file is not clean"
"$stallmark" request "$work/captures/$id.stall" "$request" >"$work/ledger" 2>&1 || fail "request $request is not in the file"
grep -q 'GET /cart' "$work/ledger" || fail "it is another one"
grep -qE '^ +(lock|disk)' "$work/ledger" || fail "its waits are not in the file"
