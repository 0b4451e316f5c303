#!/bin/bash
# Programs behave the same under the preload, recording or with the agent in them: output, errors, exit code.
. "$(dirname "$0")/lib.sh"

run() { # OUT COMMAND…
    local out=$1
    shift
    "$@" >"$out.out" 2>"$out.err" </dev/null
    echo $? >"$out.code"
}

same() {
    command -v "$1" >/dev/null || { echo "($1 is not installed)"; return; }
    run "$tmp/plain" "$@"
    run "$tmp/record" recorded "$tmp/s.stall" "$@"
    run "$tmp/agent" with_agent "$@"
    for way in record agent; do
        for what in out err code; do
            cmp -s "$tmp/plain.$what" "$tmp/$way.$what" || {
                fail "$* ($way): another $what"
                diff "$tmp/plain.$what" "$tmp/$way.$what" | head -5
            }
        done
    done
}

python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null)
cat >"$tmp/threads.py" <<'PY'
import os, queue, subprocess, sys, threading, time
q, done = queue.Queue(), []
lock = threading.Lock()
def work():
    while (item := q.get()) is not None:
        with lock:
            time.sleep(0.001)
            done.append(item)
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[q.put(i) for i in range(40)]
[q.put(None) for _ in threads]
[t.join() for t in threads]
print(sorted(done), sorted(os.environ.keys() - {"PWD", "OLDPWD", "_", "SHLVL"}))
print(subprocess.run(["sh", "-c", "echo from a child; exit 3"]).returncode)
pid = os.fork()
if pid == 0:
    time.sleep(0.01)
    os._exit(7)
print(os.waitpid(pid, 0)[1])
sys.exit(5)
PY
[ -n "$python" ] && same "$python" "$tmp/threads.py"
# shellcheck disable=SC2016 # the inner shell expands it
same bash -c 'echo a | tr a b; (exit 4); echo $?; coproc cat; echo x >&"${COPROC[1]}"; read -r -t 2 y <&"${COPROC[0]}"; echo "$y"; exit 9'
same env
same bash -c 'sh -c "kill -9 \$\$" & wait $! 2>/dev/null; echo $?'
same sh -c 'ls /nowhere'
same git --version
same git -C "$(dirname "$0")" rev-parse --show-toplevel
same redis-server --version
same memcached -V
same sort /proc/self/limits
same perl -e 'select(undef, undef, undef, 0.01); print "$!\n"; exit 2'
same xargs -P 4 -n 1 echo </dev/null
exit $bad
