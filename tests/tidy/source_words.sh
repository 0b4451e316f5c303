#!/bin/bash
# Words that are not to be in some places: memory orders outside base, calls that end, print or allocate in
# somebody else's process, work that was left for later.
# usage: source_words.sh [TREE]
set -u
cd "${1:-.}" || exit 2
bad=0

# Comments and strings say all kinds of words; only code counts. One line a line: "file:number:code".
code=$(mktemp) || exit 2
trap 'rm -f "$code"' EXIT
# shellcheck disable=SC2016 # awk's own dollars
find lib agent tools examples -name '*.[ch]' -print0 | sort -z | xargs -0 awk '
    FNR == 1 { comment = 0 }
    {
        line = $0
        gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
        gsub(/\/\*[^*]*\*\//, "", line)
        if (comment) { if (!sub(/^.*\*\//, "", line)) next; comment = 0 }
        if (sub(/\/\*.*$/, "", line)) comment = 1
        if (line ~ /[^ ]/) print FILENAME ":" FNR ":" line
    }' >"$code"

# refuse WHY PATTERN DIRECTORY… [-- EXCEPT…]: neither names end in a slash; a directory or a file.
refuse() {
    local why=$1 pattern=$2 except="" name hits
    shift 2
    local where=""
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        where="$where|$1"
        shift
    done
    [ $# -eq 0 ] || shift
    for name in none "$@"; do except="$except|$name"; done
    hits=$(grep -E "^(${where#|})[/:]" "$code" | grep -vE "^(${except#|})[/:]" |
        grep -E "^[^:]*:[0-9]*:.*($pattern)")
    [ -z "$hits" ] && return
    echo "$why:"
    echo "$hits"
    bad=1
}

refuse "memory orders are named in lib/base only" '__atomic_|memory_order_|__sync_|_Atomic' \
    lib/format lib/core lib/source lib/read lib/analysis lib/lines lib/view agent tools
refuse "nothing ends somebody else's process" '\b(abort|exit|_exit|_Exit|assert|raise|kill|err|errx)\(' lib agent \
    -- lib/base/compiler.h lib/source/hook_end.c
refuse "nothing prints in somebody else's process" '\b(printf|puts|putchar|perror|fprintf|vprintf|syslog)\(' lib agent \
    -- lib/source/hook_stdio.c
refuse "the host's allocator is not met" '\b(malloc|calloc|realloc|free|strdup|asprintf)\(' lib agent \
    -- lib/base/mem.c lib/lines lib/source/hook_alloc.c lib/include/stallmark/libevent.h # the service's own code
refuse "a host's signals are its own" '\b(signal|sigaction|siginterrupt|setitimer|timer_create)\(' lib agent \
    -- agent/rule_signal.c # off unless the operator allows it
refuse "unbounded" '\b(gets|strcpy|strcat|sprintf|vsprintf|alloca|system|popen)\(' lib agent tools examples
if grep -rnE '\b(TODO|FIXME|XXX|HACK)\b' --include='*.[ch]' --include='*.md' --include='*.sh' --exclude=source_words.sh \
    lib agent tools examples bench tests docs README.md; then
    echo "left for later"
    bad=1
fi
exit $bad
