#!/bin/bash
# Threads of a program that knows nothing of us, none of which ever waits: the file says what the kernel says,
# with perf switch records, and where a filter forbids them.
. "$(dirname "$0")/lib.sh"

# agrees FILE: each thread ran, and was ready without a CPU, as long as the program read it from the kernel:
# the sums of its cpu_time are, within a tenth, no less than what that counted a while before its end, nor more than
# at its end and in the 200 ms before the program began to count.
agrees() {
    "$stallmark" dump "$1" | awk -v kernel="$tmp/kernel" '
        function arg(name,  i) {
            for (i = 1; i <= NF; i++)
                if (index($i, name "=") == 1) return substr($i, length(name) + 2) / 1e6
        }
        function close_to(what, tid, ours, least, most) {
            if (ours < least * 0.9 - 60 || ours > most * 1.1 + 250) {
                printf "thread %s: %d ms %s, and the kernel counted %d to %d\n", tid, ours, what, least, most
                bad = 1
            }
        }
        $3 == "cpu_time" { split($2, a, /[\/:]/); on[a[2]] += arg("running"); ready[a[2]] += arg("runnable") }
        END {
            while ((getline line < kernel) > 0) {
                split(line, k, " ")
                close_to("on a CPU", k[1], on[k[1]], k[2], k[4])
                close_to("ready", k[1], ready[k[1]], k[3], k[5])
                n++
            }
            if (n != 3) { print n " threads"; bad = 1 }
            exit bad
        }'
}

recorded "$tmp/a.stall" "$programs/busy" 3 1000 >"$tmp/kernel"
code=$?
[ $code = 77 ] && { echo "(this kernel does not count)"; exit 77; }
expect "code" $code 0
is_clean "$tmp/a.stall"
agrees "$tmp/a.stall" || fail "the amounts are not the kernel's"
"$stallmark" report "$tmp/a.stall" >"$tmp/report"
grep -q " · scheduler: $(fact sched.source "$tmp/a.stall")\$" "$tmp/report" || fail "the report does not name the source"
grep -q '^all threads: .* on CPU, .* ready without one' "$tmp/report" || fail "the report has no sums"
if [ "$(fact sched.source "$tmp/a.stall")" = "perf switch records" ]; then
    [ "$(count off_cpu "$tmp/a.stall")" -gt 20 ] || fail "$(count off_cpu "$tmp/a.stall") times off a CPU"
    grep -q '^(in no request) .*render_everything [0-9]' "$tmp/report" || fail "the samples do not say where"
else
    echo "(no perf switch records here: $(fact sched.reason "$tmp/a.stall"))"
fi

# Where perf events are refused, by an error or by the end of whoever asks, the amounts are as good.
"$programs/filter" bpf -- true || exit $bad
for answer in kill EPERM:1 EACCES:13 ENOSYS:38; do
    way=()
    [ $answer = kill ] || way=(-e "${answer#*:}")
    "$programs/filter" "${way[@]}" perf_event_open -- env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/f.stall" \
        "$programs/busy" 3 1000 >"$tmp/kernel" || fail "busy under a filter ($answer): code $?"
    is_clean "$tmp/f.stall"
    expect "source under a filter ($answer)" "$(fact sched.source "$tmp/f.stall")" schedstat
    expect "switches under a filter ($answer)" "$(count off_cpu "$tmp/f.stall")" 0
    agrees "$tmp/f.stall" || fail "the amounts under a filter ($answer) are not the kernel's"
done

# And whoever asks is told where they are from, and why.
"$programs/filter" perf_event_open -- env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" \
    STALLMARK_DIRECTORY="$tmp" "$programs/busy" 2 1500 >/dev/null &
host=$!
for _ in $(seq 50); do
    [ -S "$tmp/agent.sock" ] && break
    sleep 0.02
done
curl -sS -f --unix-socket "$tmp/agent.sock" 'http://localhost/debug/trace?duration=1s' >/dev/null
sleep 0.3
curl -sS -f --unix-socket "$tmp/agent.sock" http://localhost/debug/trace/status >"$tmp/status"
grep -q '"scheduler":{"source":"schedstat"[^}]*perf_event_open: forbidden by a system-call filter' "$tmp/status" ||
    fail "the status does not say where the scheduler's figures are from: $(grep -o '"scheduler":{[^}]*}' "$tmp/status")"
wait $host || fail "busy with an agent under a filter: code $?"
exit $bad
