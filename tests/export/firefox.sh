#!/bin/bash
# The Firefox Profiler's format: by its rules; waits, requests and samples are those of the trace, CPU time is what the
# threads ran. What began before the trace begins with it there. Hostile names survive.
# usage: firefox.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need sqlite3

for name in article shop both; do
    export_as firefox $name "$work/$name.json"
    export_as sqlite $name "$work/$name.db"
    python3 "$here/firefox.py" "$work/$name.json" >"$work/$name.sums" || say "$name is none by the rules"
    same "waits, requests and samples of $name" "$(sqlite3 -separator ' ' "$work/$name.db" "
        select 'wait', iif(kind = 'other', 'other wait', kind), count(*),
            sum(to_ns - max(from_ns, (select min(first_ns) from process))) from wait group by 2 order by 2;
        select 'requests', count(*), ifnull(sum(ns), 0) from request where whole;
        select 'samples', count(*) from sample where stack is not null")" "$(grep -vE '^(cpu|causes) ' "$work/$name.sums")"
    same "what threads of $name ran" "cpu $(sqlite3 "$work/$name.db" "select sum(ns) from span where state = 'running'")" \
        "$(grep ^cpu "$work/$name.sums")"
    awk '/^causes/ { exit !($2 > 5) }' "$work/$name.sums" || say "$name has no stacks where waits began"
done
python3 - "$work/shop.json" <<'PY' || say "who held cart_lock is not there"
import json, sys
p = json.load(open(sys.argv[1]))
strings = p["shared"]["stringArray"]
held = {strings[d["holder"]].split("/")[0] for t in p["threads"] for n, d in zip(t["markers"]["name"], t["markers"]["data"])
        if strings[n] == "lock cart_lock" and "holder" in d}
assert any(h.startswith("worker-") for h in held), held
PY

# shellcheck disable=SC2317 # each_hostile calls it
check() { python3 "$here/firefox.py" "$@" >"$work/all" && ! obeyed "$work/all"; }
each_hostile firefox check
finish
