#!/bin/bash
# request_instructions.sh CONN_COST BUDGETS: counts with callgrind what a request costs that is found on a socket, from
# the read that brought it to the write that answered it, and holds it against bench/budgets.txt.
set -u
program=$1 budgets=$2
command -v valgrind >/dev/null || {
    echo "valgrind is not installed"
    exit 77
}
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-instructions.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT

# count ROUNDS NAME: instructions of the thread that serves, of 20,000 requests a round
count() {
    rm -f "$dir"/out*
    valgrind --tool=callgrind --separate-threads=yes --callgrind-out-file="$dir/out" "$program" "$1" "$2" >/dev/null 2>"$dir/err" || {
        cat "$dir/err"
        exit 1
    }
    sed -n 's/^summary: //p; s/^totals: //p' "$dir/out-01" | tail -1
}

bad=0
for which in "redis GET" "memcached get" "HTTP"; do
    few=$(count 1 "$which") || exit 1
    many=$(count 3 "$which") || exit 1
    each=$(((many - few) / 40000))
    most=$(sed -n "s/^request_$(tr "A-Z " "a-z_" <<<"$which")_instructions //p" "$budgets")
    echo "$which: $each instructions, at most $most"
    [ "$each" -gt 0 ] && [ "$each" -le "$most" ] || bad=1
done
exit $bad
