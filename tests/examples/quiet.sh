#!/bin/bash
# Servers that are not at fault have no finding: redis, memcached, nginx and python, idle for a second, then under
# a normal load. That other programs had the CPUs is true on a busy machine, and no finding about the server; a thread
# that the machine stops in a bad moment makes a true one now and then: hence three tries. usage: quiet.sh BUILD
# shellcheck disable=SC2317 # functions are called by their names in a loop
set -u
build=$(realpath "$1")
stallmark=$build/bin/stallmark
preload=$build/lib/libstallmark-preload.so
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-quiet.XXXXXX")
pid=
trap '[ -n "$pid" ] && kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT
chmod 711 "$work"
bad=0

# start NAME SOCKET COMMAND…: under the preload, recording; $pid is the server's.
start() {
    local name=$1 socket=$2
    shift 2
    env LD_PRELOAD="$preload" STALLMARK_RECORD="$work/$name.stall" "$@" >"$work/$name.log" 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        [ -S "$socket" ] && break
        sleep 0.1
    done
    [ -S "$socket" ] || echo "quiet: $name does not start"
    sleep 1 # idle
}

stop() { # SIGNAL
    kill "-$1" "$pid"
    wait "$pid"
    pid=
}

try_redis() {
    start redis "$work/redis.sock" redis-server --port 0 --unixsocket "$work/redis.sock" --save "" --dir "$work"
    redis-benchmark -s "$work/redis.sock" -n 10000 -c 10 -t get,set -q >"$work/load"
    stop TERM
}

try_memcached() {
    local user
    user=$(id -un)
    start memcached "$work/mc.sock" memcached -u "$user" -s "$work/mc.sock" -t 4
    perl -e 'use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
        for my $n (1 .. 1000) { print $s "set k$n 0 0 5\r\nhello\r\n"; $s->flush; <$s> =~ /^STORED/ or exit 2 }' \
        "$work/mc.sock"
    stop TERM
}

try_nginx() {
    mkdir -p "$work/logs" "$work/www"
    echo hello >"$work/www/index.html"
    cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; error_log logs/error; pid logs/pid; events {}
http { access_log logs/access; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
  uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen unix:$work/nginx.sock; root $work/www; } }
CONF
    start nginx "$work/nginx.sock" nginx -p "$work" -c "$work/nginx.conf"
    for _ in $(seq 100); do
        curl -sf --unix-socket "$work/nginx.sock" http://host/index.html >"$work/load"
    done
    stop QUIT
}

try_python() {
    cat >"$work/threads.py" <<'PY'
import queue, threading, time
q = queue.Queue()
def worker():
    while q.get() is not None:
        time.sleep(0.001)
threads = [threading.Thread(target=worker) for _ in range(4)]
for t in threads: t.start()
time.sleep(0.5)
for _ in range(200):
    q.put(1)
    time.sleep(0.002)
for t in threads: q.put(None)
for t in threads: t.join()
PY
    env LD_PRELOAD="$preload" STALLMARK_RECORD="$work/python.stall" /usr/bin/python3 "$work/threads.py"
}

# quiet NAME: no finding but that others had the CPUs.
quiet() {
    "$stallmark" report "$work/$1.stall" >"$work/report" || return 1
    ! grep -E '^[0-9]+  ' "$work/report" | grep -qv 'had no CPU: others had it'
}

for server in redis-server:redis memcached:memcached nginx:nginx python3:python; do
    name=${server#*:}
    command -v "${server%:*}" >/dev/null || continue
    for try in 1 2 3; do
        rm -f "$work"/*.sock "$work/$name.stall"
        "try_$name"
        quiet "$name" && break
        grep -E '^[0-9]+  ' "$work/report" | sed "s/^/$name, try $try: /"
        [ $try = 3 ] && bad=1 && cat "$work/report"
    done
done
exit $bad
