# shellcheck shell=bash
# What the tests of the examples of findings share: known answers, on a machine that may be loaded. Each test is run
# as <name>.sh BUILD and calls
#
#     known PROGRAM KIND PATTERN…      the faulty one: its first finding is of this kind, its size is within 10 % of
#                                      what the program measured, every pattern is in the report, and no other
#                                      finding has 5 % of the time
#     healthy PROGRAM                  its twin has no finding
#
# A thread that the machine stops in a bad moment makes true findings, and other figures; so each has several tries.
set -u
build=$1
stallmark=$build/bin/stallmark
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-kinds.XXXXXX")
trap 'rm -rf "$work"' EXIT
tries=5
why=

fail() {
    echo "FAILED: $*"
    cat "$work/own" "$work/report" 2>/dev/null
    exit 1
}

# run PROGRAM FLAG…: it records itself; its own figure in $measured.
run() {
    local program=$1
    shift
    "$build/examples/$program" "$@" "$work/t.stall" >"$work/own" || fail "$program does not run"
    measured=$(sed -n 's/^measured \([0-9]*\) ns$/\1/p' "$work/own")
    "$stallmark" check "$work/t.stall" >"$work/report" || fail "the trace of $program is not clean"
    "$stallmark" report "$work/t.stall" >"$work/report" || fail "no report"
    "$stallmark" report --json "$work/t.stall" >"$work/json" || fail "no report as JSON"
    # Of each finding its kind and cost, one line each: the blanks of a kind are '-'. That other programs had the CPUs
    # is true here and there, and no fault of this one.
    awk '/^ "findings": \[/ { on = 1 } /^ \]/ { on = 0 } !on { next }
        /^   "kind": / { sub(/^[^:]*: "/, ""); sub(/".*/, ""); gsub(/ /, "-"); kind = $0; print_it = 1 }
        /^   "rule": "others"/ { print_it = 0 }
        /^   "cost_ns": / && print_it { sub(/^[^:]*: /, ""); sub(/,.*/, ""); print kind, $0; print_it = 0 }' \
        "$work/json" >"$work/findings"
    window=$(sed -n 's/^  "window_ns": \([0-9]*\).*/\1/p' "$work/json")
}

# One try of `known`; says why not in $why.
is_known() {
    local kind=$1 cost pattern
    shift
    read -r first cost <"$work/findings" || { why="no finding"; return 1; }
    [ "$first" = "$kind" ] || { why="the first finding is $first, not $kind"; return 1; }
    awk -v a="$cost" -v b="$measured" 'BEGIN { exit !(a >= b * 0.9 && a <= b * 1.1) }' ||
        { why="it costs $cost ns, and the program measured $measured"; return 1; }
    sed 1d "$work/findings" | awk -v window="$window" '$2 > window * 0.05 { exit 1 }' ||
        { why="another finding has 5 % of the time"; return 1; }
    for pattern in "$@"; do
        grep -qE -- "$pattern" "$work/report" || { why="'$pattern' is not in the report"; return 1; }
    done
}

known() {
    local program=$1 try
    shift
    for try in $(seq $tries); do
        run "$program"
        is_known "$@" && return
        echo "$program, try $try: $why"
    done
    fail "$program: $why"
}

healthy() {
    local try
    for try in $(seq $tries); do
        run "$1" --healthy
        [ -s "$work/findings" ] || return 0
        echo "$1 --healthy, try $try: $(cat "$work/findings")"
    done
    fail "$1 --healthy has a finding"
}
