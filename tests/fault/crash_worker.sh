#!/bin/bash
# The crash box of a family: nginx's workers, which gave up their rights, have one each, beside the master's; a worker
# that is killed or crashes leaves its last seconds in the master's directory, with how it ended, and the one that comes
# in its place has a box again. Whoever ends by itself leaves nothing; who is not of the family gets nothing.
# usage: crash_worker.sh BUILD
set -u
# shellcheck source-path=SCRIPTDIR source=crash_lib.sh
. "$(dirname "$0")/crash_lib.sh"
build=$1
stallmark=$build/bin/stallmark
command -v nginx >/dev/null && command -v curl >/dev/null || exit 77
user=$(id -un)
[ "$user" = root ] && user=www-data
getent passwd "$user" >/dev/null || exit 77
work=$(mktemp -d /tmp/smk-crash-worker-XXXXXX)
master=""
trap '[ -z "$master" ] || kill -9 "$master" $(pgrep -P "$master") 2>/dev/null; rm -rf "$work"' EXIT

mkdir -p "$work/www" "$work/captures"
chmod 711 "$work"
echo hello >"$work/www/index.html"
cat >"$work/nginx.conf" <<END
user $user;
daemon off;
worker_processes 2;
pid $work/nginx.pid;
events { worker_connections 64; }
http {
    access_log off;
    server {
        listen unix:$work/site.sock;
        root $work/www;
    }
}
END
[ "$(id -u)" = 0 ] || sed -i '/^user /d' "$work/nginx.conf"

export STALLMARK_DIRECTORY=$work/captures STALLMARK_RECORDER=10s
"$stallmark" run --watch --listen none -q -- "$(command -v nginx)" -p "$work" -c nginx.conf -e "$work/error.log" 2>"$work/err" &
master=$!

# shellcheck disable=SC2317 # called by its name
two_boxes() { # one for each worker
    local pid count=0
    for pid in $(pgrep -P "$master"); do
        "$stallmark" status --json "$pid" 2>/dev/null | grep -q '"wanted_by":"option, crash box"' && count=$((count + 1))
    done
    [ "$count" = 2 ]
}
# shellcheck disable=SC2317
one_file() { ls "$work"/captures/2*.stall >/dev/null 2>&1; }
field() { "$stallmark" info "$1" | awk -v key="$2" '$1 == key { $1 = ""; print substr($0, 2); exit }'; }

for signal in "11 SEGV" "9 KILL"; do
    # shellcheck disable=SC2086
    set -- $signal
    wait_until 20 two_boxes || { fail "the workers have no boxes: $(cat "$work/err" "$work/error.log")"; break; }
    for _ in $(seq 50); do
        curl -s -o "$work/got" --unix-socket "$work/site.sock" http://localhost/ || fail "no answer"
    done
    worker=$(for pid in $(pgrep -P "$master"); do # the one that has served more
        echo "$("$stallmark" requests --json "$pid" | sed 's/.*"ended":\([0-9]*\).*/\1/') $pid"
    done | sort -n | tail -n 1 | cut -d ' ' -f 2)
    kill -"$1" "$worker"
    wait_until 20 one_file || { fail "SIG$2: no file"; break; }
    file=$(ls "$work"/captures/2*.stall)
    "$stallmark" check "$file" >"$work/said" 2>&1 || fail "SIG$2: $(cat "$work/said")"
    case $(field "$file" process.end) in
    "killed by signal $1 (SIG$2)"* | "not by itself"*) ;;
    *) fail "SIG$2: it ended: $(field "$file" process.end)" ;;
    esac
    [ "$(field "$file" process.pid)" = "$worker" ] || fail "SIG$2: pid $(field "$file" process.pid), not $worker"
    # What it did is in it.
    "$stallmark" report "$file" >"$work/said" 2>&1
    served=$(sed -n 's/^GET \/ *\([0-9]*\) .*/\1/p' "$work/said")
    [ "${served:-0}" -gt 0 ] || fail "SIG$2: no requests of its are in it: $(cat "$work/said")"
    rm -f "$file"
done

# Not of the family: a process that knows the name gets no answer.
name=$(tr '\0' '\n' <"/proc/$master/environ" 2>/dev/null | sed -n 's/^STALLMARK_RUN_BOX=[0-9]*://p')
[ "$name" ] || fail "there is no name"
got=$(python3 - "$name" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("\0stallmark-box-" + sys.argv[1])
s.settimeout(5)
data, ancillary, _, _ = s.recvmsg(16, 64)
print(len(data), len(ancillary))
END
)
[ "$got" = "0 0" ] || fail "a stranger got: $got"

# All end by themselves: nothing is written, and nobody stays.
watchers=$(pgrep -f "stallmark-box .* $name\$")
[ "$watchers" ] || fail "there is no watcher"
kill -QUIT "$master"
wait "$master"
master=""
# shellcheck disable=SC2317
gone() { ! kill -0 "$watchers" 2>/dev/null || grep -q '^State:.Z' "/proc/$watchers/status"; }
wait_until 10 gone || fail "the watcher stays"
sleep 0.3
one_file && fail "a file of workers that ended by themselves: $(ls "$work/captures")"
exit $failed
