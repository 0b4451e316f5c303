#!/bin/bash
# Each system call that we make and that the host does not: refused by the host's filter, which ends the process or
# answers with an error, set before the host begins or later. The host lives, and says and answers what it would
# have. What may be missing is the agent, a capture or a part of it.
. "$(dirname "$0")/lib.sh"
trap "" PIPE # a host that is gone
source=$(cd "$(dirname "$0")/../.." && pwd)

"$programs/filter" bpf -- true || {
    echo "(no filters here)"
    exit 77
}
echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' >"$tmp/numbers"
number() { sed -n "s/^$1 //p" "$tmp/numbers"; }

# What is asked for before it is done: the lists of library and agent.
asked() { sed -n 's/^    {"\([a-z0-9_]*\)", SYS_.*/\1/p' "$source/lib/source/probe.c" "$source/agent/filters.c" | sort -u; }

# ask PATH [SECONDS]: of the agent, which need not be there, and may rest.
ask() { curl -sS --max-time "${2:-1}" -o "$tmp/answer" --unix-socket "$tmp/agent.sock" "http://localhost$1" 2>/dev/null; }

# lives COMMAND…: the host under the preload with an agent that is asked and armed meanwhile.
lives() {
    rm -f "$tmp/agent.sock" "$tmp/in" "$tmp/out"
    mkfifo "$tmp/in"
    with_agent "$@" <"$tmp/in" >"$tmp/out" 2>&1 &
    local host=$!
    exec 3>"$tmp/in"
    for _ in $(seq 10); do
        [ -S "$tmp/agent.sock" ] && break
        sleep 0.02
    done
    echo 2>/dev/null >&3
    sleep 0.02
    ask /debug/trace/status 0.3 && ask '/debug/trace?duration=100ms&wait=1' && ask /debug/traces
    echo 2>/dev/null >&3
    sleep 0.02
    exec 3>&-
    wait $host
    expect "$*: code" $? 0
    expect "$*: output" "$(tr '\n' ' ' <"$tmp/out")" "here here lived "
}

lives "$programs/lives"
[ -S "$tmp/agent.sock" ] && fail "the socket stays behind"

# Those of the lists that the host, its loader and its start do without.
own="clock_nanosleep|fcntl|futex|getrandom|lseek|madvise|newfstatat|poll|pread64|prctl|rt_sigprocmask|wait4|write"
n=0
for call in $(asked | grep -vxE "$own"); do
    at=$(number "$call")
    [ -n "$at" ] || continue
    n=$((n + 1))
    # In a short run each is tried in one of the three ways.
    [ $((n % 3)) = 0 ] || [ -n "${SMK_LONG:-}" ] && lives "$programs/lives" 0 "$at" # by the host, when the agent is there
    [ $((n % 3)) = 1 ] || [ -n "${SMK_LONG:-}" ] && lives "$programs/filter" "$at" -- "$programs/lives"
    [ $((n % 3)) = 2 ] || [ -n "${SMK_LONG:-}" ] && lives "$programs/lives" 38 "$at" # ENOSYS
done
lives "$programs/lives" 0 "$(number accept4)" "$(number ioctl)"
[ $n -gt 30 ] || fail "the lists are not understood"

# Those that the host makes itself, and that fail from some moment on: no memory, no thread, no file, no descriptor.
for call in mmap:12 mprotect:12 clone3:11 clone:11 openat:13 openat:24 read:5 epoll_create1:24 eventfd2:24 epoll_ctl:12 \
    timerfd_create:24 socket:13 memfd_create:1 perf_event_open:1 perf_event_open:13 perf_event_open:38; do
    at=$(number ${call%:*})
    [ "${call%:*}" = read ] || lives "$programs/lives" "${call#*:}" "$at"
    case $call in clone* | epoll* | eventfd* | timerfd* | socket* | memfd* | perf*) ;; *) continue ;; esac
    [ "${call%:*}" = clone3 ] || [ "${call%:*}" = clone ] || lives "$programs/filter" -e "${call#*:}" "$at" -- "$programs/lives"
done

# And nothing is done that is not asked for, but for what every program does and no filter can forbid it.
always="clock_gettime exit exit_group getegid geteuid getgid getpid getppid gettid getuid"
if command -v strace >/dev/null; then
    (sleep 0.2; echo) | strace -f -o "$tmp/plain" "$programs/lives" >/dev/null
    (
        for _ in $(seq 50); do
            [ -S "$tmp/agent.sock" ] && break
            sleep 0.05
        done
        ask /debug/trace/status
        ask '/debug/trace?duration=100ms&wait=1'
        ask /debug/traces
    ) | strace -f -o "$tmp/traced" -E LD_PRELOAD="$preload" -E STALLMARK_SOCKET="$tmp/agent.sock" \
        -E STALLMARK_DIRECTORY="$tmp" -E STALLMARK_LISTEN=127.0.0.1:0 "$programs/lives" >/dev/null
    names() { sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$1" | sort -u; }
    grep -q accept4 "$tmp/traced" || fail "nobody was served under strace"
    unasked=$(names "$tmp/traced" | grep -vxF -f <(names "$tmp/plain"; asked; tr ' ' '\n' <<<"$always"))
    expect "calls that nobody asked for" "$unasked" ""
else
    echo "(strace is not installed)"
fi
exit $bad
