#!/bin/bash
# ps, status, capture, snapshot and stop against an agent that answers what the test wrote down: right
# answers, wrong ones and hostile ones.
# usage: live.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

answers=$work/answers
requests=$work/requests
sockets=$work/run/stallmark
mkdir -m 700 "$answers" "$work/run" "$sockets"
cd "$work" || exit 1
(umask 077 && echo 0123456789abcdef0123 >token)

# put METHOD_PATH STATUS BODY
put() { printf '%s\n%s' "$2" "$3" >"$answers/$1"; }
asked() { grep -qxF -- "$1" "$requests" || say "nobody asked: $1"; }

# The socket has the name that the agent of this process would give it.
XDG_RUNTIME_DIR=$work/run bash -c 'exec "$0" "$1/$$.sock" "$2" "$3"' "$programs/fake_agent" "$sockets" "$answers" \
    "$requests" >"$work/port" &
pid=$!
pids+=("$pid")
wait_for 5 test -s "$work/port" || say "the stand-in for an agent does not start"
url=http://127.0.0.1:$(cat "$work/port")
socket=$sockets/$pid.sock
id=20261123t101500-4711-k3

put GET_debug_trace_status 200 '{"state":"armed","inert":null,"clock":{"source":"tsc","why":"invariant"},
  "scheduler":{"source":"perf switch records","why":"allowed"},
  "recorder":{"on":false,"why_off":"recorder=off; \u001b[31mred"},"buffer":{"bytes":33554432},
  "not_seen":["io_uring is used"],"fronts":{"tcp":"127.0.0.1:6061","why_off":null},"deep":[{"a_ns":1500,"b":true}]}'
put POST_debug_trace 202 "{\"id\":\"$id\",\"state\":\"recording\",\"path\":\"/var/tmp/$id.stall\"}"
put POST_debug_trace_snapshot 202 "{\"id\":\"$id\"}"
put POST_debug_trace_stop 200 '{"state":"idle"}'
put "HEAD_debug_traces_${id//-/_}" 200 ''
put "GET_debug_traces_${id//-/_}" 200 'the file'

# ---- every way to say which agent --------------------------------------------------------------------------

expect 0 '^ *PID ' "^ *$pid +fake_agent +armed +127\.0\.0\.1:6061 +$socket\$" -- ps
for target in $pid "$socket" "run/stallmark/$pid.sock" "$url" "$url/" "$url/debug/"; do
    expect 0 '^recorder +recorder=off; \\x1b\[31mred$' '^not seen +io_uring is used$' '^state +armed$' '^  bytes +32 MiB$' \
        '^  a_ns 1\.5 us, b yes$' -- status "$target"
done
! grep -qE '^(clock|scheduler)  ' "$work/out" || say "the best clock or scheduler source is said to be second best"
grep -q 'GET /debug/trace/status HTTP/1.1 host=localhost$' "$requests" || say "the socket's Host is not localhost"
expect 0 '"why_off":"recorder=off; \\u001b' -- status --json $pid
expect 2 "no operand is wanted, got 'x'" -- ps x
expect 2 "unknown option '--all'" -- ps --all

expect 2 "process $$ \\(live.sh\\) has no agent, but these of its children have one: $pid\$" -- status $$
sleep 100 &
pids+=($!)
expect 2 'process [0-9]+ \((sleep|live.sh)\) has no agent; start it again with: stallmark run -- ' -- status $!
expect 0 '^partial: out of /proc, since the process has no agent' "^ *$! +waiting +[0-9.]+ s +[^ ]+ +[^ ]+ +sleep\$" -- threads $!
expect 0 '^partial: out of /proc, since its agent does not say more' 'fake_agent$' -- threads $pid
expect 2 'does not list its threads' -- threads "$url"
put GET_debug_threads 200 'as the agent says'
expect 0 '^as the agent says$' -- threads --token-file "$work/token" "$socket"
put GET_debug_threads 200 '{"program":"p\u001b[31m","pid":7,"unix_ns":1000000000,"threads_total":3,"partial":"late","threads":[
  {"name":"a\u202e","tid":1,"state":"waiting","wait":{"kind":"lock","object":"x_lock","address":"0x10","holder":2,
   "since":"exact","ns":1500000000},"stack":[{"pc":"0x1001","function":"take\u009b","module":"p","offset":"0x1"}]},
  {"name":"b","tid":2,"state":"waiting","wait":{"kind":"lock","address":"0x20","holder":1,"since":"unknown"},
   "stack":[],"stack_unknown":"who\nknows"},
  {"name":"b","tid":9,"state":"idle","wait":7,"stack":7,"request":79,"route":"GET /c","request_ns":2000000}],"modules":[
  {"path":"/nowhere/p","build_id":"0g","start":"0x1000","end":"0x2000","bias":"0x1000"},{"path":7}]}'
