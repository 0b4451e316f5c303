#!/bin/bash
# Every release and every acquire in the library and the agent says what it pairs with, in a comment
# "pairs with: …" on the line or at most four above it. Those of lib/base define the words.
# usage: source_pairs.sh [TREE]
set -u
cd "${1:-.}" || exit 2
# shellcheck disable=SC2016 # awk's own dollars
find lib agent \( -path lib/base -o -path lib/include \) -prune -o -name '*.[ch]' -print0 | sort -z | xargs -0 awk '
    FNR == 1 { paired = -10 }
    /[Pp]airs with:/ { paired = FNR }
    /smk_store_release\(|smk_local_add_release\(|smk_release_fence\(/ {
        if (FNR - paired > 4) { print FILENAME ":" FNR ": a release that names no acquire"; bad = 1 }
    }
    END { exit bad }'
