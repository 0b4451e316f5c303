#!/bin/bash
# folded, pprof-block, pprof-mutex, pprof-cpu: their sums are those of the trace; `go tool pprof` reads the profiles, and
# names the functions; semicolons in names part no frames.
# usage: stacks.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need sqlite3

ask() { sqlite3 -separator ' ' "$work/$name.db" "$1"; }

for name in article shop both; do
    for format in sqlite folded folded-cpu pprof-block pprof-mutex pprof-cpu; do
        [ $format = sqlite ] && out=$work/$name.db || out=$work/$name.$format
        "$stallmark" export "$traces/$name.stall" -f $format -o "$out" >"$work/words" 2>&1 || say "$format of $name: $(cat "$work/words")"
    done
    same "waits by kind in the folded stacks of $name" \
        "$(ask "select kind || iif(for_work, ' (for work)', '') as k, sum(ns) from wait group by 1" | LC_ALL=C sort)" \
        "$(awk '{ kind = $0; sub(/;.*/, "", kind); ns[kind] += $NF } END { for (kind in ns) printf "%s %.0f\n", kind, ns[kind] }' \
            "$work/$name.folded" | LC_ALL=C sort)"
    same "the block profile of $name" "$(ask "select 'contentions count', count(*) from wait where not for_work
        union all select 'delay nanoseconds', sum(ns) from wait where not for_work")" "$(python3 "$here/pprof.py" "$work/$name.pprof-block")"
    same "the mutex profile of $name" "$(ask "select 'contentions count', count(*) from wait where kind = 'lock'
        union all select 'delay nanoseconds', sum(ns) from wait where kind = 'lock'")" "$(python3 "$here/pprof.py" "$work/$name.pprof-mutex")"
    same "samples in the CPU profile of $name" "$(ask "select 'samples count', count(*) from sample")" \
        "$(python3 "$here/pprof.py" "$work/$name.pprof-cpu" | sed -n 1p)"
done
grep -qE '^lock;.*;hold_the_lock;.* [0-9]+$' "$work/article.folded" || say "no folded stack of hold_the_lock"

# shellcheck disable=SC2317 # each_hostile calls them
check_profiles() { python3 "$here/pprof.py" "$@" >"$work/all" && ! obeyed "$work/all"; }
# shellcheck disable=SC2317
check_folded() {
    cat "$@" >"$work/all"
    ! obeyed "$work/all" && ! grep -qvE '^[a-z]+( \(for work\))?(;[^;]+)+ [0-9]+$' "$work/all"
}
each_hostile pprof-block check_profiles
each_hostile folded check_folded

if command -v go >/dev/null; then
    top() { go tool pprof -top -nodecount=50 "$1" 2>&1; }
    top "$work/article.pprof-block" | grep -qE '^ .*hold_the_lock' || say "go tool pprof does not name hold_the_lock"
    top "$work/shop.pprof-mutex" | grep -qE '^ .*render_log' || say "go tool pprof does not name render_log"
    top "$work/shop.pprof-mutex" | grep -qE '^Type: delay' || say "the mutex profile's default is not its delay"
    top "$work/shop.pprof-cpu" | grep -qE '^Type: cpu' || say "go tool pprof does not read the CPU profile"
    for kind in block mutex cpu; do
        top "$work/shop.pprof-$kind" | grep -qx 'File: shop' || say "the $kind profile is not one of shop"
    done
    go tool pprof -raw "$work/shop.pprof-block" 2>/dev/null | grep -qE 'what:\[cart_lock\]' || say "no label names cart_lock"
else
    leave_out "there is no go"
fi
finish
