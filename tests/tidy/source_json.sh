#!/bin/bash
# shellcheck disable=SC2016 # backquotes are those of the pages
# Each key that an answer in JSON has is in its page of docs/, and each word that is marked there as one is written
# somewhere. usage: source_json.sh [SOURCE]
cd "${1:-.}" || exit 2
export LC_ALL=C
bad=0

# Keys are the first text behind what is written to: smk_put_json_number(json, "cost_ns", …).
keys() {
    tr '\n' ' ' <<<"$(cat "$@")" | grep -oE '\bjson, (NULL, )?"[a-z][a-z0-9_]*"|\bjson, [a-z]+, "[a-z][a-z0-9_]*"' |
        sed 's/.*"\(.*\)"/\1/' | sort -u
}
marked() { grep -ohE '`[^`]+`' "$@" | grep -oE '[a-z0-9_]+' | sort -u; }
alone() { grep -ohE '`[a-z][a-z0-9_]*`' "$@" | tr -d '`' | sort -u; }
texts() { grep -ohE '"[^"]*"' "$@" | grep -oE '[a-z0-9_]+' | sort -u; }

# has PAGE SOURCE…
has() {
    local page=$1 key
    shift
    while read -r key; do
        echo "$page: \`$key\` is not there"
        bad=1
    done < <(comm -23 <(keys "$@") <(marked "$page"))
    while read -r key; do
        echo "$page: nothing writes \`$key\`"
        bad=1
    done < <(comm -23 <(alone "$page") <(texts lib/analysis/*.[ch] lib/format/*.h lib/read/*.c lib/core/facts.c))
}

has docs/report-json.md lib/analysis/report*.c
has docs/answers-json.md lib/analysis/{request,moment,pauses,diff}_*.c
exit $bad
