#!/bin/bash
# What happens to a process in its life: another root and directory, libraries that come and go, threads in crowds,
# less and less room, no thread left to start, rights from the file. The host does what it does without us.
. "$(dirname "$0")/lib.sh"
long=${SMK_LONG:-}

# alive COMMAND…: starts it with an agent, its stdin from descriptor 3; its number is in $host.
alive() {
    rm -f "$tmp/agent.sock" "$tmp/in"
    mkfifo "$tmp/in"
    env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" "$@" \
        <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
    host=$!
    exec 3>"$tmp/in"
    for _ in $(seq 100); do
        [ -S "$tmp/agent.sock" ] && break
        sleep 0.05
    done
}
# capture FILE DURATION
capture() {
    curl -sS -f --max-time 60 -o "$1" --unix-socket "$tmp/agent.sock" "http://localhost/debug/trace?duration=$2&wait=1" ||
        fail "it cannot be armed"
}

# chdir and chroot: the files go where they went before.
mkdir "$tmp/jail"
alive "$programs/lives" move "$tmp/jail"
capture "$tmp/before.stall" 100ms
echo >&3
sleep 0.1
capture "$tmp/after.stall" 100ms
exec 3>&-
wait $host
expect "moved: code" $? 0
expect "moved: output" "$(tr '\n' ' ' <"$tmp/out")" "here lived "
is_clean "$tmp/before.stall"
is_clean "$tmp/after.stall"
expect "moved: files in the new root" "$(find "$tmp/jail" -type f | wc -l)" 0
expect "moved: files in the directory" "$(find "$tmp" -maxdepth 1 -name '2*.stall' | wc -l)" 2

# A plugin that is loaded and unloaded under load, a wait in it each time; its name outlives it.
expect "unplugged" "$(recorded "$tmp/u.stall" "$programs/unplug" "$programs/libunplugged.so" 1000)" "1000 calls"
is_clean "$tmp/u.stall"
"$stallmark" report "$tmp/u.stall" | grep -q wait_in_plugin || fail "the plugin's function has no name"

# Threads in a row: memory does not grow with them.
churn=$([ -n "$long" ] && echo 400000 || echo 20000)
expect "churn" "$(recorded "$tmp/s.stall" "$programs/storm" "$churn" 2>"$tmp/kb")" "$churn turns"
read -r early late <"$tmp/kb"
[ $((late - early)) -lt 16384 ] || fail "churn: $early KiB after a quarter of the threads, $late KiB at the end"

# Threads all at once.
crowd=$([ -n "$long" ] && echo 10000 || echo 3000)
alive "$programs/crowd" "$crowd"
for _ in $(seq 200); do
    [ -s "$tmp/err" ] && break
    sleep 0.05
done
[ "$(cat "$tmp/err")" = "$crowd" ] || echo "(only $(cat "$tmp/err") threads here)"
crowd=$(cat "$tmp/err")
if [ -S "$tmp/agent.sock" ]; then
    capture "$tmp/crowd.stall" 500ms &
    capturing=$!
    sleep 0.15
    echo >&3
    wait $capturing
    is_clean "$tmp/crowd.stall"
    echo "crowd: $crowd threads, $("$stallmark" info "$tmp/crowd.stall" | sed -n 's/^tables *\([0-9]* threads\).*/\1/p') in the file, $(fact threads.untraced "$tmp/crowd.stall") untraced, $(fact sched.threads_unseen "$tmp/crowd.stall") without a scheduler source"
else
    fail "crowd: no agent"
fi
exec 3>&-
wait $host
expect "crowd: code" $? 0
expect "crowd: output" "$(cat "$tmp/out")" "$crowd of $crowd"

# A setting that there is none of: no agent, a host that does not notice, and the log says why.
said=$( (echo; sleep 0.5) | env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_NO_SUCH=1 \
    STALLMARK_LOG_FILE="$tmp/agent.log" "$programs/lives" 2>&1; echo $?)
expect "an unknown setting" "$said" $'here\nlived\n0'
grep -q 'there is no agent in process [0-9]*: .*no_such' "$tmp/agent.log" || fail "the log: $(cat "$tmp/agent.log")"

# Less and less address space: where the program lives without us it lives with us, recorded or not; and with
# little of it we take none.
for kib in 8192 16384 24576 32768 65536 131072 262144 524288; do
    [ "$(ulimit -v $kib; echo | "$programs/lives" 2>/dev/null; echo $?)" = $'here\nlived\n0' ] || continue
    rm -f "$tmp/v.stall"
    expect "recording in $kib KiB" "$(ulimit -v $kib; echo | recorded "$tmp/v.stall" "$programs/lives" 2>&1; echo $?)" $'here\nlived\n0'
    expect "an agent in $kib KiB" "$(ulimit -v $kib; (echo; sleep 0.1) | with_agent "$programs/lives" 2>&1; echo $?)" $'here\nlived\n0'
    [ -s "$tmp/v.stall" ] && fail "recorded in $kib KiB"
done
echo | (ulimit -v 2000000; recorded "$tmp/v.stall" "$programs/lives") >/dev/null
is_clean "$tmp/v.stall"

# No further thread may be started: the agent is not there, and the program does not notice. Not for root, whom no
# limit binds.
if [ "$(id -u)" = 0 ] && cp "$programs/load_all" "$tmp/alone" && cp "$preload" "$tmp/" && chmod 755 "$tmp" "$tmp/alone"; then
    # shellcheck disable=SC2016 # the inner shell expands it
    expect "no thread left" "$(setpriv --reuid 54321 --clear-groups bash -c 'ulimit -u 1; exec env LD_PRELOAD="$1" \
        STALLMARK_SOCKET=off STALLMARK_LISTEN=127.0.0.1:0 "$2"' - "$tmp/libstallmark-preload.so" "$tmp/alone" 2>&1; echo $?)" $'0\n0'
fi

# Rights that come from the file: the loader takes no preload there, and one that is linked is inert.
if [ "$(id -u)" = 0 ] && command -v setcap >/dev/null && cp "$programs/rights_static" "$tmp/rights" &&
    setcap cap_net_raw+ep "$tmp/rights" 2>/dev/null && chmod 755 "$tmp" "$tmp/rights"; then
    expect "file capabilities" "$(setpriv --reuid 54321 --clear-groups "$tmp/rights" 2>&1)" inert
    expect "file capabilities and a preload" \
        "$(LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/x.stall" setpriv --reuid 54321 --clear-groups "$tmp/rights" 2>/dev/null)" inert
else
    echo "(file capabilities are not tried)"
fi
exit $bad
