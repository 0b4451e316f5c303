#!/bin/bash
# kill.sh WRITER STALLMARK TIMES: kills a recording program at random moments. Whatever it left opens:
# `check` finds no chunk with a wrong checksum, at most that the end is missing.
set -u
writer=$1 stallmark=$2 times=$3
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-kill.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT
RANDOM=${SEED:-4711}
readable=0

fail() {
    echo "kill.sh: $*" >&2
    exit 1
}

for ((i = 0; i < times; i++)); do
    file=$dir/$i.stall
    "$writer" "$file" >"$dir/out" &
    pid=$!
    # From before its first chunk to some passes of the writer: 0 to 0.4 s.
    sleep "0.$(printf '%03d' $((RANDOM % 400)))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ -e "$file" ] && fail "killed, and its file has the name of a whole one"
    [ -s "$file.partial" ] || continue # not even begun
    "$stallmark" check "$file.partial" >"$dir/check" 2>&1
    code=$?
    [ $code -eq 0 ] || [ $code -eq 2 ] || fail "run $i: check ends with $code: $(cat "$dir/check")"
    grep -qi checksum "$dir/check" && fail "run $i: $(cat "$dir/check")"
    "$stallmark" dump "$file.partial" >"$dir/dump" 2>"$dir/err" || [ $? -le 2 ] || fail "run $i: dump: $(cat "$dir/err")"
    events=$(grep -c region_begin "$dir/dump")
    [ "$events" -gt 0 ] && readable=$((readable + 1))
    rm -f "$file.partial"
done
[ $readable -gt $((times / 4)) ] || fail "only $readable of $times had events: the moments are badly chosen"
echo "$readable of $times files had events, all of them opened"
