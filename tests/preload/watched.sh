#!/bin/bash
# watched.sh BUILD: /debug/threads of programs that nobody armed: each kind of wait with its object and holder, a
# thousand threads, hostile names, stacks that only frame pointers lead through, the loader's lock held for ever, and a
# redis that sleeps.
. "$(dirname "$0")/lib.sh"

ask() { curl -sS -f --max-time 20 --unix-socket "$tmp/agent.sock" "http://localhost$1"; }
pid=""

# watch MODE…: the program stands still, and curl's answer is in $tmp/said.
watch() {
    rm -f "$tmp/in" "$tmp/out" "$tmp/agent.sock"
    mkfifo "$tmp/in" "$tmp/out"
    with_agent "$programs/watched" "$@" <"$tmp/in" >"$tmp/out" &
    pid=$!
    exec 3>"$tmp/in" 4<"$tmp/out"
    read -r -t 20 _ <&4 || fail "watched $* does not get ready"
    for _ in $(seq 100); do
        ask /debug/threads >"$tmp/said" 2>"$tmp/error" && break
        sleep 0.05
    done
    [ -s "$tmp/said" ] || fail "watched $*: no answer: $(cat "$tmp/error")"
}

leave() {
    exec 3>&- 4<&-
    wait "$pid"
}

says() { grep -qE -- "$1" "$tmp/said" || { fail "'$1' is not in:"; cat "$tmp/said"; }; }

since='~[0-9.]+ [mun]?s'
watch waits
says '^watched\[[0-9]+\]  [0-9:.]+  9 threads: '
says "^watched +poll poll $since \(idle\) +main"
says "^mutex +lock held_lock, held by watched $since +wait_mutex"
says "^cond +cond never $since \(idle\) +wait_for_ever ← wait_cond"
says "^sem +cond tickets $since \(idle\) +wait_sem"
says "^rwlock +lock table_lock, held by watched $since +wait_rwlock"
says "^sleep +sleep clock_nanosleep $since +wait_sleep"
says "^pipe +net read pipe $since +wait_pipe"
says "^join +join mutex $since +wait_join"
says '^run +(running|runnable) *$'
says '^mutex waits for held_lock .*, held by watched, which polls'
leave

watch frames
says 'pause .* inner_frame ← outer_frame ← framed$'
leave

watch loader
says '^opener +lock in dlopen|^opener +lock .*held by holder'
says '^holder .* stay'
ask '/debug/trace/status' | grep -q '"state"' || fail "status, with the loader's lock held"
leave

watch names
says '^\\x1b\[31mred +cond '
says '^a\\nb\\tc +cond '
says '^\\u202eevil +cond '
says '^\\u009b31m +cond '
says '^\\xff\\xfe<b> +cond '
says '^\(S\) 1 +cond '
LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$tmp/said" && fail "a control character is in the answer"
ask '/debug/threads?format=json' | python3 -c 'import json, sys; json.load(sys.stdin)' || fail "names: no JSON"
leave

watch many 1000
says '1001 threads: '
says '^partial: 1000 of 1001 threads; max='
took=$(curl -s -o "$tmp/said" -w '%{time_total}' --unix-socket "$tmp/agent.sock" 'http://localhost/debug/threads?max=2000')
[ "$(grep -c ' cond never ' "$tmp/said")" = 1000 ] || fail "not 1000 threads: $(head -n 5 "$tmp/said")"
[ "$(grep -c 'wait_for_ever ← one_of_many$' "$tmp/said")" = 1000 ] || fail "not 1000 stacks"
echo "1001 threads in $took s"
leave

command -v redis-server >/dev/null || exit $bad
env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" redis-server --port 0 --unixsocket "$tmp/redis" --enable-debug-command yes --save '' --dir "$tmp" \
    >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do
    redis-cli -s "$tmp/redis" ping >/dev/null 2>&1 && break
    sleep 0.05
done
redis-cli -s "$tmp/redis" debug sleep 3 >/dev/null 2>&1 &
for _ in $(seq 100); do
    ask /debug/threads >"$tmp/said"
    grep -q 'clock_nanosleep' "$tmp/said" && break
    sleep 0.05
done
says '^redis-server +sleep clock_nanosleep .* debugCommand ← call ← processCommand'
kill $pid
wait
exit $bad
