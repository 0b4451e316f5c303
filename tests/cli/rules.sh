#!/bin/bash
# Rules from the command line and over every route of theirs: set, tried, refused with the place, kept over a
# restart, and what the ledger says. The service is the shop, whose log's disk is slow on purpose.
# usage: rules.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

cd "$work" || exit 1
export STALLMARK_DIRECTORY=$work/captures XDG_RUNTIME_DIR=$work/run STALLMARK_CONFIG=$work/shop.conf
mkdir -m 700 "$work/run" "$work/captures"
cat >shop.conf <<'END'
recorder = 10s
allow_run = on
# What the service's author wants.
rule = slow-cart: when request > 60s on "GET /cart*"
rule = broken: when request > 250 on "GET /cart*"
rule = when cpu > 100000% then capture 1s
END

start() {
    rm -f shop.out # else what the last one said is taken for its own
    "$build/examples/shop" --port 0 --debug 127.0.0.1:0 --log "$work/shop.log" --disk-ms 20 --fault cart-lock >shop.out 2>shop.err &
    pid=$!
    pids+=("$pid")
    wait_for 10 grep -q '^shop: http' shop.out || { say "the shop does not start: $(cat shop.out shop.err)"; finish; }
    web=$(sed -n 's|^shop: \(http://.*[0-9]\)/$|\1|p' shop.out)
    debug=$(sed -n 's|^shop: tracer on \(http://.*\)/debug/$|\1|p' shop.out)
    socket=$work/run/stallmark/$pid.sock
    curl_to=("$debug")
}
stop() { kill "$pid" && wait "$pid"; }
text=(-H 'Content-Type: text/plain' --data-binary)
# has FILE PATTERN
has() { grep -qE -- "$2" "$1" || say "'$2' is not in $1: $(head -c 600 "$1")"; }

start
# A config with one bad rule starts with the others, and shows the bad one.
expect 0 '^slow-cart: when request > 60s on "GET /cart\*"$' '^# broken, as broken: broken: when request > 250 on' \
    "character 24, '250': expected is a time" '^rule-1: when cpu' 'the flight recorder reaches' -- rules "$pid"
expect 0 '"state": ?"broken"' '"state": ?"running"' -- rules "$pid" list --json
ask 200 '"rules"' '"state":"broken"' -- GET /debug/trace/status
ask 200 '^stallmark_rule_state\{rule="broken",state="broken"\} 1' '^stallmark_rule_matched_total\{rule="slow-cart"\} 0' -- \
    GET /metrics

# Set, tried, refused with the place, removed.
expect 0 '^rule-2: when request > 5s$' 'reaches [0-9]+ ms back' -- rules "$pid" add 'when request > 5s'
expect 0 '^mine: when request > 4s' -- rules "$socket" add 'mine: when request > 4s' --persist
expect 0 'of [0-9]+ match; it would have fired about [0-9]+ times' -- rules "$debug" try 'when request > 1us' --backtest 1h
expect 2 "character 6, 'frob': expected is a condition" '^       \^$' -- rules "$pid" add 'when frob > 1s'
expect 2 'character 16' -- rules "$pid" try 'when request > 5'
expect 2 "'Rule' is no name" -- rules "$pid" remove Rule
expect 2 'there is no rule named other' -- rules "$pid" remove other
expect 0 '^removed rule-2$' -- rules "$pid" remove rule-2
expect 2 'allowed are list, add, try, remove, set' -- rules "$pid" frob x
expect 2 'TARGET is missing' -- rules
printf '# two\na: when request > 3s\n\nb: when status >= 500 then capture 1s\n' >two
expect 0 '^2 rules$' -- rules "$pid" set two
printf 'a: when request > 3s\nwhen\n' >bad
expect 2 'character 5, at its end' -- rules "$pid" set bad
expect 0 '^a: when request > 3s$' '^b: when status' -- rules "$pid" list --backtest 10m

