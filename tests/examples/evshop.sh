#!/bin/bash
# A callback that sleeps 300 ms in the loop is named while it sleeps (status), in the file (loop_stall) and by the
# report; each request is in the file once; the healthy twin gives no finding. usage: evshop.sh BUILD
# shellcheck source=lib/program.sh
. "$(dirname "$0")/lib/program.sh"
shows=(status report log)
export STALLMARK_DIRECTORY=$work STALLMARK_SOCKET=$work/socket

says() { grep -qE -- "$1" "$work/report" || fail "'$1' is not in the report"; }
get() { curl -sf -o "$work/body" "$@" || fail "no answer to $*"; }

# serve FLAGS…
serve() {
    : >"$work/log" # what an earlier one said is not read while this one is still to begin
    "$build/examples/evshop" --port 0 "$@" >"$work/log" 2>&1 &
    pid=$!
    pids+=("$pid")
    for _ in $(seq 200); do
        url=$(sed -n 's/^evshop: //p' "$work/log")
        [ -n "$url" ] && curl -sf --unix-socket "$work/socket" http://x/debug/trace/status >"$work/status" && return
        sleep 0.05
    done
    fail "it does not start"
}

ask_many() {
    for i in $(seq 80); do
        get "${url}cart"
        [ $((i % 4)) -ne 0 ] || get -d x "${url}order"
        sleep 0.01
    done
}

# On the agent's own socket, while the loop of the service hangs. $1: what the answer must hold.
await_status() {
    for _ in $(seq 400); do
        curl -sf --unix-socket "$work/socket" http://x/debug/trace/status >"$work/status"
        tr -d '\n' <"$work/status" | grep -qE "$1" && return
        sleep 0.02
    done
    fail "status never said '$1'"
}

finish() {
    rm -f "$work/e.stall"
    "$stallmark" snapshot "$pid" -o "$work/e.stall" >"$work/snapshot" 2>&1 || fail "no snapshot: $(cat "$work/snapshot")"
    end_all
    "$stallmark" check "$work/e.stall" >"$work/check" || fail "the file is not clean: $(cat "$work/check")"
    "$stallmark" report "$work/e.stall" >"$work/report" || fail "no report"
    "$stallmark" dump "$work/e.stall" >"$work/dump" || fail "no dump"
}

# expect_counts: 80 and 20, what the client asked for, each answered once.
expect_counts() {
    get "${url}count"
    [ "$(cat "$work/body")" = 100 ] || fail "it served $(cat "$work/body")"
    finish
    [ "$(grep -c 'request_answered.*"GET /cart".*status=200' "$work/dump")" = 80 ] || fail "not 80 GET /cart in the file"
    [ "$(grep -c 'request_answered.*"POST /order".*status=200' "$work/dump")" = 20 ] || fail "not 20 POST /order"
    says '^GET /cart +80 '
    says '^POST /order +20 '
}

serve --fault slow-callback
"$stallmark" rules "$pid" add 'late: when loop delay > 100ms then snapshot after 0s' >"$work/log.rule" 2>&1 ||
    fail "the rule is not taken: $(cat "$work/log.rule")"
ask_many &
asking=$!
held='"held": ?true,"callback": ?"on_figures"[^}]*"stack": ?\["write_figures","on_figures"'
await_status "${held//,/, *}"
wait $asking || fail "the client failed"
"$stallmark" ledger "$pid" >"$work/status" 2>&1
grep -qE ' late +fired +an event loop came [0-9.]+ m?s late to a descriptor ' "$work/status" || fail "no rule saw the delay"
expect_counts
grep -qE 'loop_stall .*thread=[0-9]+:"evshop" callback=[0-9]+:"on_figures".* how=0' "$work/dump" ||
    fail "no loop_stall names on_figures"
grep -qE 'loop_callback .*"on_figures".* duration=([3-9][0-9]{8}|[0-9]{10})ns .* why=1' "$work/dump" ||
    fail "no loop_callback of on_figures"
says '^[0-9]+  on_figures held the event loop: '
says '^on_figures +[0-9]+ .* ([3-9][0-9]{2} ms|[0-9.]+ s) '
says '^loops seen held [0-9]+ times? while it lasted'
says ' evshop for [0-9.]+ m?s until then, in on_figures, it waits in write_figures'
says 'write_figures evshop\.c:[0-9]+ ← on_figures evshop\.c'

# CPU that other programs take is a true finding: some tries.
for _ in 1 2 3; do
    serve
    ask_many
    expect_counts
    grep -q 'held the event loop' "$work/report" && fail "the healthy one holds its loop"
    grep -qE '^no findings: 100 requests' "$work/report" && exit 0
done
fail "the healthy one has findings"
