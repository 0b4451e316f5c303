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
# What an operator's shell would meet, if the preload stood in /etc/ld.so.preload or in a unit's environment.
same ssh -V
same sudo -V
same busybox sh -c 'echo a; exit 3'
same node -e 'console.log(1 + 1); setTimeout(() => process.exit(4), 20)'
same java -version
same unshare -U true
same timeout 0.05 sleep 5
same setpriv --reuid 65534 --clear-groups id -u
same strace -V
same nginx -v
same go version
# A static program, which loads nothing; and one without any environment.
cat >"$tmp/static.c" <<'C'
#include <stdio.h>
int main(void) { return puts("static") < 0 ? 1 : 6; }
C
gcc -static -o "$tmp/static" "$tmp/static.c" 2>/dev/null && same "$tmp/static"
expect "env -i" "$(LD_PRELOAD=$preload STALLMARK_SOCKET=$tmp/agent.sock env -i /bin/true 2>&1; echo $?)" 0
expect "env -i with the preload alone" "$(env -i LD_PRELOAD="$preload" /bin/true 2>&1; echo $?)" 0
expect "env -i with a directory that is not there" \
    "$(env -i LD_PRELOAD="$preload" STALLMARK_DIRECTORY=/nowhere STALLMARK_RECORD=/nowhere/f /bin/echo a 2>&1; echo $?)" $'a\n0'
exit $bad
