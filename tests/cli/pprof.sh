#!/bin/bash
# /debug/pprof: what net/http/pprof's clients find there: `go tool pprof URL` and `go tool trace` of a running shop and a
# running redis, its headers, its text, its errors; nothing of it stays, and a client that goes away ends it.
# usage: pprof.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
mkdir -m 700 captures
export STALLMARK_DIRECTORY=$work/captures PPROF_TMPDIR=$work HOME=$work

"$build/examples/shop" --port 0 --debug 127.0.0.1:0 --log audit.log --fault cart-lock >shop 2>&1 &
pids+=($!)
wait_for 10 grep -q '^shop: http' shop || say "the shop does not start: $(cat shop)"
debug=$(sed -n 's|^shop: tracer on \(http.*/debug\)/$|\1|p' shop)
port=$(sed -n 's|^shop: http://127.0.0.1:\([0-9]*\)/$|\1|p' shop)
"$build/tests/examples/load" "$port" 8 '/cart?item=1' /product /checkout &
pids+=($!)
curl_to=("${debug%/debug}")

ask 200 'text/html' '<code>block' -- GET /debug/pprof/
ask 200 'text/html' -- HEAD /debug/pprof/
for name in block mutex profile trace; do
    ask 200 'Content-Type: application/octet-stream' "Content-Disposition: attachment; filename=\"$name\"" \
        'X-Content-Type-Options: nosniff' -- GET "/debug/pprof/$name?seconds=0.3"
    mv body "$name"
done
head -c 13 trace | grep -q '^go 1.19 trace$' || say "trace is none of Go's"
ask 200 'text/plain' '^--- contention:' '^cycles/second=1000000000' '^[0-9]+ [0-9]+ @( 0x[0-9a-f]+)+$' \
    'render_log' -- GET '/debug/pprof/block?debug=1'
ask 200 '^--- mutex:' '^sampling period=1' '#.*cart_add' -- GET '/debug/pprof/mutex?debug=1'

# Errors are text, and say so as Go's client wants it.
ask 404 'X-Go-Pprof: 1' 'Unknown profile' 'text/plain' -- GET /debug/pprof/heap
grep -qi content-disposition head && say "an error is an attachment"
for seconds in x 0 -1 1h 100000 0.0000001 1.5.2; do
    ask 400 'X-Go-Pprof: 1' "seconds is '$seconds'; allowed is a number of seconds, from 0.01 to 10m" -- \
        GET "/debug/pprof/block?seconds=$seconds"
done
ask 400 'seconds and debug params are incompatible' -- GET '/debug/pprof/mutex?seconds=1&debug=1'
ask 400 "debug is '7'" -- GET '/debug/pprof/mutex?debug=7'
ask 400 'frob' -- GET '/debug/pprof/block?frob=1'
ask 405 -- POST '/debug/pprof/block'

# While one is made the next is told when to come again; when its client goes away it ends.
# shellcheck disable=SC2317 # wait_for calls it
none_recording() { curl -s "$debug/traces" | grep -qv '"state":"recording"'; }
curl -s -o lost "$debug/pprof/block?seconds=300" &
client=$!
wait_for 5 eval "! curl -s '$debug/traces' | grep -qv recording" || say "no capture begins"
ask 409 'X-Go-Pprof: 1' 'Retry-After: ' -- GET '/debug/pprof/mutex?seconds=1'
kill $client
wait $client 2>/dev/null
wait_for 10 none_recording || say "a client that has gone away keeps the tracer armed"
wait_for 5 eval "curl -s '$debug/traces' | grep -q '\"captures\":\[\]'" ||
    say "something stays: $(curl -s "$debug/traces" | head -c 400)"

# What the client of Go makes of it.
top() { go tool pprof -top -nodecount=40 "$@" 2>&1; }
if command -v go >/dev/null; then
    top "$debug/pprof/block?seconds=1" >words || say "go tool pprof: $(cat words)"
    grep -qE '^ .* render_log$' words || say "block does not name render_log"
    top "$debug/pprof/mutex?seconds=1" >words
    grep -qE '^ .* (render_log|cart_add|cart_check_out)$' words || say "mutex names no unlock: $(cat words)"
    top -seconds 1 "$debug/pprof/profile" >words
    grep -qE '^Type: cpu' words || say "no CPU profile: $(cat words)"
    top "$debug/pprof/nonsense" >words
    grep -q 'Unknown profile' words || say "go tool pprof does not show the error: $(cat words)"
    go tool trace -pprof=sync trace >sync || say "go tool trace does not read the trace"

    if command -v redis-server >/dev/null; then
        "$stallmark" run --listen 127.0.0.1:0 -- redis-server --port 0 --unixsocket "$work/redis.sock" --save '' \
            --appendonly yes --appendfsync always --dir "$work" >redis 2>&1 &
        pids+=($!)
        wait_for 20 redis-cli -s "$work/redis.sock" ping || say "redis does not start: $(tail -n 3 redis)"
        redis=$(grep -oE 'http://127.0.0.1:[0-9]+' redis | head -n 1)
        redis-benchmark -s "$work/redis.sock" -q -t set -n 100000000 >/dev/null 2>&1 &
        pids+=($!)
        top "$redis/debug/pprof/block?seconds=1" >words
        grep -qE '^ .* flushAppendOnlyFile|^ .*redis.*\+0x|^ .* redis_fsync|^ .* main$' words ||
            say "redis' block profile: $(cat words)"
    fi
else
    echo "without go: what its tools make of it was not looked at"
fi
finish
