#!/bin/bash
# Files of at most 600 lines, functions of at most 70, lines of at most 120 columns; comments that run on
# are cut into sentences by their readers.
# usage: source_length.sh [TREE]
set -u
cd "${1:-.}" || exit 2
# shellcheck disable=SC2016 # awk's own dollars
find lib agent tools examples bench tests \( -name '*.[ch]' -o -name '*.hpp' -o -name '*.cpp' \) -print0 2>/dev/null |
    sort -z | LC_ALL=C xargs -0 awk '
    FNR == 1 { if (lines > 600) { print file ": " lines " lines; 600 are allowed"; bad = 1 } file = FILENAME }
    { lines = FNR }
    { columns = $0; gsub(/[\200-\277]/, "", columns) } # UTF-8: a character is one column
    length(columns) > 120 { print FILENAME ":" FNR ": " length(columns) " columns; 120 are allowed"; bad = 1 }
    /^\{/ { start = FNR }
    /^\}/ && start { if (FNR - start > 70) { print FILENAME ":" start ": a function of " FNR - start " lines; 70 are allowed"; bad = 1 } start = 0 }
    /[ \t]$/ { print FILENAME ":" FNR ": a space at the end of the line"; bad = 1 }
    END { if (lines > 600) { print file ": " lines " lines; 600 are allowed"; bad = 1 } exit bad }'
