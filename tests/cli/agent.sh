#!/bin/bash
# The command line and every route, against the agent itself: a shop under load, over TCP and over its unix
# socket. What the fronts refuse, and why, is tests/http's; here each route and parameter does what it is for.
# usage: agent.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

cd "$work" || exit 1
export STALLMARK_DIRECTORY=$work/captures XDG_RUNTIME_DIR=$work/run STALLMARK_RECORDER=5s
mkdir -m 700 "$work/run" "$work/captures"
"$build/examples/shop" --port 0 --debug 127.0.0.1:0 --log "$work/shop.log" --fault cart-lock >shop.out 2>shop.err &
pid=$!
pids+=("$pid")
wait_for 10 grep -q '^shop: http' shop.out || { say "the shop does not start: $(cat shop.out shop.err)"; finish; }
web=$(sed -n 's|^shop: \(http://.*[0-9]\)/$|\1|p' shop.out)
debug=$(sed -n 's|^shop: tracer on \(http://.*\)/debug/$|\1|p' shop.out)
socket=$work/run/stallmark/$pid.sock
[ -n "$debug" ] || { say "the shop's tracer has no address: $(cat shop.out shop.err)"; finish; }
# Until the shop ends.
(while curl -sf -o /dev/null "$web/cart?item=[1-9]"; do :; done) 2>/dev/null &
pids+=($!)
(while curl -sf -o /dev/null "$web/cart?item=[1-9]"; do :; done) 2>/dev/null &
pids+=($!)

# valid FILE WHAT: `check` finds nothing.
valid() { "$stallmark" check "$1" >"$work/checked" 2>&1 || say "$2: $(cat "$work/checked")"; }
id_of() { sed -n 's/.*"id": *"\([a-z0-9-]*\)".*/\1/p' "$work/body" | head -n 1; }
# shellcheck disable=SC2317 # called by wait_for
no_capture_runs() { ! curl -s "$debug/debug/traces" | grep -q '"recording"'; }

# ---- every route, over both fronts -----------------------------------------------------------------------

