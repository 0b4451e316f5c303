#!/bin/bash
# shellcheck disable=SC2317 # functions are called by their names in a loop
# Servers that are not at fault have no finding: redis, memcached, nginx and python, each idle and under a normal load,
# all side by side. For some seconds; with SMK_LONG for 60, three times, and each of them must be silent. In the short
# run a finding is tried again: a thread that the machine stops in a bad moment makes a true one now and then. That other
# programs had the CPUs is true on a busy machine, and no finding about the server.
# usage: quiet.sh BUILD [KEEP]   KEEP: a directory for the captures
. "$(dirname "$0")/lib.sh"
seconds=2 runs=3
[ -z "${SMK_LONG:-}" ] || seconds=60
keep=${2:-}
names=()

if command -v redis-server >/dev/null; then
    names+=(redis)
    mkdir "$tmp/redis"
    serve redis redis-server --port 0 --unixsocket "$tmp/redis.sock" --save "" --dir "$tmp/redis"
    load_redis() { load redis "$tmp/redis.sock" $((seconds + 2)) "SET key value" "GET key" "INCR n" "LPUSH l x" "LPOP l"; }
fi
if command -v memcached >/dev/null; then
    names+=(memcached)
    serve memcached memcached -u "$(id -un)" -s "$tmp/memcached.sock" -t 4
    load_memcached() { load memcached "$tmp/memcached.sock" $((seconds + 2)) 'set key 0 0 5\nhello' 'get key'; }
fi
if command -v nginx >/dev/null; then
    names+=(nginx)
    mkdir -p "$tmp/nginx/logs"
    head -c 300000 /dev/zero >"$tmp/nginx/large"
    echo hello >"$tmp/nginx/small"
    cat >"$tmp/nginx/conf" <<CONF
daemon off; master_process off; error_log logs/error; pid logs/pid; events {}
http { access_log logs/access; sendfile on; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
  uwsgi_temp_path t4; scgi_temp_path t5; server { listen unix:$tmp/nginx.sock; root $tmp/nginx; } }
CONF
    serve nginx nginx -p "$tmp/nginx" -c "$tmp/nginx/conf"
    load_nginx() { load http "$tmp/nginx.sock" $((seconds + 2)) /small /large; }
fi
if [ -x /usr/bin/python3 ]; then
    names+=(python)
    cat >"$tmp/python.py" <<'PY'
import http.server, queue, sys, threading
work = queue.Queue()
def worker():
    while True:
        answer, text = work.get()
        answer.put(text.upper())
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = queue.Queue()
        work.put((answer, self.path))
        body = answer.get().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
for _ in range(4): threading.Thread(target=worker, daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".part", "w") as f: f.write(str(server.server_port))
import os; os.rename(sys.argv[1] + ".part", sys.argv[1])
server.serve_forever()
PY
    serve python /usr/bin/python3 "$tmp/python.py" "$tmp/python.port"
    await "$tmp/python.port"
    load_python() { load http "127.0.0.1:$(cat "$tmp/python.port")" $((seconds + 2)) /some/page /other; }
fi
[ ${#names[@]} -gt 0 ] || skip "none of the servers is installed"

# A capture of each, side by side.
capture_all() { # WHAT
    local name jobs=()
    for name in "${names[@]}"; do
        captured "$name" "${seconds}s" "$name.$1" &
        jobs+=($!)
    done
    wait "${jobs[@]}"
}

# no_finding FILE: none but that others had the CPUs.
no_finding() {
    "$stallmark" check "$tmp/$1.stall" >"$tmp/report" 2>&1 || { cat "$tmp/report"; return 1; }
    "$stallmark" report "$tmp/$1.stall" >"$tmp/report" || return 1
    sed -n "s/^\(no findings: .*\)/$1: \1/p" "$tmp/report"
    grep -E '^[0-9]+  ' "$tmp/report" | grep -v 'had no CPU: others had it' | sed "s/^/$1: /" | grep . && return 1
    return 0
}

sleep 1
for run in $(seq $runs); do
    noisy=()
    capture_all "idle.$run"
    for name in "${names[@]}"; do "load_$name"; done
    sleep 0.5
    capture_all "load.$run"
    loaded
    for name in "${names[@]}"; do
        for what in idle load; do
            [ -z "$keep" ] || cp "$tmp/$name.$what.$run.stall" "$keep"
            no_finding "$name.$what.$run" || noisy+=("$name.$what.$run")
        done
        "$stallmark" report --json "$tmp/$name.load.$run.stall" >"$tmp/json"
        [ "$(sed -n 's/^ *"requests": \([0-9]*\).*/\1/p' "$tmp/json" | head -1)" != 0 ] || fail "$name had no load"
    done
    if [ -n "${SMK_LONG:-}" ]; then
        [ ${#noisy[@]} = 0 ] || fail "run $run: ${noisy[*]}"
    else
        [ ${#noisy[@]} != 0 ] || exit $bad
        echo "run $run: ${noisy[*]}"
        [ "$run" != $runs ] || fail "each run had a finding"
    fi
done
exit $bad
