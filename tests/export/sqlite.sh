#!/bin/bash
# SQLite: the database is sound; its sums are those of the trace, its routes and locks those of the report; docs/sqlite.md
# tells of each table, column and view; each view answers.
# usage: sqlite.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need sqlite3
need python3
docs=$here/../../docs/sqlite.md

sums="select 'wait ' || kind, count(*), sum(ns) from wait where ended group by 1
union all select 'request', count(*), sum(ns) from request where status is not null having count(*)
union all select 'sample', count(*), 0 from sample having count(*) order by 1"
for name in article shop both; do
    export_as sqlite $name "$work/$name.db"
    [ -e "$work/$name.db.partial" ] && say "the partial file is still there"
    same "soundness of $name" ok "$(sqlite3 "$work/$name.db" 'pragma integrity_check')"
    same "waits, requests and samples of $name" "$(python3 "$here/sums.py" "$traces/$name.json")" \
        "$(sqlite3 -separator ' ' "$work/$name.db" "$sums")"
    same "holes in threads' time of $name" 0 "$(sqlite3 "$work/$name.db" \
        "select count(*) from (select from_ns, lag(to_ns) over (partition by thread order by from_ns) as before from span) where before != from_ns")"
    same "regions by what threads did in $name" "" "$(sqlite3 "$work/$name.db" "
        select r.name, sum(r.ns), (select sum(ns) from region_time t where t.region = r.name and t.depth = 0)
        from region r where r.depth = 0 group by 1
        having abs(sum(r.ns) - (select sum(ns) from region_time t where t.region = r.name and t.depth = 0)) > 0")"
    for view in $(sqlite3 "$work/$name.db" "select name from sqlite_master where type = 'view'"); do
        sqlite3 "$work/$name.db" "select * from $view" >"$work/rows" 2>&1 || say "$view of $name: $(head -n 1 "$work/rows")"
    done
    "$stallmark" report --json "$traces/$name.stall" >"$work/$name.report"
    python3 - "$work/$name.report" >"$work/expected" <<'END'
import json
import sys
report = json.load(open(sys.argv[1]))
for route in report["routes"]:
    l = route["latency"]
    if l["count"]:  # a route may have nothing but requests that are still running
        print("route", route["route"], l["count"], l["mean_ns"], l["p50_ns"], l["p99_ns"], l["max_ns"], sep="|")
END
    same "routes of $name" "$(sort "$work/expected")" \
        "$(sqlite3 "$work/$name.db" "select 'route', route, requests, mean_ns, p50_ns, p99_ns, max_ns from routes" | sort)"
done
same "the shop's lock, and who waited where" "render_log|1" "$(sqlite3 "$work/shop.db" \
    "select function, ns > 0 from wait_places where name = 'lock cart_lock' and function = 'render_log'")"
same "names of holders" 10 "$(sqlite3 "$work/article.db" "select sum(waits) from holders where name = 'article'")"

while IFS='|' read -r table column; do
    awk -v table="$table" -v column="$column" '
        /^## / { in_table = index($0, "`" table "`") > 0 }
        in_table && index($0, "`" column "`") { found = 1 }
        END { exit !found }' "$docs" || say "docs/sqlite.md does not tell of $table.$column"
done < <(sqlite3 "$work/shop.db" "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'")
for view in $(sqlite3 "$work/shop.db" "select name from sqlite_master where type = 'view'"); do
    grep -q "^| \`$view\` |" "$docs" || say "docs/sqlite.md does not tell of the view $view"
done

# shellcheck disable=SC2317 # each_hostile calls it
check() {
    local file
    for file in "$@"; do
        [ "$(sqlite3 "$file" 'pragma integrity_check')" = ok ] || return 1
    done
    sqlite3 "$work/hostile/names" .dump >"$work/all"
    grep -qF '<img src=x onerror=alert(1)>' "$work/all" && ! obeyed "$work/all"
}
each_hostile sqlite check

# What is there stays as it is until the new one is whole; a database that cannot be written is not there.
echo mine >"$work/old.db"
"$stallmark" export "$traces/hostile/text.stall" -f sqlite -o "$work/old.db" 2>/dev/null && say "text is no trace"
[ "$(cat "$work/old.db")" = mine ] || say "a file was lost to an export that failed"
export_as sqlite article "$work/old.db"
[ "$(sqlite3 "$work/old.db" 'select count(*) from wait')" -gt 10 ] || say "the old file was not replaced"
finish