expect 0 '^deadlock: a\\u202e → x_lock \(held by b/2\) → 0x20 \(held by a\\u202e\)$' '^p\\x1b\[31m\[7\]  00:00:01.000  3 threads' \
    '^partial: late$' '^a\\u202e +lock x_lock, held by b/2 1.50 s +take\\u009b$' 'stack unknown \(who\\nknows\)' \
    '^b/9 +idle  in GET /c 2.00 ms' -- threads "$socket"
expect 0 '^\{"program"' -- threads --json --max 5 "$socket"
asked 'GET /debug/threads?format=json&max=5 HTTP/1.1 host=localhost'
expect 0 '^deadlock: ' -- threads --no-symbols "$socket"
asked 'GET /debug/threads?format=json&symbols=0 HTTP/1.1 host=localhost'
expect 0 '^deadlock: ' -- threads --pid 4712 "$socket"
asked 'GET /debug/threads?format=json&pid=4712 HTTP/1.1 host=localhost'
expect 2 "'x' is no value for --pid; allowed is the pid of a process of the family" -- threads --pid x "$socket"
put GET_debug_requests 200 '{"program":"p\u001b[31m","pid":7,"unix_ns":1000000000,"seen":true,"ended":4,"unlisted":0,
  "capacity":8192,"in_flight_total":5,"in_flight":[
   {"id":11,"route":"GET /\u202e","age_ns":2000000,"tid":1,"thread":"a"},
   {"id":12,"route":"GET /c","age_ns":1000000,"tid":2,"thread":"b"},{"id":"x","age_ns":-1}],
  "recent":[{"id":3,"route":"GET /r","ns":5000000,"ended_unix_ns":500000000,"status":503,"thread":"b","answered_with_it":2}],
  "slowest":7,"routes":[{"route":"GET /c","count":9,"p50_ns":1000,"p90_ns":2000,"p99_ns":3000,"max_ns":4000,
   "buckets":[[1024,4],[1100,4],[2048,1],[-1,5],7,[9223372036854775807,9223372036854775807]]},{"count":0},7],
  "threads":[{"name":"a\u009b","tid":1,"state":"waiting","request":11,"wait":{"kind":"lock","object":"x_lock","holder":2,
    "since":"exact","ns":1500000},"stack":[{"pc":"0x1001","function":"take","module":"p","offset":"0x1"}]},
   {"name":"b","tid":2,"state":"running","stack":[]}],"modules":[]}'
expect 0 '^p\\x1b\[31m\[7\]  00:00:01.000  5 requests in flight, 4 ended$' \
    '^  11 +2.00 ms  GET /\\u202e +a\\u009b: lock x_lock, held by b 1.50 ms  take$' \
    '^  12 +1.00 ms  GET /c +no thread works for it now; the last one was b$' '^  … and 2 more; max=5 shows them$' \
    '^slowest so far: none$' '^  3 +5.00 ms  GET /r +00:00:00.500  status 503  by b  with 2 more$' \
    '^  GET /c  9  p50 1.00 us, p90 2.00 us, p99 3.00 us, max 4.00 us$' '^    from +1.02 us  (█){40} 8$' '^    from +2.05 us  (█){5} 1$' \
    -- requests --token-file "$work/token" "$socket"
expect 0 '^\{"program"' -- requests --json --max 7 --no-symbols $pid
asked 'GET /debug/requests?format=json&max=7&symbols=0 HTTP/1.1 host=localhost'
expect 0 '^p' -- requests --pid=4712 "$socket"
asked 'GET /debug/requests?format=json&pid=4712 HTTP/1.1 host=localhost'
put GET_debug_requests 200 '{"in_flight":[]}'
expect 2 'has no threads in it' -- requests "$socket"
put GET_debug_requests 503 '{"title":"busy","detail":"later"}'
expect 2 'busy: later' -- requests "$socket"
put GET_debug_threads 200 '{"threads":[{"tid":2},{"tid":1}]}'
expect 2 'not in the order of their numbers' -- threads "$socket"
put GET_debug_threads 200 '{"threads":7}'
expect 2 'has no threads in it' -- threads "$socket"
expect 2 'there is no process 4194305' -- threads 4194305
if unshare --pid --fork true 2>/dev/null; then
    unshare --pid --fork sleep 100 2>/dev/null &
    # shellcheck disable=SC2317 # called by wait_for
    inside() { inner=$(pgrep -P "$1"); }
    wait_for 5 inside $! || say "no process in a namespace of its own"
    expect 2 'is in a container \(another pid namespace\)' '^  docker run .*-e LD_PRELOAD=/' -- status "$inner"
    kill -KILL "$inner" # the first of a namespace does not hear of other signals
