#!/bin/bash
# Words that are not to be in some places: memory orders outside base, calls that end, print or allocate in
# somebody else's process, work that was left for later.
# usage: source_words.sh [TREE]
set -u
cd "${1:-.}" || exit 2
bad=0

# Comments and strings say all kinds of words; only code counts.
code() {
    sed -E -e 's|/\*.*\*/||g' -e '/^ *\/\*/,/\*\//d' -e 's|//.*||' -e 's/"([^"\\]|\\.)*"/""/g' "$1"
}

# refuse WHY PATTERN DIRECTORY… [-- EXCEPT…]
refuse() {
    local why=$1 pattern=$2 file hit except=""
    shift 2
    local where=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        where+=("$1")
        shift
    done
    [ $# -eq 0 ] || { shift && except=" $* "; }
    while IFS= read -r file; do
        case "$except" in *" $file "*) continue ;; esac
        hit=$(code "$file" | grep -nE "$pattern" | head -1)
        [ -z "$hit" ] && continue
        echo "$file: ${hit#*:}: $why"
        bad=1
    done < <(find "${where[@]}" -name '*.[ch]' 2>/dev/null)
}

refuse "memory orders are named in lib/base only" '__atomic_|memory_order_|__sync_|_Atomic' \
    lib/format lib/core lib/source lib/read lib/analysis lib/lines agent tools
refuse "nothing ends somebody else's process" '\b(abort|exit|_exit|_Exit|assert|raise|kill|err|errx)\(' lib agent \
    -- lib/base/compiler.h
refuse "nothing prints in somebody else's process" '\b(printf|puts|putchar|perror|fprintf|vprintf|syslog)\(' lib agent
refuse "the host's allocator is not met" '\b(malloc|calloc|realloc|free|strdup|asprintf)\(' lib agent \
    -- lib/base/mem.c
refuse "a host's signals are its own" '\b(signal|sigaction|siginterrupt|setitimer|timer_create)\(' lib agent
refuse "unbounded" '\b(gets|strcpy|strcat|sprintf|vsprintf|alloca|system|popen)\(' lib agent tools examples
refuse "left for later" '\b(TODO|FIXME|XXX|HACK)\b' lib agent tools examples tests bench

if grep -rnE '\b(TODO|FIXME|XXX)\b' --include='*.[ch]' --include='*.md' --include='*.sh' lib agent tools examples bench docs README.md 2>/dev/null; then
    echo "left for later"
    bad=1
fi
exit $bad
