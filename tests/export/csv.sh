#!/bin/bash
# CSV: waits, requests and samples are those of the trace; the spans of each thread have no holes; names that are
# formulas, quotes or commas are only names.
# usage: csv.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3

for name in article shop both; do
    export_as csv $name "$work/$name.csv"
    python3 "$here/table.py" "$work/$name.csv" >"$work/$name.sums" || say "$name cannot be read"
    same "waits, requests and samples of $name" "$(python3 "$here/sums.py" "$traces/$name.json")" \
        "$(grep -E '^(wait|request|sample) ' "$work/$name.sums")"
done
grep -q '^wait,.*,hold_the_lock,' "$work/article.csv" || say "no wait in hold_the_lock"

# shellcheck disable=SC2317 # each_hostile calls it
check() {
    python3 "$here/table.py" "$@" >/dev/null || return 1
    cat "$@" | tr -d '\r' >"$work/all"
    ! obeyed "$work/all" && grep -q "\"'=cmd|' /C calc'!A0\"" "$work/all"
}
each_hostile csv check
finish
