#!/bin/bash
# Go's execution trace: what threads ran is what the trace says, wakes stand where the waker was; `go tool trace` opens
# it, names functions in its profiles, and all of its pages answer. Hostile names survive.
# usage: go.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need sqlite3

for name in article shop both; do
    export_as go $name "$work/$name.trace"
    export_as sqlite $name "$work/$name.db"
    python3 "$here/gotrace.py" "$work/$name.trace" >"$work/$name.sums" || say "$name cannot be read"
    same "what threads of $name ran" "$(sqlite3 -separator ' ' "$work/$name.db" "
        select 'runs', sum(ns), '' from span where state = 'running'
        union all select 'tasks', count(*), ifnull(sum(ns), 0) from request where whole
        union all select 'samples', count(*), '' from sample" | sed 's| *$||')" "$(sed -n 1,3p "$work/$name.sums")"
    awk '/^woken/ { exit !($2 > 0 && $2 + $3 > 0) }' "$work/$name.sums" || say "nobody woke anybody in $name"
done
awk '/^blocked sleep/ { sleeps = $3 } /^blocked sync/ { locks = $3 } END { exit !(sleeps >= 10 && locks >= 8) }' \
    "$work/article.sums" || say "the article's waits: $(grep ^blocked "$work/article.sums")"
awk '/^woken/ { exit !($2 >= 8) }' "$work/article.sums" || say "who unlocked in the article woke nobody"
grep -qE '^regions [1-9]' "$work/shop.sums" || say "the shop has no regions"

# shellcheck disable=SC2317 # each_hostile calls it
check() { python3 "$here/gotrace.py" "$@" >"$work/all" && ! obeyed "$work/all"; }
each_hostile go check

page() { curl -sf -m 20 "$url/$1"; }

if ! command -v go >/dev/null; then
    leave_out "there is no go"
    finish
fi
# profile KIND TRACE: its functions, as `go tool pprof` lists them.
profile() {
    go tool trace "-pprof=$1" "$work/$2.trace" >"$work/$1.pprof" 2>"$work/words" || say "-pprof=$1 of $2: $(cat "$work/words")"
    go tool pprof -top "$work/$1.pprof" 2>/dev/null
}
profile sync article | grep -q ' hold_the_lock$' || say "sync: no hold_the_lock"
profile sync shop | grep -q ' render_log$' || say "sync: no render_log"
profile syscall shop | grep -q ' write_and_flush$' || say "syscall: no write_and_flush"
profile net shop | grep -q ' receive_answer$' || say "net: no receive_answer"
profile sched shop | grep -q ' render_log$' || say "sched: no unlock in render_log"
: >"$work/viewer"
BROWSER=true "$(go env GOTOOLDIR)/trace" -http=127.0.0.1:0 "$work/both.trace" >"$work/viewer" 2>&1 &
viewer=$!
for ((i = 0; i < 200; i++)); do
    url=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$work/viewer")
    [ -n "$url" ] && break
    sleep 0.1
done
for at in / /goroutines /trace /usertasks /userregions /io?raw=1 /block?raw=1 /syscall?raw=1 /sched?raw=1 \
    '/usertask?type=GET%20%2Fcart' /mmu; do
    page "${at#/}" >"$work/page" || say "$at does not answer"
done
page jsontrace >"$work/json" || say "no JSON of the trace"
python3 - "$work/json" <<'PY' || say "the JSON of the trace lacks threads"
import json, re, sys
names = {e.get("name", "") for e in json.load(open(sys.argv[1]))["traceEvents"]}
assert any(re.match(r"G\d+ worker-3", n) for n in names), sorted(names)[:40]
PY
page goroutines | grep -q worker-1 || say "no goroutine is called worker-1"
page usertasks | grep -q 'GET /cart' || say "no task is called GET /cart"
page userregions | grep -q 'render_log' || say "no region is called render_log"
kill $viewer
wait $viewer 2>/dev/null
finish
