# shellcheck shell=bash disable=SC2034 # what is set here is used by those who read it
# What the tests share that count instructions with callgrind and hold them against bench/budgets.txt. Each is run as
# <name>.sh PROGRAM BUDGETS. Instructions do not depend on the machine's load, so these may fail a build.
set -u
program=$1 budgets=$2
command -v valgrind >/dev/null || {
    echo "valgrind is not installed"
    exit 77
}
dir=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-instructions.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT
bad=0

# callgrind OUT OPTION… -- ARGUMENTS…: runs the program; the instructions in $dir/OUT.
callgrind() {
    local out=$1 options=()
    shift
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    rm -f "$dir"/out*
    valgrind --tool=callgrind --callgrind-out-file="$dir/out" "${options[@]}" "$program" "$@" >/dev/null 2>"$dir/err" || {
        cat "$dir/err"
        exit 1
    }
    sed -n 's/^summary: //p; s/^totals: //p' "$dir/$out" | tail -1
}

# holds WHAT INSTRUCTIONS BUDGET: at most what budgets.txt has by that name.
holds() {
    local most
    most=$(sed -n "s/^$3 //p" "$budgets")
    echo "$1: $2 instructions, at most $most"
    [ "$2" -gt 0 ] && [ "$2" -le "$most" ] || bad=1
}
