#!/bin/bash
# fork, exec, posix_spawn, system, daemonize: what is exec'd knows nothing of us, children of fork are not
# recorded and do not touch the file, and the file is the first process's.
. "$(dirname "$0")/lib.sh"
family=$programs/family

recorded "$tmp/f.stall" "$family" exec >"$tmp/env" || fail "exec: code $?"
grep -E '^(LD_PRELOAD|STALLMARK_)' "$tmp/env" && fail "exec: children see us in their environment"
expect "exec: children" "$(grep -c ^PATH= "$tmp/env")" 3
is_clean "$tmp/f.stall"

env LD_PRELOAD="libnothing.so:$preload" STALLMARK_RECORD="$tmp/f.stall" "$family" exec >"$tmp/env" 2>/dev/null
expect "what else is in LD_PRELOAD stays" "$(grep -c '^LD_PRELOAD=libnothing.so$' "$tmp/env")" 3
env LD_PRELOAD="$preload" STALLMARK_FOLLOW_EXEC=on STALLMARK_RECORD="$tmp/f.stall" "$family" exec >"$tmp/env"
expect "follow: preload" "$(grep -c ^LD_PRELOAD= "$tmp/env")" 3
expect "follow: the file is one process's" "$(grep -c ^STALLMARK_RECORD= "$tmp/env")" 0

recorded "$tmp/f.stall" "$family" fork >"$tmp/out" || fail "fork: code $?"
expect "fork: output" "$(tr '\n' ' ' <"$tmp/out")" "child parent "
is_clean "$tmp/f.stall"
expect "fork: waits of the parent" "$(count lock_wait "$tmp/f.stall")" 4

rm -f "$tmp/f.stall"
recorded "$tmp/f.stall" "$family" daemonize >"$tmp/out" || fail "daemonize: code $?"
for _ in $(seq 50); do
    grep -q daemon "$tmp/out" && break
    sleep 0.1
done
expect "daemonize: output" "$(cat "$tmp/out")" daemon
# daemon() ends the first process by _exit: the file is whole before. The daemon does not touch it.
is_clean "$tmp/f.stall"
expect "daemonize: waits of the first process" "$(count lock_wait "$tmp/f.stall")" 2

# Ends that no destructor sees: _exit, by number too, and another program in our place.
for way in quick number instead; do
    rm -f "$tmp/f.stall"
    recorded "$tmp/f.stall" "$family" $way >"$tmp/out"
    expect "$way: code" $? 7
    is_clean "$tmp/f.stall"
    expect "$way: waits" "$(count lock_wait "$tmp/f.stall")" 2
    expect "$way: end" "$(fact capture.reason "$tmp/f.stall")" exit
done
# An exec that finds nothing ends nothing, and a child's is not ours.
recorded "$tmp/f.stall" "$family" nothing >"$tmp/out" || fail "nothing: code $?"
is_clean "$tmp/f.stall"
expect "nothing: waits" "$(count lock_wait "$tmp/f.stall")" 4

# 200 short lives: none may cost a timer's tick, let alone the two seconds that an exit may take.
recorded "$tmp/f.stall" "$family" many 2>"$tmp/ms" || fail "many: code $?"
with="$(cat "$tmp/ms")"
"$family" many 2>"$tmp/ms"
echo "200 children: $(cat "$tmp/ms") ms without, $with ms with"
[ "$with" -lt 20000 ] || fail "many: $with ms"
exit $bad
