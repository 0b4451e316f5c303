#!/bin/bash
# The command line on hostile files: `check` gives each its verdict, `info`, `dump`, `dump --tables` and
# `report` end by themselves within seconds, in bounded memory, by no signal; and whatever names a file has,
# nothing that a terminal would obey comes out.
# usage: hostile.sh BUILD
set -u
build=$(cd "$1" && pwd)
stallmark=$build/bin/stallmark
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-hostile.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
bad=0
last=

say() {
    printf '%s\n' "$*"
    bad=1
}

# bounded ARGUMENTS…: stallmark in 1 GiB of address space; what it wrote is in $work/out, both streams.
bounded() {
    (
        ulimit -v 1048576
        timeout 20 "$stallmark" "$@" >"$work/out" 2>&1 </dev/null
    )
}

# Control characters but line feed and tab, DEL, C1 controls, bidirectional overrides.
obeyed() { LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' "$work/out"; }

"$build/tests/gen/hostile" "$work" >"$work/verdicts" || exit 2
[ "$(wc -l <"$work/verdicts")" -gt 50 ] || say "there are too few files"
while IFS=$'\t' read -r name code words; do
    file=$work/$name.stall
    bounded check "$file"
    got=$?
    [ $got = "$code" ] || say "check $name: exit code $got, not $code: $(head -n 2 "$work/out")"
    [ "$words" = - ] || grep -qF -- "$words" "$work/out" || say "check $name: does not say '$words': $(head -n 2 "$work/out")"
    [ "$code" = 0 ] && ! grep -q '^clean: ' "$work/out" && say "check $name: does not say clean"
    for command in check info 'info --json' dump 'dump --json' 'dump --tables' 'dump --tables --json' report \
        'request --no-symbols' 'request --json --no-symbols' 'pauses --no-symbols'; do
        # shellcheck disable=SC2086 # words of a command
        bounded $command "$file"
        got=$?
        case $got in
        0 | 2) ;;
        124) say "$command $name: did not end" ;;
        *) say "$command $name: exit code $got: $(tail -n 2 "$work/out")" ;;
        esac
        obeyed && say "$command $name: writes what a terminal obeys"
    done
    # Beside the one before.
    bounded diff --no-symbols "${last:-$file}" "$file"
    got=$?
    case $got in
    0 | 2) ;;
    *) say "diff $last $file: exit code $got: $(tail -n 2 "$work/out")" ;;
    esac
    obeyed && say "diff $last $file: writes what a terminal obeys"
    [ -z "$last" ] || rm -f "$last"
    last=$file
done <"$work/verdicts"
exit $bad
