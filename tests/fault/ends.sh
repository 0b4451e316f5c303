#!/bin/bash
# ends.sh WRITER STALLMARK HOW: a program that ends in the middle of a region. Where its destructors run the
# file is whole and says "exit"; where they do not, what was written opens.
set -u
writer=$1 stallmark=$2 how=$3
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-ends.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "ends.sh $how: $*" >&2
    exit 1
}

ulimit -c 0
"$writer" "$dir/t.stall" "$how" >"$dir/out" 2>"$dir/err"
code=$?
expected=0
[ "$how" = abort ] && expected=134
[ $code = $expected ] || fail "the program's exit code is $code, not $expected: $(cat "$dir/err")"
[ -s "$dir/err" ] && fail "it says: $(cat "$dir/err")"
[ "$(cat "$dir/out")" = recording ] || fail "its output changed: $(cat "$dir/out")"
file=$dir/t.stall
case $how in
exit | leave) [ -e "$file" ] || fail "there is no file" ;;
*) file=$file.partial ;;
esac
"$stallmark" info "$file" >"$dir/info" 2>&1
code=$?
[ $code -le 1 ] || fail "info ends with $code: $(cat "$dir/info")"
"$stallmark" dump "$file" >"$dir/dump" 2>>"$dir/info"
grep -q region_begin "$dir/dump" || fail "no events: $(cat "$dir/info")"
case $how in
exit | leave)
    "$stallmark" check "$file" >"$dir/check" 2>&1 || fail "check: $(cat "$dir/check")"
    grep -qw exit "$dir/info" || fail "the reason is not exit: $(cat "$dir/info")"
    ;;
esac
