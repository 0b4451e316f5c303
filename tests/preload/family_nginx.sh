#!/bin/bash
# nginx: the master, root's, and two workers that gave up their rights, in one file; who hangs, dies or comes while
# it records; reload and binary upgrade.
# shellcheck disable=SC2317,SC2016,SC2012 # functions and words are for await; what is counted has plain names
. "$(dirname "$0")/lib.sh"
command -v nginx >/dev/null && command -v curl >/dev/null || exit 77
user=$(id -un)
[ "$user" = root ] && user=www-data
getent passwd "$user" >/dev/null || exit 77
upgrades=${SMK_LONG:+100}
upgrades=${upgrades:-4}


# Ports can be taken between the look and the start: three tries.
start_nginx() {
    for _ in 1 2 3; do
        site=$(free_port) front=$(free_port)
        sed -i "s/127.0.0.1:[0-9]*/127.0.0.1:$site/" "$tmp/nginx.conf"
        env LD_PRELOAD="$preload" STALLMARK_LISTEN="127.0.0.1:$front" STALLMARK_DIRECTORY="$tmp/captures" \
            STALLMARK_RECORDER=10s "$(command -v nginx)" -p "$tmp" -c nginx.conf -e "$tmp/error.log" || continue
        for _ in $(seq 100); do
            master=$(cat "$tmp/nginx.pid" 2>/dev/null) && [ -n "$(ask status)" ] && return
            sleep 0.1
        done
        kill -QUIT "$master" 2>/dev/null
    done
    fail "nginx does not come up: $(cat "$tmp/error.log")"
    exit 1
}

end_nginx() {
    local pid
    pid=$(cat "$tmp/nginx.pid" 2>/dev/null) && kill -TERM "$pid" && for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    rm -rf "$tmp"
}

ask() { curl -s -m 20 "http://127.0.0.1:$front/debug/trace/$1"; }
workers() { pgrep -P "$master" | sort -n; }
family() { ask status | tr -d ' \n' | sed -n 's/.*"family":{[^[]*\[\([0-9,]*\)\].*/\1/p' | tr ',' '\n' | sort -n | tr '\n' ' '; }
whole_family() { { echo "$master"; workers; } | sort -n | tr '\n' ' '; }
# capture FILE QUERY: with the answer's code
capture() { curl -s -m 60 -o "$1" -w '%{http_code}' "http://127.0.0.1:$front/debug/trace?wait=1&$2"; }
load() { for _ in $(seq "${1:-20}"); do curl -s -o "$tmp/got" "http://127.0.0.1:$site/"; done; }

mkdir -p "$tmp/www" "$tmp/logs"
chmod 711 "$tmp"
head -c 200000 /dev/urandom >"$tmp/www/index.html"
chmod -R a+rX "$tmp/www"
{
    [ "$(id -un)" = root ] && echo "user $user;"
    cat <<CONF
worker_processes 2;
pid $tmp/nginx.pid;
error_log $tmp/error.log;
events { worker_connections 64; }
http { access_log off; aio threads;
    client_body_temp_path $tmp/b; proxy_temp_path $tmp/p; fastcgi_temp_path $tmp/f; uwsgi_temp_path $tmp/u; scgi_temp_path $tmp/s;
    server { listen 127.0.0.1:1; root $tmp/www; } }
CONF
} >"$tmp/nginx.conf"
trap end_nginx EXIT
start_nginx
await "the family" "$(whole_family)" family

# ---- all of it, in one file
load 40 &
expect "one file" "$(capture "$tmp/all.stall" duration=1s)" 200
wait $!
is_clean "$tmp/all.stall"
expect "who is in it" "$(parts "$tmp/all.stall")" "$(whole_family)"
expect "who is missing" "$(fact family.missing "$tmp/all.stall")" ""
[ "$(count poll_wait "$tmp/all.stall")" -gt 10 ] || fail "the workers' waits are not in it"
id=$(ls "$tmp/captures")
expect "it is in the directory alone" "${id%.stall}" "$(basename "$id" .stall)"
curl -s -o "$tmp/again.stall" "http://127.0.0.1:$front/debug/traces/${id%.stall}"
cmp -s "$tmp/all.stall" "$tmp/again.stall" || fail "the download is not the file"

# ---- narrowed, stopped, a snapshot
first=$(workers | head -1) second=$(workers | tail -1)
expect "one worker" "$(capture "$tmp/one.stall" "duration=300ms&pid=$first")" 200
is_clean "$tmp/one.stall"
expect "who is in it" "$(parts "$tmp/one.stall")" "$(printf '%s\n' "$master" "$first" | sort -n | tr '\n' ' ')"
expect "both workers" "$(capture "$tmp/two.stall" "duration=300ms&pid=$first,$second")" 200
expect "who is in it" "$(parts "$tmp/two.stall")" "$(whole_family)"
expect "the master alone" "$(capture "$tmp/master.stall" "duration=300ms&pid=$master")" 200
expect "who is in it" "$(parts "$tmp/master.stall")" ""
ps=$("$stallmark" ps | awk -v of=" $(whole_family)" 'index(of, " " $1 " ") { sub(/nginx.*/, "nginx"); print }')
expect "ps has the workers below their master" "$ps" \
    "$(printf '%7d  nginx\n' "$master"; workers | sort -n | while read -r pid; do printf '%7d    nginx\n' "$pid"; done)"