fi
for target in foo 0 99999999999 4194305 '' /nowhere/x.sock "$work" "$requests" http:// https:///x ftp://x 'http://a@b'; do
    expect 2 'allowed (is|are) ' -- status "$target"
done
expect 2 'nobody answers at' -- status http://127.0.0.1:1
expect 2 'one target is wanted, got 0' -- status
for command in capture snapshot stop status; do
    expect 2 'one target is wanted, got 2' -- $command $pid $pid
    expect 2 "unknown option '--frob'; allowed are" -- $command --frob $pid
    expect 2 'has no agent' -- $command $$
done

# ---- capture -------------------------------------------------------------------------------------------------

expect 0 "^$id\.stall\$" -- capture $pid --duration 10ms
[ "$(cat $id.stall)" = 'the file' ] || say "another file came"
[ "$(stat -c %a $id.stall)" = 600 ] || say "the file is not 0600"
asked "POST /debug/trace?duration=10ms&pid=$pid HTTP/1.1 host=localhost"
expect 0 '^tree\.stall$' -- capture $pid --tree --duration 11ms -o tree.stall
asked 'POST /debug/trace?duration=11ms HTTP/1.1 host=localhost'
echo old >$id.stall
expect 2 "'$id.stall' cannot be written: File exists" -- capture $pid --duration 10ms
[ "$(cat $id.stall)" = old ] || say "a file was overwritten without a word"
expect 0 '^out\.stall$' -- capture --duration=1ms -o out.stall --categories +lock,-net --max-bytes 64MiB \
    --name 'a&b ü' $pid
asked "POST /debug/trace?duration=1ms&categories=%2Block,-net&max_bytes=64MiB&name=a%26b%20%C3%BC&pid=$pid HTTP/1.1 host=localhost"
echo old >out.stall
expect 0 -- capture --duration 1ms --output out.stall $pid
[ "$(cat out.stall)" = 'the file' ] || say "-o did not replace the file"
expect 2 "'5x' is no value for --duration; allowed is" -- capture $pid --duration 5x
expect 2 "'/nowhere/x' cannot be written" -- capture $pid -o /nowhere/x
expect 2 "is no regular file" -- capture $pid -o "$work"
armed=$(grep -c '^POST /debug/trace?' "$requests")
[ "$armed" = 5 ] || say "what cannot be kept was armed all the same: $armed times"

# Still recording when it is asked for: asked again.
put "HEAD_debug_traces_${id//-/_}.1" 409 ''
put "HEAD_debug_traces_${id//-/_}.2" 409 ''
expect 0 -- capture $pid --duration 1ms -o out.stall
[ "$(ls "$answers"/*.[0-9] 2>/dev/null)" = "" ] || say "it was not waited for"

# Ctrl-C: the capture is stopped, and what there is comes. (Without --foreground timeout signals twice.)
timeout --foreground -s INT 0.5 "$stallmark" capture $pid --duration 1h -o stopped.stall >out 2>err </dev/null
[ "$(cat stopped.stall 2>/dev/null)" = 'the file' ] || say "Ctrl-C kept nothing: $(cat err)"
grep -q 'stopped; what there is is kept' err || say "Ctrl-C said nothing"

# On a terminal, and only there, one sees how far it is.
TERM=xterm script -qec "$stallmark capture $pid --duration 300ms -o out.stall" /dev/null >terminal </dev/null
grep -q 'capturing  *[0-9]* %' terminal || say "no progress on a terminal: $(cat terminal)"
TERM=dumb script -qec "$stallmark capture $pid --duration 300ms -o out.stall" /dev/null >terminal </dev/null
! grep -q capturing terminal || say "progress on a terminal that cannot rewrite a line"
"$stallmark" capture $pid --duration 300ms --no-symbols -o out.stall 2>err >/dev/null
[ ! -s err ] || say "progress in a file: $(cat err)"

# ---- snapshot, stop --------------------------------------------------------------------------------------------

