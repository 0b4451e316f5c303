#!/bin/bash
# Perfetto: waits, requests, samples and states of the export are those of the trace, to the nanosecond; arrows go from
# who let go to who waited; hostile names and files come through. With our own decoder; perfetto_engine.sh asks the
# real importer.
# usage: perfetto.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3

for name in article shop both; do
    export_as perfetto $name "$work/$name.pftrace"
    python3 "$here/perfetto.py" "$work/$name.pftrace" >"$work/$name.sums" || say "$name cannot be decoded"
    same "waits, requests and samples of $name" "$(python3 "$here/sums.py" "$traces/$name.json")" \
        "$(grep -E '^(wait|request|sample)' "$work/$name.sums" | grep -v ' 0 0$')"
done

grep -q '^flows 10 ' "$work/article.sums" || say "not ten arrows in the article, but $(grep ^flows "$work/article.sums")"
grep -q '^function hold_the_lock' "$work/article.sums" || say "no function hold_the_lock"
grep -q '^function render_log' "$work/shop.sums" || say "no function render_log"

# shellcheck disable=SC2317 # each_hostile calls it
check() { python3 "$here/perfetto.py" "$@" >"$work/decoded" && ! obeyed "$work/decoded"; }
each_hostile perfetto check
finish