# The same over the routes.
ask 200 '"name":"http"' '"preroll_ns":[0-9]' '"persists":true' -- POST '/debug/trace/rules/http?persist=1' "${text[@]}" 'when request > 2s'
ask 200 '"state":"tried"' '"would_have_fired"' -- POST '/debug/trace/rules/any?try=1&backtest=1h' "${text[@]}" 'when request > 1ms'
ask 400 '"position":1,' '"expected":"' -- POST /debug/trace/rules/any "${text[@]}" 'frob'
ask 400 'calls itself' -- POST /debug/trace/rules/any "${text[@]}" 'other: when request > 1s'
ask 400 '"line":2' -- PUT /debug/trace/rules "${text[@]}" $'a: when request > 1s\nb: when'
ask 400 'two rules named a' -- PUT /debug/trace/rules "${text[@]}" $'a: when request > 1s\na: when request > 2s'
ask 400 'persist' -- PUT '/debug/trace/rules?persist=x' "${text[@]}" ''
ask 400 'Content-Type' -- PUT /debug/trace/rules --data-binary 'a: when request > 1s'
ask 413 -- PUT /debug/trace/rules "${text[@]}" "$(head -c 17000 /dev/zero | tr '\0' '#')"
ask 200 '"rules":\[' -- GET '/debug/trace/rules?format=json&backtest=1h'
ask 400 'backtest' -- GET '/debug/trace/rules?backtest=1s'
ask 200 -- HEAD /debug/trace/rules
ask 200 -- HEAD '/debug/trace/rules?format=text&backtest=1h'
ask 200 -- PUT '/debug/trace/rules?persist=1' "${text[@]}" 'kept: when request > 2s'
ask 404 -- DELETE /debug/trace/rules/http
ask 200 '"name":"http"' -- POST /debug/trace/rules/http "${text[@]}" 'when request > 2s'
ask 200 '"removed":true' -- DELETE /debug/trace/rules/http

# One fires: the file, the report's head, the ledger, the command.
cat >told <<END
#!/bin/sh
echo "\$STALLMARK_RULE \$STALLMARK_CAPTURE \$STALLMARK_FILE \$STALLMARK_CAUSE" >$work/told.out.new
ls -l /proc/self/fd | grep -c socket: >>$work/told.out.new
mv $work/told.out.new $work/told.out
END
chmod 700 told
ask 200 -- POST /debug/trace/rules/fires "${text[@]}" \
    "when request > 10ms on \"GET /cart*\" then snapshot before 2s after 100ms and run \"$work/told\" cooldown 1h"
curl -s -o out "$web/cart?item=1"
wait_for 10 test -s told.out || say "the command was not run"
has told.out "^fires [0-9a-z-]+ $work/captures/[0-9a-z-]+\.stall GET /cart.* (took|has been running for) "
has told.out '^0$'
file=$(echo "$work"/captures/*.stall)
"$stallmark" check "$file" >checked || say "the capture is not clean: $(cat checked)"
expect 0 '^captured by rule fires: when request > 10ms on' '^ +on GET /cart' 'GET /cart' -- report "$file"
for _ in 1 2 3; do curl -s -o out "$web/cart?item=1"; done
expect 0 ' fires +fired +GET /cart.*/debug/traces/[0-9a-z-]+ \(there\)' ' fires +ended +complete' \
    ' fires +ran +ended: exit code 0' ' rule +set: when request' -- ledger "$pid"
expect 0 'cooling down for [0-9]+ s; matched [3-9], fired 1, suppressed [1-9]' 'worst since that was suppressed' -- rules "$pid"
expect 0 '"kind": ?"fired"' -- ledger "$pid" --json --rule fires --limit 4
expect 0 'nothing has fired' -- ledger "$pid" --rule none
ask 200 'fired' -- GET '/debug/trace/ledger?rule=fires&limit=10&format=text'
ask 200 '"worst_suppressed"' -- GET '/debug/trace/ledger?format=json'
ask 400 'limit' -- GET '/debug/trace/ledger?limit=0'
ask 400 "rule is 'A'" -- GET '/debug/trace/ledger?rule=A'
ask 200 -- HEAD '/debug/trace/ledger?rule=fires&limit=1&format=json'
ask 200 -- HEAD /debug/trace/ledger
[ "$(stat -c %a captures/ledger captures/rules.shop | sort -u)" = 600 ] || say "modes of the ledger and the rules: $(ls -l captures)"
[ -s shop.err ] && say "the shop's stderr: $(cat shop.err)"

# Over a restart: what persists is there, and what fired counts.
stop
has captures/ledger 'suppressed.fires.cooldown'
start
expect 0 '^kept: when request > 2s$' '^slow-cart: ' '^# broken, as broken: ' -- rules "$pid"
ask 200 -- POST /debug/trace/rules/fires "${text[@]}" 'when request > 10ms on "GET /cart*" cooldown 1h'
curl -s -o out "$web/cart?item=1"
sleep 0.3
expect 0 '^#   cooling down for [0-9]+ s; matched [1-9][0-9]*, fired 1, suppressed [1-9]' -- rules "$pid"
expect 0 ' fires +suppressed +[0-9]+ more, cooldown; the worst: GET /cart' ' fires +fired ' -- ledger "$pid"
stop

# A token that may only look sets no rule.
echo 0123456789abcdef0123456789abcdef >token && chmod 600 token
export STALLMARK_TOKEN_FILE=$work/token
start
unset STALLMARK_TOKEN_FILE
[ -n "$debug" ] || say "no tracer with a token: $(cat shop.err)"
expect 2 'token' -- rules "$debug"
expect 0 '^kept' -- rules --token-file token "$debug"
expect 0 'fired' -- ledger --token-file token "$debug"
finish