expect "a stranger" "$(capture "$tmp/none" "duration=300ms&pid=1")" 400
capture "$tmp/stopped.stall" duration=60s >"$tmp/code" &
await "the workers are armed" 3 eval 'ask status | tr -d " \n" | grep -o "\"processes_armed\":[0-9]*" | cut -d: -f2'
curl -s -m 20 -X POST -o "$tmp/got" "http://127.0.0.1:$front/debug/trace/stop"
wait $!
is_clean "$tmp/stopped.stall"
expect "stopped" "$(fact family.processes "$tmp/stopped.stall" | grep -o stopped | wc -l)" 2
load 20
expect "a snapshot" "$(curl -s -m 20 -X POST -o "$tmp/snap.stall" -w '%{http_code}' "http://127.0.0.1:$front/debug/trace/snapshot?wait=1")" 200
is_clean "$tmp/snap.stall"
expect "who is in the snapshot" "$(parts "$tmp/snap.stall")" "$(whole_family)"
[ "$(count poll_wait "$tmp/snap.stall")" -gt 10 ] || fail "the workers' recorders are not in the snapshot"

# ---- who connects and is not the first is sent away, whatever it says
refused() { ask status | tr -d ' \n' | grep -o '"unlisted":0,"refused":[0-9]*' | grep -o '[0-9]*$'; }
before=$(refused)
python3 - "$master" <<'PY' || fail "a stranger was answered"
import os, socket, sys
mine = {os.readlink(f"/proc/{sys.argv[1]}/fd/{fd}") for fd in os.listdir(f"/proc/{sys.argv[1]}/fd")}
lines = [line.split() for line in open("/proc/net/unix")]
names = {x[7][1:] for x in lines if len(x) > 7 and x[7].startswith("@stallmark-") and f"socket:[{x[6]}]" in mine}
assert len(names) == 1, names
for said in (b"", b"\1\0\0\0" + b"\xff" * 300, os.urandom(32000)):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect("\0" + names.copy().pop())
    try:
        if said:
            s.send(said)
        assert s.recv(100) == b""
    except (BrokenPipeError, ConnectionResetError):
        pass
PY
expect "strangers" "$(refused)" $((before + 3))

# ---- one that hangs does not hold up the others
kill -STOP "$first"
expect "with one that hangs" "$(capture "$tmp/hangs.stall" duration=300ms)" 200
kill -CONT "$first"
is_clean "$tmp/hangs.stall"
expect "who is in it" "$(parts "$tmp/hangs.stall")" "$(printf '%s\n' "$master" "$second" | sort -n | tr '\n' ' ')"
expect "who is missing" "$(fact family.missing "$tmp/hangs.stall")" "$first: its agent does not answer"

"$stallmark" report "$tmp/hangs.stall" >"$tmp/report"
grep -q "^Missing, or not to the end: process $first: its agent does not answer" "$tmp/report" ||
    fail "the report does not say who is missing"
"$stallmark" report --json "$tmp/hangs.stall" >"$tmp/report"
tr -d ' \n' <"$tmp/report" | grep -q "\"family_missing\":\[\"$first:itsagentdoesnotanswer\"\]" ||
    fail "the report as JSON does not say who is missing"

# ---- one that dies, and one that comes
{ sleep 1; load 10; kill -KILL "$first"; sleep 1; load 10; } &
expect "with one that dies" "$(capture "$tmp/dies.stall" duration=4s)" 200
wait $!
"$stallmark" check "$tmp/dies.stall" >"$tmp/check" 2>&1
[ $? -le 1 ] || fail "the file with a part that was cut: $(cat "$tmp/check")"
new=$(workers | grep -v "^$second\$")
[ -n "$new" ] || fail "nginx has no new worker"
expect "who is in it" "$(parts "$tmp/dies.stall")" "$(printf '%s\n' "$master" "$first" "$second" "$new" | sort -n | tr '\n' ' ')"
expect "who is said to have died" "$(fact family.missing "$tmp/dies.stall")" "$first: it ended while it recorded"

# ---- reload and upgrade: nothing is left behind
descriptors() { ls "/proc/$master/fd" | wc -l; }
threads() { ls "/proc/$master/task" | wc -l; }
await "the family" "$(whole_family)" family
before="$(descriptors) $(threads)"
for _ in $(seq "$upgrades"); do
    old=$(workers)
    kill -HUP "$master"
    await "new workers" 0 eval 'workers | grep -cxF "$old"'
    await "the family after a reload" "$(whole_family)" family
done
expect "a capture after reloads" "$(capture "$tmp/reloaded.stall" duration=200ms)" 200
is_clean "$tmp/reloaded.stall"
await "descriptors and threads of the master" "$before" eval 'echo "$(descriptors) $(threads)"'
for _ in $(seq "$upgrades"); do
    old=$master
    kill -USR2 "$master"
    await "the upgrade" 1 eval '[ -s "$tmp/nginx.pid.oldbin" ] && [ -s "$tmp/nginx.pid" ] && echo 1'
    kill -QUIT "$old"
    await "the old master's end" 0 eval 'kill -0 "$old" 2>/dev/null && echo 1 || echo 0'
    master=$(cat "$tmp/nginx.pid")
done
# What is exec'd has no agent, unless with STALLMARK_FOLLOW_EXEC; and nobody holds the port any more.
curl -s -m 2 -o "$tmp/got" "http://127.0.0.1:$front/debug/trace/status" && fail "the port is still open"
exit $bad
