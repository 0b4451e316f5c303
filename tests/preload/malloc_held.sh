#!/bin/bash
# malloc_held.sh BUILD: where every malloc of the host waits, the agent is asked, shows the threads, arms, and sends the
# file and its report all the same: that may be what is to be found out.
. "$(dirname "$0")/lib.sh"

mkfifo "$tmp/in" "$tmp/out"
STALLMARK_SOCKET="$tmp/socket" STALLMARK_DIRECTORY="$tmp" STALLMARK_LISTEN=127.0.0.1:0 LD_PRELOAD="$preload" \
    "$programs/malloc_held" <"$tmp/in" >"$tmp/out" &
program=$!
exec 3>"$tmp/in" 4<"$tmp/out"
for _ in $(seq 100); do
    [ -S "$tmp/socket" ] && break
    sleep 0.1
done
ask() { # CURL-ARGUMENTS… PATH
    curl -sS -f --max-time 20 --unix-socket "$tmp/socket" "${@:1:$#-1}" "http://localhost${!#}"
}
status=$(ask /debug/trace/status) || fail "no status"
address=$(printf '%s' "$status" | grep -o '127\.0\.0\.1:[0-9]*' | head -n 1)
echo >&3
read -r -t 20 line <&4
expect "the program" "$line" held
ask /debug/trace/status >/dev/null || fail "status"
ask /debug/threads >"$tmp/threads" || fail "the threads"
grep -qE '^malloc_held +poll poll .* wait_for_line ← main' "$tmp/threads" || fail "the threads: $(cat "$tmp/threads")"
"$stallmark" threads "$tmp/socket" | grep -qE 'wait_for_line malloc_held\.c:[0-9]+ ← main' || fail "the threads by the command line"
ask -o "$tmp/a.stall" '/debug/trace?duration=200ms&wait=1' || fail "arming"
id=$(ask /debug/traces | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
ask "/debug/traces/$id" | cmp - "$tmp/a.stall" || fail "the download"
ask "/debug/traces/$id/report" >"$tmp/report" || fail "the report"
curl -sS -f --max-time 20 "http://$address/debug/trace/status" >/dev/null || fail "status over TCP"
echo >&3
wait $program || fail "the program: status $?"
exit $bad
