#!/bin/bash
# Two lines in a civetweb server: each of its requests is in the file once, by route and status.
# usage: civetweb_hello.sh BUILD
set -u
build=$1
[ -x "$build/examples/civetweb_hello" ] || { echo "not tested: no civetweb to link"; exit 0; }
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-civetweb.XXXXXX")
pid=""
unset XDG_RUNTIME_DIR STATE_DIRECTORY
for name in $(compgen -e STALLMARK_); do unset "$name"; done
export STALLMARK_DIRECTORY=$work STALLMARK_SOCKET=$work/socket
trap 'exec 9>&-; [ -z "$pid" ] || wait "$pid"; rm -rf "$work"' EXIT

fail() {
    echo "civetweb_hello: $*"
    cat "$work/log" "$work/report" 2>/dev/null
    exit 1
}

mkfifo "$work/in"
"$build/examples/civetweb_hello" 127.0.0.1:0 <"$work/in" >"$work/log" 2>&1 &
pid=$!
exec 9>"$work/in"
url=""
for _ in $(seq 200); do
    url=$(sed -n 's/^civetweb_hello: //p' "$work/log")
    curl -sf --unix-socket "$work/socket" http://x/debug/trace/status >"$work/status" && [ -n "$url" ] && break
    sleep 0.05
done
[ -n "$url" ] || fail "it does not start"
for i in $(seq 40); do curl -sf -o "$work/body" "$url?n=$i" || fail "no answer"; done
curl -sf -o "$work/body" "$url" "$url" "$url" || fail "no answer on one connection"
curl -s -o "$work/body" "${url%hello}nothing/12"
"$build/bin/stallmark" snapshot "$pid" -o "$work/f.stall" >"$work/snapshot" 2>&1 || fail "no snapshot"
"$build/bin/stallmark" check "$work/f.stall" >"$work/check" || fail "the file is not clean: $(cat "$work/check")"
"$build/bin/stallmark" report "$work/f.stall" >"$work/report" || fail "no report"
"$build/bin/stallmark" dump "$work/f.stall" >"$work/dump" || fail "no dump"
[ "$(grep -c 'request_answered.*"GET /hello".*status=200' "$work/dump")" = 43 ] || fail "not 43 GET /hello"
[ "$(grep -c 'request_answered.*"GET /nothing/:id".*status=404' "$work/dump")" = 1 ] || fail "not one GET /nothing/:id"
grep -qE '^GET /hello +43 ' "$work/report" || fail "the report does not count 43"
