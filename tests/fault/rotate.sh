#!/bin/bash
# rotate.sh PROGRAM STALLMARK bytes|time SECONDS: each segment passes check alone, all of them together, and
# joined end to end; no event is missing.
set -u
program=$1 stallmark=$2 how=$3 seconds=$4
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-rotate.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "rotate.sh $how: $*" >&2
    exit 1
}

mkdir "$dir/segments"
said=$("$program" "$dir/segments" "$how" "$seconds") || fail "the program: $said"
mapfile -t segments < <(find "$dir/segments" -name '*.stall' | sort -V)
[ ${#segments[@]} -ge 3 ] || fail "only ${#segments[@]} segments"
[ -z "$(find "$dir/segments" -name '*.partial')" ] || fail "something is left unfinished"
for segment in "${segments[@]}"; do
    "$stallmark" check "$segment" >"$dir/out" 2>&1 || fail "$(basename "$segment") alone: $(cat "$dir/out")"
done
"$stallmark" check "${segments[@]}" >"$dir/out" 2>&1 || fail "together: $(cat "$dir/out")"
cat "${segments[@]}" >"$dir/joined.stall"
"$stallmark" check "$dir/joined.stall" >"$dir/out" 2>&1 || fail "joined: $(cat "$dir/out")"
written=$(echo "$said" | awk '{print $3}')
events=$("$stallmark" dump "$dir/joined.stall" | grep -cE ' (log|counter) ')
[ "$events" = "$written" ] || fail "$events events in the dump, $written written"
echo "${#segments[@]} segments, $said"
