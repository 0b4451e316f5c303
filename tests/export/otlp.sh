#!/bin/bash
# OTLP: a receiver written from the specification takes what is written; requests are those of the trace, and where
# their time went is what the database says of their threads.
# usage: otlp.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need sqlite3

for name in article shop both; do
    export_as otlp $name "$work/$name.json"
    export_as sqlite $name "$work/$name.db"
    python3 "$here/otlp.py" "$work/$name.json" >"$work/$name.sums" || say "$name is refused"
    same "requests of $name" "$(sqlite3 -separator ' ' "$work/$name.db" \
        "select 'requests', count(*), ifnull(sum(ns), 0) from request where whole")" "$(grep ^requests "$work/$name.sums")"
    same "where the time of the requests of $name went" "$(sqlite3 -separator ' ' "$work/$name.db" "
        select case state when 'waiting' then 'wait.' || ifnull(kind, 'unknown') else state end as part, sum(s.ns)
        from span s join request r on r.id = s.request and r.process = s.process where r.whole group by 1 order by 1")" \
        "$(sed -n 's/^stallmark\.\(.*\)_ns /\1 /p' "$work/$name.sums" | sed 's/^running_or_runnable /running /' |
            awk '{ ns[$1] += $2 } END { for (part in ns) printf "%s %.0f\n", part, ns[part] }' | LC_ALL=C sort)"
done

python3 - "$work/shop.json" <<'PY' || say "the request with a traceparent does not go on in its trace"
import json, sys
spans = [span for resource in json.load(open(sys.argv[1]))["resourceSpans"] for scope in resource["scopeSpans"]
         for span in scope["spans"]]
found = [span for span in spans if span["traceId"] == "0af7651916cd43dd8448eb211c80319c"]
assert len(found) == 1 and found[0]["parentSpanId"] == "b7ad6b7169203331" and found[0]["name"] == "GET /product", found
assert all("parentSpanId" not in span for span in spans if span not in found)
PY

# shellcheck disable=SC2317 # each_hostile calls it
check() {
    python3 "$here/otlp.py" "$@" >/dev/null || return 1
    cat "$@" >"$work/all"
    ! obeyed "$work/all"
}
each_hostile otlp check
finish
