#!/bin/bash
# instructions.sh PROGRAM BUDGETS: counts with callgrind what a region costs, disarmed and armed, and holds
# it against bench/budgets.txt. Instructions do not depend on the machine's load, so this may fail a build.
set -u
program=$1 budgets=$2
command -v valgrind >/dev/null || {
    echo "valgrind is not installed"
    exit 77
}
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-instructions.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT

# count MODE N: instructions of the whole program
count() {
    valgrind --tool=callgrind --callgrind-out-file="$dir/out" --toggle-collect="measured_$1" \
        "$program" "$1" "$2" >/dev/null 2>"$dir/err" || {
        cat "$dir/err"
        exit 1
    }
    sed -n 's/^summary: //p; s/^totals: //p' "$dir/out" | tail -1
}

bad=0
for mode in disarmed armed; do
    few=$(count $mode 1000) || exit 1
    many=$(count $mode 3000) || exit 1
    each=$(((many - few + 999) / 2000))
    most=$(sed -n "s/^region_${mode}_instructions //p" "$budgets")
    echo "a $mode region: $each instructions, at most $most"
    [ "$each" -gt 0 ] && [ "$each" -le "$most" ] || bad=1
done
exit $bad