routes() {
    local id other file
    ask 200 'text/' /debug/trace -- GET /debug/
    ask 200 -- HEAD /debug/
    # The page loads nothing but its own files, and each file that one of them names is there.
    ask 200 "^Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'" 'src="/debug/page/main.js"' -- \
        GET /debug/
    ask 200 '^Content-Type: text/css' -- GET /debug/page/style.css
    ask 200 -- HEAD /debug/page/style.css
    ask 200 '^Content-Type: text/javascript' -- GET /debug/page/main.js
    mapfile -t files < <(sed -n "s|^import .* from '\./\(.*\)';|\1|p" "$work/body")
    for file in "${files[@]}"; do
        ask 200 'export ' -- GET "/debug/page/$file"
    done
    ask 404 'no file frob.js' -- GET /debug/page/frob.js
    ask 200 "^Content-Security-Policy: default-src 'none'; frame-ancestors 'none'" -- GET /debug/trace/status
    ask 200 '"state"' "\"pid\": *$pid" '"not_seen"' -- GET /debug/trace/status
    ask 200 -- HEAD /debug/trace/status
    ask 200 '^stallmark_[a-z_]* [0-9]' -- GET /metrics
    ask 200 "^shop\\[$pid\\]  .* threads: " '^worker-[0-9]+ ' '^backends ' -- GET /debug/threads
    ask 200 "\"pid\":$pid," '"build_id":"[0-9a-f]+"' '"function":null' -- GET '/debug/threads?format=json&symbols=0'
    ask 200 'partial: 2 of [0-9]+ threads' -- GET '/debug/threads?max=2'
    ask 200 "\"tid\":$pid," -- GET "/debug/threads?tid=$pid&format=json"
    ask 404 'no such thread' -- GET '/debug/threads?tid=1'
    ask 200 "^shop\\[$pid\\]  .* threads: " -- GET "/debug/threads?pid=$pid"
    ask 400 "pid is 1; allowed is $pid, this process" -- GET '/debug/threads?pid=1'
    ask 400 "pid is 1; allowed is $pid, this process" -- GET '/debug/requests?pid=1'
    ask 400 "pid is 1; allowed is $pid, this process" -- GET '/debug/requests/1?pid=1'
    ask 400 'max' -- GET '/debug/threads?max=0'
    ask 200 "^shop\\[$pid\\]  .* requests in flight, [0-9,]+ ended" '^latency by route' '█ [0-9]' 'GET /cart' -- \
        GET '/debug/requests?max=5'
    ask 200 '"seen":true' '"routes":\[\{"route":"GET /' -- GET '/debug/requests?format=json&symbols=0'
    id=$(sed 's/.*"slowest":\[{"id":\([0-9]*\),.*/\1/' "$work/body")
    ask 200 '^ended' "^  $id .* status [0-9]+ .*by " -- GET "/debug/requests/$id?symbols=0"
    ask 200 "^\{\"id\":$id,\"route\":\"GET /" -- GET "/debug/requests/$id?format=json"
    ask 404 'neither in flight nor among' -- GET /debug/requests/99999999999999
    ask 400 "'x-1' is no request's number" -- GET /debug/requests/x-1
    ask 200 -- HEAD /metrics

    # Armed by hand: listed, refused a second time, joined, stopped, kept.
    ask 202 '^Location: /debug/traces/[a-z0-9-]+' '"state": *"recording"' -- \
        POST '/debug/trace?duration=20s&name=by-hand&categories=default,-cpu&max_bytes=8MiB'
    id=$(id_of)
    ask 409 "$id" -- GET '/debug/trace?duration=1s'
    ask 200 "\"id\": *\"$id\"" -- GET '/debug/trace?join=1'
    ask 200 "\"id\": *\"$id\"" -- POST '/debug/trace?join=1'
    ask 409 '^Retry-After: ' -- GET "/debug/traces/$id"
    ask 200 "$id" -- POST /debug/trace/stop
    ask 200 "\"$id\"" '"reason_ended": *"stopped"' -- GET /debug/traces
    ask 200 -- HEAD /debug/traces
    ask 200 '"state": *"idle"' -- POST /debug/trace/stop
    ask 200 '^ETag: ' '^Content-Disposition: ' -- GET "/debug/traces/$id"
    valid body "$id"
    ask 200 '^Content-Length: [1-9]' -- HEAD "/debug/traces/$id"
    ask 200 '0 events lost' -- GET "/debug/traces/$id/report"
    ask 200 '^\{' -- GET "/debug/traces/$id/report?format=json"
    ask 200 '^[^{]' -- GET "/debug/traces/$id/report?format=text"
    ask 200 -- GET "/debug/traces/$id/0"
    valid body "the first segment of $id"
    ask 200 -- HEAD "/debug/traces/$id/0"
    ask 404 -- GET "/debug/traces/$id/7"
    ask 200 "\"download\":\"/debug/traces/$id\?ticket=[0-9a-f]{32}\"" -- POST "/debug/traces/$id/ticket"
    ask 200 -- GET "$(sed 's/.*"download":"\([^"]*\)".*/\1/' "$work/body")"
    ask 404 -- POST /debug/traces/frob/ticket
    ask 200 -- HEAD "/debug/traces/$id?ticket=00000000000000000000000000000000"
    ask 200 -- GET "/debug/traces/$id?wait=1"
    ask 200 -- HEAD "/debug/traces/$id?wait=1"
    ask 200 '"deleted"' -- DELETE "/debug/traces/$id"
    ask 404 -- GET "/debug/traces/$id"

    # The answer is the file; armed by GET.
    ask 200 '^Content-Disposition: attachment; filename' -- GET "/debug/trace?duration=300ms&wait=1&pid=$pid"
    valid body "a capture that was waited for"
    ask 200 -- POST "/debug/trace?duration=100ms&wait=1&pid=$pid"

    # In segments, by size and by time.
    ask 202 -- POST '/debug/trace?duration=1s&rotate_every=200ms&rotate_bytes=256KiB&keep_segments=100'
    id=$(id_of)
    wait_for 10 no_capture_runs || say "the timer did not stop $id"
    ask 200 '"reason_ended": *"timer"' -- GET /debug/traces
    ask 200 -- GET "/debug/traces/$id"
    valid body "$id, whose segments are joined"
    ask 200 -- GET "/debug/traces/$id/1"
    valid body "one segment of $id"
    cp "$work/body" "$work/second.stall"
    expect 0 '^not complete: its beginning and its end are missing' -- report "$work/second.stall"
    ask 202 -- GET '/debug/trace?duration=300ms&rotate_every=100ms&rotate_bytes=1MiB&keep_segments=2&name=x&categories=lock&max_bytes=1MiB'
    ask 200 -- POST /debug/trace/stop

    # What the recorder holds.
    ask 202 -- POST '/debug/trace/snapshot?before=2s&after=100ms&name=snap&max_bytes=4MiB'
    other=$(id_of)
    wait_for 10 no_capture_runs
    ask 200 -- GET "/debug/traces/$other"
    valid body "the snapshot $other"
    ask 200 -- POST "/debug/trace/snapshot?wait=1&pid=$pid"
    valid body "a snapshot that was waited for"

    # What is wrong is named, and arms nothing.
    for wrong in duration=5x duration=1ns duration=1h categories=frob max_bytes=1 rotate_bytes=x rotate_every=1ns \
        keep_segments=0 name= pid=1 wait=2 join=x frob=1 'duration=1s&duration=2s'; do
        ask 400 '^Content-Type: application/problem\+json' '"detail"' -- GET "/debug/trace?$wrong"
    done
    for wrong in before=x after=-1s max_bytes=x wait=maybe name= frob=1; do
        ask 400 '"detail"' -- POST "/debug/trace/snapshot?$wrong"
    done
    ask 400 -- GET "/debug/traces/$other/report?format=xml"
    ask 200 '"state": *"idle"' -- POST /debug/trace/stop
    ask 405 '^Allow: ' -- DELETE /debug/traces
    ask 404 -- GET /debug/frob
}

curl_to=("$debug")
routes
curl_to=(--unix-socket "$socket" http://localhost)
# One connection behind the other, each on the descriptor of the one before.
for _ in $(seq 50); do
    ask 200 -- GET /debug/trace/status || break
done
routes

# ---- the command line -------------------------------------------------------------------------------------

expect 0 "^ *$pid +shop +(armed|disarmed) +${debug#http://} +$socket\$" -- ps
for target in "$pid" "$socket" "$debug"; do
    expect 0 '^state +(armed|disarmed)$' -- status "$target"
    expect 0 '^cli\.stall$' -- capture "$target" --duration 300ms -o cli.stall --name cli --categories default --max-bytes 4MiB
    valid cli.stall "capture $target"
    expect 0 '^snap\.stall$' -- snapshot "$target" --before 1s --after 100ms --output snap.stall
    valid snap.stall "snapshot $target"
    expect 0 'nothing was running' -- stop "$target"
done
expect 0 '"pid"' -- status --json "$pid"
expect 0 'cart_lock' 'render_log' 'GET /cart' -- capture "$pid" --duration 2s --report -o report.stall
expect 2 'unknown category "frob"' -- capture "$pid" --categories frob
expect 2 'duration' -- capture "$pid" --duration 1ns
expect 2 'max_bytes' -- capture "$pid" --max-bytes 1
expect 2 "before" -- snapshot "$pid" --before 1ns

# One that runs: seen, named to the next, stopped from outside and kept.
"$stallmark" capture "$pid" --duration 20s -o outside.stall >outside.out 2>&1 </dev/null &
capture=$!
# shellcheck disable=SC2317
a_capture_runs() { ! no_capture_runs; }
wait_for 10 a_capture_runs || say "the capture does not begin"
expect 2 'running' -- capture "$pid" --duration 1s -o never.stall
expect 0 '^stopped [a-z0-9-]+' -- stop "$pid"
wait $capture || say "a capture that was stopped from outside failed: $(cat outside.out)"
valid outside.stall "what was stopped from outside"

# A token.
kill "$pid" && wait "$pid"
[ "$(cat shop.err)" = "" ] || say "the shop's stderr: $(cat shop.err)"
echo 0123456789abcdef0123456789abcdef >token && chmod 600 token
STALLMARK_TOKEN_FILE=$work/token "$build/examples/shop" --port 0 --debug 127.0.0.1:0 --log "$work/shop.log" >token.out 2>token.err &
pids+=($!)
wait_for 10 grep -q '^shop: http' token.out || say "the shop does not start with a token: $(cat token.err)"
debug=$(sed -n 's|^shop: tracer on \(http://.*\)/debug/$|\1|p' token.out)
expect 2 'stallmark status: ' -- status "$debug"
expect 0 '^state ' -- status --token-file token "$debug"
finish
