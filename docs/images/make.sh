#!/bin/bash
# Makes the pictures of the viewer in this directory anew, of captures that are taken here: the shop of the examples with
# its cart's lock held over a flush, the same without, Debian's redis-server with a Lua script that takes long, Debian's
# nginx. Look at each before it is kept. (Those of the control page: SMK_SHOTS=DIR with view.control.)
# usage: make.sh BUILD
# shellcheck source-path=SCRIPTDIR/../../tests/examples/lib source=shop.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tests/examples/lib/shop.sh"

# traced PROGRAM… is started with the tracer in it; its agent is at $work/agent.
traced() {
    rm -f "$work/agent"
    STALLMARK_SOCKET=$work/agent "$stallmark" run -q -- "$@" >"$work/said" 2>&1 &
    pids+=($!)
    local tries=0
    until [ -S "$work/agent" ]; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || fail "$1 does not start: $(cat "$work/said")"
        sleep 0.05
    done
    sleep 0.3
}
take() { "$stallmark" capture "$work/agent" --duration 2s -o "$work/$1.stall" >"$work/said" 2>&1 || fail "$1: $(cat "$work/said")"; }

start_busy_shop --fault cart-lock
capture "$work/shop.stall" 2s
end_all
start_busy_shop
capture "$work/healthy.stall" 2s
end_all
"$stallmark" symbolize "$work/shop.stall" >"$work/said" 2>&1 || fail "it cannot be symbolized"

traced redis-server --port 0 --unixsocket "$work/redis" --save '' --dir "$work"
timeout 60 redis-benchmark -s "$work/redis" -c 50 -n 10000000 -t get -q >"$work/bench" 2>&1 &
pids+=($!)
while true; do
    redis-cli -s "$work/redis" EVAL 'local n = 0 for i = 1, 4000000 do n = n + i end return n' 0
    sleep 0.3
done >"$work/lua" 2>&1 &
pids+=($!)
take redis
end_all

mkdir -p "$work/www" "$work/logs" && head -c 200000 /dev/zero >"$work/www/a.bin" && echo hello >"$work/www/index.html"
cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/logs/error;
events {}
http { access_log $work/logs/access; client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f;
    uwsgi_temp_path $work/u; scgi_temp_path $work/s;
    server { listen unix:$work/nginx; root $work/www; } }
CONF
traced nginx -c "$work/nginx.conf"
while true; do
    for path in '' a.bin none; do curl -s --unix-socket "$work/nginx" "http://localhost/$path"; done
done >"$work/www.out" 2>&1 &
pids+=($!)
take nginx
end_all

"$here/../../tests/view/run.sh" "$build" "$here/make.mjs" "$work" "$here"
