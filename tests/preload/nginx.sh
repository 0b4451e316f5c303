#!/bin/bash
# nginx, whose master is root and whose workers give up their rights: it serves, takes a new configuration and ends as
# it does without us, recorded or with an agent, and no process is left.
. "$(dirname "$0")/lib.sh"
command -v nginx >/dev/null || { echo "(nginx is not installed)"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "(not root: nothing to give up)"; exit 77; }
chmod 755 "$tmp"
mkdir "$tmp/files"
echo "the page" >"$tmp/page"
cat >"$tmp/conf" <<CONF
daemon off; user nobody nogroup; worker_processes 2; pid $tmp/pid; error_log $tmp/log notice;
thread_pool default threads=2;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $tmp/b; proxy_temp_path $tmp/p; fastcgi_temp_path $tmp/f; uwsgi_temp_path $tmp/u;
    scgi_temp_path $tmp/s;
    server { listen unix:$tmp/n.sock; root $tmp; aio threads; location / { try_files \$uri =404; } }
}
CONF

workers() { pgrep -P "$1" | wc -l; }
serve() { # WAY COMMAND…
    local way=$1 pid
    shift
    "$@" nginx -p "$tmp" -c "$tmp/conf" >"$tmp/out" 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        [ -S "$tmp/n.sock" ] && [ "$(workers $pid)" = 2 ] && break
        sleep 0.05
    done
    for _ in $(seq 50); do
        curl -sS --max-time 10 --unix-socket "$tmp/n.sock" http://localhost/page
    done | sort | uniq -c | tr -s ' ' >"$tmp/$way.pages"
    # shellcheck disable=SC2046 # one for each worker
    ps -o user= -p $(pgrep -P $pid | tr '\n' ' ') | sort -u >"$tmp/$way.users"
    kill -HUP $pid
    for _ in $(seq 100); do
        [ "$(grep -c 'start worker process ' "$tmp/log")" -ge 4 ] && [ "$(workers $pid)" = 2 ] && break
        sleep 0.05
    done
    expect "$way: workers after a reload" "$(workers $pid)" 2
    expect "$way: a page after a reload" "$(curl -sS --max-time 10 --unix-socket "$tmp/n.sock" http://localhost/page)" "the page"
    kill -QUIT $pid
    wait $pid
    echo "$?" >"$tmp/$way.code"
    expect "$way: what nginx complains of" "$(grep -cE 'alert|emerg|crit|signal 11|exited on signal' "$tmp/log")" 0
    rm -f "$tmp/log" "$tmp/n.sock"
}
serve plain env
serve record env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/n.stall"
serve agent env LD_PRELOAD="$preload" STALLMARK_DIRECTORY="$tmp/files" STALLMARK_LISTEN=127.0.0.1:0
expect "users" "$(cat "$tmp/plain.users")" nobody
for way in record agent; do
    for what in pages users code; do
        cmp "$tmp/plain.$what" "$tmp/$way.$what" || fail "$way: other $what"
    done
done
exit $bad
