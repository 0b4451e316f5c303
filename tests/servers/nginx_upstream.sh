#!/bin/bash
# shellcheck disable=SC2016 # what is asked is perl
# nginx before a service that takes 50 ms: the report names the service by its address, and what it takes of the route's
# time; a request's top part is the wait for it. Where the service answers at once there is no finding.
# usage: nginx_upstream.sh BUILD
. "$(dirname "$0")/lib.sh"
needs nginx perl
[ -x /usr/bin/python3 ] || skip "python3 is not installed"
cat >"$tmp/service.py" <<'PY'
import http.server, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(0.05 if self.path.startswith("/slow") else 0)
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".part", "w") as f: f.write(str(server.server_port))
os.rename(sys.argv[1] + ".part", sys.argv[1])
server.serve_forever()
PY
/usr/bin/python3 "$tmp/service.py" "$tmp/port" >"$tmp/service.log" 2>&1 &
pids+=($!)
await "$tmp/port" || exit 1
peer=127.0.0.1:$(cat "$tmp/port")
mkdir -p "$tmp/logs"
cat >"$tmp/conf" <<CONF
daemon off; master_process off; error_log logs/error; pid logs/pid; events {}
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  server { listen unix:$tmp/nginx.sock; location / { proxy_pass http://$peer; } } }
CONF
serve nginx nginx -p "$tmp" -c "$tmp/conf"

try() { # PATH
    load http "$tmp/nginx.sock" 3 "/$1"
    sleep 0.3
    captured nginx 2s "$1"
    loaded
}

export peer
found=
for turn in 1 2 3; do
    try slow
    has_finding slow '$f->{kind} eq "peer" && $f->{peer} eq $ENV{peer} && $f->{routes}[0]{route} eq "GET /slow" &&
        $f->{routes}[0]{share} > 0.8 && $f->{requests} > 50 && $f->{mean_ns} > 49e6 && $f->{mean_ns} < 80e6 &&
        $f->{cost_ns} == [sort { $b <=> $a } map { $_->{cost_ns} } @{$r->{findings}}]->[0]' >"$tmp/out" && found=1 && break
    echo "try $turn: the service is not named"
done
[ -n "$found" ] || { cat "$tmp/out"; fail "the service is not named"; }
"$stallmark" report "$tmp/slow.stall" | sed -n '/^1  /,/^$/p'
"$stallmark" request "$tmp/slow.stall" 'GET /slow' >"$tmp/request" || fail "no answer about the slowest"
grep -qE "^  network +.* (100|[6-9][0-9]) % +$peer" "$tmp/request" || { cat "$tmp/request"; fail "its top part is not the service"; }

is_silent peer "the service is blamed that answers at once" quick
exit $bad
