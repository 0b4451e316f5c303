#!/bin/bash
# The article's program, unmarked and unmodified: ten waits, their holder's and their own function, and
# durations within 2 ms of what the program itself measured. A machine that stops for a moment between two
# clocks is no fault of ours: the measured one may try three times.
# usage: article.sh BUILD
set -u
build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-article.XXXXXX")
trap 'rm -rf "$work"' EXIT
stallmark=$build/bin/stallmark

fail() {
    echo "article: $*"
    cat "$work/report" 2>/dev/null
    exit 1
}

# says PATTERN: the report has it.
says() { grep -qE -- "$1" "$work/report" || fail "'$1' is not in the report"; }

"$stallmark" record -o "$work/t.stall" -- "$build/examples/article" || fail "it was not recorded"
"$stallmark" report "$work/t.stall" >"$work/report" || fail "no report"
says '^1  mutex lock held up 10 threads .* exact$'
says '^   10 threads waited 10 times, '
says '^   Waiting in   hold_the_lock +article\.c:[0-9]+ +10 x, '
says '^   Held in      hold_the_lock +article\.c:[0-9]+ +(9[0-9]|100) % of that time, by article, 10 threads$'
says '← thread_main article\.c:[0-9]+'
says 'locked in hold_the_lock article\.c:[0-9]+; held 1[0-9][0-9] ms on average'
says 'the one that kept 10 of the 10 longest waits most'
says ' 0 events lost '

"$stallmark" record -o "$work/h.stall" -- "$build/examples/article" --healthy || fail "the healthy one was not recorded"
"$stallmark" report "$work/h.stall" >"$work/report"
says '^no findings: '

"$stallmark" report --no-symbols "$work/t.stall" >"$work/report" || fail "no report without symbols"
says 'Held in      article\+0x'

measured() {
    "$stallmark" record -o "$work/m.stall" -- "$build/tests/examples/measured_article" >"$work/own" || return 1
    sort -rn "$work/own" | head -10 >"$work/own10"
    # Of the lock's longest waits: the lengths, longest first.
    "$stallmark" report --json "$work/m.stall" >"$work/json"
    sed -n '/"longest_waits": \[/,/^   *\]/s/.*"ns": \([0-9]*\).*/\1/p' "$work/json" >"$work/traced"
    paste "$work/own10" "$work/traced" | awk '
        { d = $1 - $2; if (NF != 2 || d < -2000000 || d > 2000000) bad = 1 }
        END { exit bad || NR != 10 }'
}
for _ in 1 2 3; do
    measured && exit 0
done
paste "$work/own10" "$work/traced"
fail "what the program measured (left) and what was traced are more than 2 ms apart"