expect 0 '^snap\.stall$' -- snapshot $pid --before 10s --after 1ms -o snap.stall
asked 'POST /debug/trace/snapshot?before=10s&after=1ms HTTP/1.1 host=localhost'
expect 2 "'x' is no value for --before" -- snapshot $pid --before x
expect 2 "'x' is no value for --after" -- snapshot $pid --after x
expect 0 '^nothing was running$' -- stop $pid
put POST_debug_trace_stop 200 "{\"id\":\"$id\",\"path\":\"/var/tmp/\\u202ex\"}"
expect 0 "^stopped $id · /var/tmp/\\\\u202ex\$" -- stop "$url"

# ---- token -----------------------------------------------------------------------------------------------------

printf 's3cret\n' >token
printf 'two words\n' >bad_token
: >empty_token
for command in status stop; do
    expect 0 -- $command --token-file token "$url"
    STALLMARK_TOKEN_FILE=$work/token expect 0 -- $command "$url"
    [ "$(tail -n 2 "$requests" | grep -c 'authorization=Bearer s3cret$')" = 2 ] || say "$command sends no token"
    expect 2 "'nope' cannot be read" -- $command --token-file nope "$url"
done
expect 0 -- snapshot "$url" --token-file token -o snap.stall
expect 0 -- capture "$url" --token-file token -o out.stall --duration 1ms
[ "$(tail -n 3 "$requests" | grep -c 'authorization=Bearer s3cret$')" = 3 ] || say "capture sends no token"
expect 2 'holds no token' -- status --token-file bad_token "$url"
expect 2 'is empty' -- status --token-file empty_token "$url"

# ---- answers that are not what was asked for ---------------------------------------------------------------------

put GET_debug_trace_status.1 400 '{"title":"duration is not a duration","detail":"\u009b\u202e5x: allowed is"}'
expect 2 'status: duration is not a duration: \\u009b\\u202e5x: allowed is$' -- status $pid
put GET_debug_trace_status.1 401 '{"title":"a token is needed","detail":"it is sent so"}'
expect 2 'a token is needed; --token-file FILE or STALLMARK_TOKEN_FILE gives one$' -- status "$url"
put GET_debug_trace_status.1 503 '{"title":"busy"}'
expect 2 'busy \(HTTP 503\)' -- status $pid
put GET_debug_trace_status.1 200 '<html>'
expect 2 "the answer is no JSON; is it stallmark's agent" -- status $pid
put GET_debug_trace_status.1 404 'no'
expect 2 'no such page \(HTTP 404\)' -- status $pid
put GET_debug_trace_status.1 "302 Location: $url/debug/evil" ''
expect 2 'the answer is HTTP 302' -- status --token-file token "$url"
! grep -q evil "$requests" || say "a redirect was followed"
put GET_debug_trace_status.1 0 ''
expect 2 'stallmark status: ' -- status $pid
{ echo 200; head -c 9000000 /dev/zero; } >"$answers/GET_debug_trace_status.1"
expect 2 'stallmark status: ' -- status $pid
put POST_debug_trace.1 202 '{"id":"../../etc/passwd"}'
expect 2 'the answer names no capture' -- capture $pid --duration 1ms
put POST_debug_trace.1 409 "{\"title\":\"a capture is running\",\"detail\":\"$id\"}"
expect 2 "a capture is running: $id" -- capture $pid --duration 1ms -o never.stall
put "GET_debug_traces_${id//-/_}.1" 500 '{"title":"the disk is full"}'
expect 2 'the disk is full' -- capture $pid --duration 1ms -o never.stall
put "HEAD_debug_traces_${id//-/_}.1" 404 ''
expect 2 "the capture $id left no file at /var/tmp/$id.stall: its disk is full, or it was deleted since" -- capture $pid --duration 1ms -o never.stall
put GET_debug_traces.1 200 "{\"captures\":[{\"id\":\"x\",\"reason_ended\":\"exit\"},{\"id\":\"$id\",\"reason_ended\":\"no_space\"}]}"
expect 0 '^stallmark capture: it ended before its time: no_space$' '^out\.stall$' -- capture $pid --duration 1ms -o out.stall
put GET_debug_traces.1 200 "{\"captures\":[{\"id\":\"$id\",\"reason_ended\":\"timer\"}]}"
expect 0 '^out\.stall$' -- capture $pid --duration 1ms --no-symbols -o out.stall
[ ! -s "$work/err" ] || say "an end in time is said: $(cat "$work/err")"
put "HEAD_debug_traces_${id//-/_}.1" 0 ''
expect 2 "if the process ended, its capture is in /var/tmp/$id.stall" -- capture $pid --duration 1ms -o never.stall
[ ! -e never.stall ] || say "a file was left although nothing came"
[ "$(find . -name '*.partial')" = "" ] || say "a partial file was left"
finish
