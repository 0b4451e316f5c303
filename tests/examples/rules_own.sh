#!/bin/bash
# A program that is linked with the agent: smk_trigger fires the rule of that name, once, and names the thread; threads
# that share a CPU fire a rule about those that have none.
# usage: rules_own.sh BUILD
set -u
build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-rules.XXXXXX")
stallmark=$build/bin/stallmark
unset XDG_RUNTIME_DIR STATE_DIRECTORY
for name in $(compgen -e STALLMARK_); do unset "$name"; done
export XDG_STATE_HOME=$work
mkdir -m 700 "$work/captures"
socket=$work/agent.sock

coproc HOST { exec "$build/tests/examples/rules_host" "$socket" "$work/captures"; }
host=$HOST_PID
trap 'kill "$host" 2>/dev/null; rm -rf "$work"' EXIT
fail() {
    echo "rules_own: $*"
    cat "$work/listed" "$work/ledger" 2>/dev/null
    exit 1
}
# until_seen COMMAND…: within ten seconds
until_seen() {
    for _ in $(seq 100); do
        "$@" && return
        sleep 0.1
    done
    return 1
}
ledger() { "$stallmark" ledger "$socket" >"$work/ledger" 2>&1 && grep -qE "$1" "$work/ledger"; }
listed() { "$stallmark" rules "$socket" >"$work/listed" 2>&1 && grep -A1 "^$1: " "$work/listed" | grep -qE "$2"; }

until_seen listed full 'matched 0, fired 0' || fail "it does not start"
echo 'trigger cache' >&"${HOST[1]}" # no rule waits for this one
read -r tid <&"${HOST[0]}"
echo 'trigger cache full' >&"${HOST[1]}"
read -r tid <&"${HOST[0]}"
until_seen ledger ' full +fired +smk_trigger\("cache full"\) \(thread '"$tid"'\).*\(there\)' || fail "the trigger fires no rule"
echo 'trigger cache full' >&"${HOST[1]}"
read -r tid <&"${HOST[0]}"
until_seen listed full 'matched 2, fired 1, suppressed 1' || fail "the second call is not counted"
listed other 'matched 0, fired 0' || fail "a rule of another name has matched"
file=$(ls "$work/captures"/*.stall)
"$stallmark" check "$file" >"$work/ledger" || fail "the file is not clean"
"$stallmark" report "$file" >"$work/ledger"
grep -q '^captured by rule full: when trigger "cache full"' "$work/ledger" || fail "the report does not name the rule"

# Where others have the CPUs it may be the first thread, which is not busy: some tries.
for try in 1 2 3 4 5; do
    "$stallmark" rules "$socket" add "cpu$try: when runnable > 20ms then capture 50ms cooldown 1h" >"$work/listed" 2>&1 ||
        fail "the rule is not set"
    listed "cpu$try" 'matched' || fail "it is not there"
    echo busy >&"${HOST[1]}"
    until_seen ledger " cpu$try +fired +a thread had no CPU for [0-9.]+ m?s \\(.*thread [0-9]+\\)" || fail "no thread without a CPU"
    echo >&"${HOST[1]}"
    tid=$(sed -nE "s|.* cpu$try +fired .*thread ([0-9]+)\\).*|\\1|p" "$work/ledger" | head -n 1)
    "$stallmark" rules "$socket" remove "cpu$try" >"$work/listed" 2>&1 || fail "the rule is not taken away"
    [ "$tid" = "$host" ] || break
done

# Stopped in the middle of a rule's capture, while the program goes on: the file is whole and the ledger has its end.
"$stallmark" rules "$socket" add 'stopped: when trigger "stopped" then snapshot after 1h cooldown 0s' \
    >"$work/listed" 2>&1 || fail "the rule is not set"
echo 'trigger stopped' >&"${HOST[1]}"
read -r _ <&"${HOST[0]}"
until_seen grep -q $'\tfired\tstopped\t' "$work/captures/ledger" || fail "the rule has not fired"
running=("$work/captures"/*.partial)
{ [ ${#running[@]} = 1 ] && [ -e "${running[0]}" ]; } || fail "not one capture is recorded: ${running[*]}"
echo stop >&"${HOST[1]}"
read -r stopped <&"${HOST[0]}"
cp "$work/captures/ledger" "$work/ledger"
[ "$stopped" = 0 ] || fail "smk_agent_stop returned $stopped"
kill -0 "$host" || fail "the program has ended with its agent"
[ ! -e "${running[0]}" ] || fail "the capture is still said to be recorded"
file=${running[0]%.partial}
"$stallmark" check "$file" >"$work/listed" 2>&1 || fail "the file is not clean"
"$stallmark" report "$file" >"$work/listed" 2>&1
grep -q '^captured by rule stopped: when trigger "stopped"' "$work/listed" || fail "the report does not name the rule"
id=${file##*/} id=${id%.stall}
ended=$("$stallmark" info "$file" | awk '$1 == "ended" { print $2 }')
[ "$(grep -c $'\tended\tstopped\t'"$ended"$'\t.*'"$id" "$work/ledger")" = 1 ] ||
    fail "it ended for '$ended': the ledger says so not once"
[ ! -e "$socket" ] || fail "the socket is still there"

eval "exec ${HOST[1]}>&-"
wait "$host" || fail "it ended with $?"
{ [ -n "$tid" ] && [ "$tid" != "$host" ]; } || fail "thread '$tid' is none of those that were busy"
