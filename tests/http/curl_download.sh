#!/bin/sh
# curl_download.sh HOST: what an operator types. curl -OJ with wait=1 saves a trace under our name; a second
# arming meanwhile is told which capture runs; join=1 gets the same bytes; stop keeps the file; HEAD and ranges.
set -eu
host=$1
work=$(mktemp -d)
cleanup() {
    exec 9>&- || true
    [ -z "${pid:-}" ] || wait "$pid" || true
    rm -rf "$work"
}
trap cleanup EXIT
fail() {
    echo "curl_download: $*" >&2
    exit 1
}

mkfifo "$work/commands"
"$host" listen=127.0.0.1:0 "socket=$work/socket" "directory=$work" own_busy=1 <"$work/commands" >"$work/says" &
pid=$!
exec 9>"$work/commands"
for _ in $(seq 100); do
    grep -q '^ready' "$work/says" && break
    sleep 0.1
done
address=$(sed -n 's/^tcp //p' "$work/says")
[ -n "$address" ] || fail "the host has no address: $(cat "$work/says")"

begins_as_trace() {
    [ "$(head -c 3 "$1")" = SMK ] || fail "$1 does not begin as a trace"
}

# Each is a different way in: TCP, and the unix socket.
check_door() { # NAME ORIGIN CURL-ARGUMENTS…
    name=$1
    origin=$2
    shift 2
    mkdir "$work/$name" "$work/$name.joined"
    (cd "$work/$name" && curl -sS -OJ "$@" "$origin/debug/trace?duration=1s&wait=1") &
    saving=$!
    sleep 0.3
    second=$(curl -sS -w '\n%{http_code}' "$@" "$origin/debug/trace?duration=1s")
    (cd "$work/$name.joined" && curl -sS -OJ "$@" "$origin/debug/trace?wait=1&join=1")
    wait "$saving" || fail "$name: curl -OJ failed"
    saved=$(cd "$work/$name" && ls)
    case $saved in
    *[!a-z0-9.-]* | "") fail "$name: saved as '$saved'" ;;
    *.stall) ;;
    *) fail "$name: saved as '$saved'" ;;
    esac
    begins_as_trace "$work/$name/$saved"
    id=${saved%.stall}
    case $second in
    *"$id"*409) ;;
    *) fail "$name: the second arming got: $second" ;;
    esac
    cmp "$work/$name/$saved" "$work/$name.joined/$saved" || fail "$name: join=1 gave other bytes"
    curl -sS "$@" "$origin/debug/traces/$id" | cmp - "$work/$name/$saved" || fail "$name: the download gave other bytes"
    curl -sS -r 0-2 "$@" "$origin/debug/traces/$id" >"$work/range"
    [ "$(cat "$work/range")" = SMK ] || fail "$name: the first three bytes are others"
    size=$(wc -c <"$work/$name/$saved")
    curl -sS -I "$@" "$origin/debug/traces/$id" | grep -qi "^content-length: $size" || fail "$name: HEAD gives another length"
}
check_door tcp "http://$address"
check_door unix http://localhost --unix-socket "$work/socket"

# Stopped early, the file is kept and whole.
curl -sS -o "$work/armed" "http://$address/debug/trace?duration=60s"
sleep 0.2
curl -sS -o /dev/null -X POST "http://$address/debug/trace/stop"
id=$(sed -n 's/.*"id":"\([a-z0-9-]*\)".*/\1/p' "$work/armed")
curl -sS -f -o "$work/stopped" "http://$address/debug/traces/$id" || fail "the stopped capture is not there"
begins_as_trace "$work/stopped"
again=$(curl -sS -X POST "http://$address/debug/trace/stop")
case $again in
*'"state":"idle"'*) ;;
*) fail "stop with nothing running: $again" ;;
esac
