#!/bin/bash
# The crash box: what a server recorded last is in a file when something has ended it, to the last 10 ms before a
# SIGSEGV, with how it ended; and there is none, and no watcher, when it ends by itself. The server has its pid, its parent and its exit
# code, and no child that it does not know.
# usage: crash.sh BUILD
set -u
# shellcheck source-path=SCRIPTDIR source=crash_lib.sh
. "$(dirname "$0")/crash_lib.sh"
build=$1
stallmark=$build/bin/stallmark
work=$(mktemp -d /tmp/smk-crash-XXXXXX)
export STATE_DIRECTORY=$work
server=""
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT

# fields of `info FILE`
field() { "$stallmark" info "$1" | awk -v key="$2" '$1 == key { $1 = ""; print substr($0, 2); exit }'; }

start() { # four threads that never stop; python's own handlers stay out of it
    "$stallmark" run --watch --listen none -q -- /usr/bin/python3 -c '
import threading, time
def work():
    while True:
        time.sleep(0.001)
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
while True:
    time.sleep(0.002)' 2>"$work/err" &
    server=$!
    wait_until 10 agent_is_there || fail "no agent: $(cat "$work/err")"
    sleep 0.5
}

# shellcheck disable=SC2317 # called by its name
agent_is_there() { "$stallmark" status "$server" >/dev/null 2>&1; }
one_file() { ls "$work"/2*.stall >/dev/null 2>&1; }

check_file() { # SIGNAL NAME
    local file end last ended
    wait_until 20 one_file || { fail "SIG$2: no file"; return; }
    file=$(ls "$work"/2*.stall)
    "$stallmark" check "$file" >"$work/check" 2>&1 || fail "SIG$2: $(cat "$work/check")"
    end=$(field "$file" process.end)
    case $end in
    "killed by signal $1 (SIG$2)"* | "not by itself"*) ;;
    *) fail "SIG$2: it ended: $end" ;;
    esac
    [ "$(field "$file" process.pid)" = "$server" ] || fail "SIG$2: pid $(field "$file" process.pid)"
    # The last event and the end of the file are near one another.
    last=$("$stallmark" dump "$file" | awk '/^[0-9]+\.[0-9]+ / { t = $1 } END { print t }')
    ended=$(field "$file" length)
    awk -v last="$last" -v ended="${ended%% s*}" 'BEGIN { exit !(ended - last < 0.2 && ended > 0.2) }' ||
        fail "SIG$2: the last event is at $last of $ended"
    # It is complete from where the recorder began, so that there are findings in it.
    "$stallmark" info "$file" | awk -v ended="${ended%% s*}" '/^complete / { found = 1; sub(/ s$/, ""); bad = $NF > ended / 2 }
        END { exit !found || bad }' || fail "SIG$2: it is complete from its end: $("$stallmark" info "$file" | grep '^complete')"
    rm -f "$file"
}

for signal in "11 SEGV" "6 ABRT" "9 KILL"; do
    # shellcheck disable=SC2086
    set -- $signal
    start
    [ "$(pgrep -P "$server" | wc -l)" = 0 ] || fail "the server has a child: $(pgrep -aP "$server")"
    kill -"$1" "$server"
    wait "$server" 2>/dev/null
    status=$?
    [ "$status" = $((128 + $1)) ] || fail "SIG$2: exit status $status"
    check_file "$1" "$2"
done

# The last record is at most 10 ms from the moment that the program noted right before its SIGSEGV. On a machine that is
# busy its threads may have had no CPU for longer, so the best of some runs counts.
best=1
for _ in 1 2 3 4 5 6; do
    # the shell says what the signal did
    { "$stallmark" run --watch --listen none -q -- "$build/tests/fault/fault_crasher" "$work/noted" & wait $!; } 2>/dev/null
    wait_until 20 one_file || { fail "crasher: no file"; break; }
    file=$(ls "$work"/2*.stall)
    "$stallmark" check "$file" >"$work/check" 2>&1 || fail "crasher: $(cat "$work/check")"
    last=$("$stallmark" dump --absolute "$file" | awk '/^[0-9]+\.[0-9]+ / { t = $1 } END { print t }')
    best=$(awk -v noted="$(cat "$work/noted")" -v last="$last" -v best="$best" \
        'BEGIN { off = noted - last; if (off < 0) off = -off; print off < best ? off : best }')
    rm -f "$file"
    awk -v best="$best" 'BEGIN { exit !(best < 0.01) }' && break
done
echo "the last record is $best s from the crash"
awk -v best="$best" 'BEGIN { exit !(best < 0.01) }' || fail "the last record is $best s from the crash, in the best run"

# It ends by itself: nothing is written, and nobody stays.
"$stallmark" run --watch --listen none -q -- sh -c 'sleep 0.3; exit 3' 2>"$work/err"
[ $? = 3 ] || fail "exit code 3 was not passed on"
sleep 0.3
one_file && fail "a file of a program that ended by itself: $(ls "$work")"
exit $failed
