#!/bin/bash
# regions.sh PROGRAM STALLMARK WAY COUNT: regions that are left in another way than by their end, nested a million
# times, begun nowhere; captures a hundred times a second; signals. The program does what it does; each file is
# whole; what does not fit is repaired and counted.
set -u
program=$1 stallmark=$2 way=$3 count=$4
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-regions.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "regions.sh $way: $*" >&2
    exit 1
}

"$program" "$dir/t.stall" "$way" "$count" >"$dir/out" 2>&1 || fail "code $?: $(cat "$dir/out")"
case $way in
rearm)
    [ "$(find "$dir" -name 't.stall.*' | wc -l)" = "$count" ] || fail "$(find "$dir" -name 't.stall.*' | wc -l) files"
    find "$dir" -name 't.stall.*' | while read -r file; do
        "$stallmark" check "$file" >"$dir/check" 2>&1 || { cat "$dir/check"; exit 1; }
    done || fail "a file does not pass check"
    exit 0
    ;;
esac
[ "$(tail -n 1 "$dir/out")" = "$way" ] || fail "it says: $(cat "$dir/out")"
"$stallmark" check "$dir/t.stall" >"$dir/check" 2>&1 || fail "check: $(cat "$dir/check")"
"$stallmark" report --json "$dir/t.stall" >"$dir/json" || fail "the report ends with $?"
lost=$("$stallmark" info "$dir/t.stall" | sed -n 's/^events .*, lost \([0-9]*\).*/\1/p')
repaired() { grep -A4 '"regions_repaired"' "$dir/json" | tr -d ' \n' | grep -o "\"$1\":[0-9]*" | cut -d: -f2; }
echo "$way: lost $lost, forgotten $(repaired forgotten), ends alone $(repaired unmatched)"
expect() { [ "$lost" -gt 0 ] || [ "$(repaired "$1")" = "$2" ] || fail "$1: $(repaired "$1"), not $2"; }
case $way in
throw) expect forgotten "$count" ;;
odd) expect unmatched $((2 * count)) ;;
switch) expect unmatched 0 ;;
nest) [ "$lost" -gt 0 ] || [ "$(repaired too_deep)" -gt 0 ] || fail "a million regions fit into each other" ;;
storm)
    handled=$(sed -n 's/ signals$//p' "$dir/out")
    found=$("$stallmark" dump "$dir/t.stall" | grep -c ' log .*"signal"')
    echo "$handled signals, $found in the file"
    [ "$handled" -gt 10 ] || fail "hardly a signal came"
    [ "$found" -le "$handled" ] || fail "more than came"
    [ $((found + lost)) -ge "$handled" ] || fail "signals are missing"
    ;;
esac
exit 0
