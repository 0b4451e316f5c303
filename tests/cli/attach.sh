#!/bin/bash
# `stallmark run` with the preload itself, on programs that know nothing of it: armed, stopped, read; nothing
# about the program changes.
# usage: attach.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

cd "$work" || exit 1
export STALLMARK_DIRECTORY=$work/captures XDG_RUNTIME_DIR=$work/run
mkdir -m 700 run captures
fighters=$programs/fighters
mkfifo stdin

# start NAME ARGUMENTS…: `stallmark run ARGUMENTS`, with its pid in $pid.
start() {
    local name=$1
    shift
    "$stallmark" run "$@" <stdin >"$name.out" 2>"$name.err" &
    pid=$!
    exec 3>stdin
    wait_for 10 grep -q '^fighting' "$name.out" || say "$name does not start: $(cat "$name.err")"
    wait_for 10 test -S "run/stallmark/$pid.sock" || say "$name has no agent"
}

# ends NAME CODE: it ends by itself, with its own exit code, its own output, and no word of ours.
ends() {
    exec 3>&-
    wait "$pid"
    local code=$?
    [ $code = "$2" ] || say "$1 ended with $code, not $2"
    [ "$(cat "$1.out")" = "$(printf 'fighting\nover')" ] || say "$1 printed: $(cat "$1.out")"
    [ "$(grep -cv '^stallmark: ' "$1.err")" = 0 ] || say "$1 wrote on stderr: $(cat "$1.err")"
    [ ! -e "run/stallmark/$pid.sock" ] || say "$1 left its socket"
}

start plain -- "$fighters"
url=$(sed -n 's|^stallmark: \(http://[^ ]*\)/debug/ .*|\1|p' plain.err)
grep -q "· $work/run/stallmark/$pid.sock · stallmark capture $pid\$" plain.err || say "another place was printed: $(cat plain.err)"
expect 0 "^ *$pid +fighters +disarmed +${url#http://} +$work/run/stallmark/$pid.sock\$" -- ps
expect 0 '^state +disarmed$' -- status "$url"
expect 0 '^1  mutex contended held up ' 'Held in +hold_it ' -- capture "$pid" --duration 1s -o plain.stall --report
expect 0 'Held in +hold_it ' -- report --no-symbols plain.stall
expect 0 '^bare\.stall$' -- capture "$pid" --duration 200ms --no-symbols -o bare.stall
expect 0 'fighters\+0x' -- report --no-symbols bare.stall
expect 0 '^clean' -- check plain.stall
expect 2 'recorder' -- snapshot "$pid" -o never.stall
ends plain 7

start recorder --listen none --recorder 5s -q -- "$fighters"
[ ! -s recorder.err ] || say "-q printed: $(cat recorder.err)"
expect 0 '^ *[0-9]+ +fighters +armed +- ' -- ps
# It remembers from its first moment on, so that a slow machine needs some patience.
# shellcheck disable=SC2317 # called by wait_for
remembered() { "$stallmark" snapshot "$pid" -o early.stall && "$stallmark" report early.stall | grep -q 'contended held up'; }
wait_for 20 remembered || say "the recorder remembers no wait"
expect 0 '^snap\.stall$' -- snapshot "$pid" --before 4s --after 50ms --no-symbols -o snap.stall
expect 0 'contended held up' -- report snap.stall
ends recorder 7

# A signal ends it as it would alone; a capture that runs is kept.
start killed --listen 127.0.0.1:0 -- "$fighters"
"$stallmark" capture "$pid" --duration 20s -o killed.stall >capture.out 2>&1 </dev/null &
capture=$!
# shellcheck disable=SC2317 # called by wait_for
armed() { "$stallmark" status "$pid" | grep -q '^state *armed' && ls captures/*.partial; }
wait_for 10 armed || say "it was not armed"
kill -TERM "$pid"
exec 3>&-
wait "$pid" 2>/dev/null
[ $? = 143 ] || say "SIGTERM did not end it as it would alone"
wait "$capture" && say "a capture whose program was killed says that all is well"
left=$(sed -n 's/.*its capture is in //p' capture.out)
[ -f "$left" ] || say "it does not say where the capture is: $(cat capture.out)"
expect 0 -- report "$left"

# What it executes is traced only with --follow-exec.
start followed --listen none --follow-exec -- "$fighters" "$fighters"
expect 0 '^state +disarmed$' -- status "$pid"
ends followed 7
"$stallmark" run -q --listen none -- "$fighters" "$fighters" <stdin >left.out 2>left.err &
pid=$!
exec 3>stdin
wait_for 10 grep -q '^fighting' left.out || say "the program that was executed does not run"
expect 2 'has no agent; start it again with: stallmark run -- ' -- status "$pid"
ends left 7

finish
