#!/bin/bash
# Chrome's JSON: waits and requests are those of the trace, threads' states have no holes, arrows go forward; hostile
# names are JSON.
# usage: chrome.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3

for name in article shop both; do
    export_as chrome $name "$work/$name.json"
    python3 "$here/chrome.py" "$work/$name.json" >"$work/$name.sums" || say "$name cannot be read"
    same "waits and requests of $name" "$(python3 "$here/sums.py" "$traces/$name.json" | grep -v ^sample)" \
        "$(grep -E '^(wait|request) ' "$work/$name.sums")"
done
same "arrows of the article" "flows 10" "$(grep ^flows "$work/article.sums")"

# shellcheck disable=SC2317 # each_hostile calls it
check() {
    python3 "$here/chrome.py" "$@" >/dev/null || return 1
    cat "$@" >"$work/all"
    ! obeyed "$work/all"
}
each_hostile chrome check
finish
