#!/bin/bash
# Directions of includes: base <- format <- core <- source <- agent;
# base <- format <- read <- analysis <- {agent, lines, export, view, tools}. Public headers (stallmark/…) go everywhere
# but into format and base, which take only error.h and version.h of them.
# usage: source_includes.sh [TREE]
set -u
cd "${1:-.}" || exit 2
bad=0

# check DIRECTORY ALLOWED…: what files there may include of lib/ by "module/…".
check() {
    local where=$1 line file include module
    shift
    while IFS= read -r line; do
        file=${line%%:*}
        include=${line#*#include \"}
        include=${include%%\"*}
        case $include in
        base/* | format/* | core/* | source/* | read/* | analysis/* | lines/* | export/* | view/*) module=${include%%/*} ;;
        *) continue ;;
        esac
        case " $* " in
        *" $module "*) ;;
        *)
            echo "$file includes $include: $where may include only $*"
            bad=1
            ;;
        esac
    done < <(grep -rHn --include='*.[ch]' --include='*.hpp' --include='*.cpp' '#include "' "$where" 2>/dev/null)
}

check lib/base base
check lib/format base format
check lib/core base format core
check lib/source base format core source
check lib/read base format read
check lib/analysis base format read analysis
check lib/lines base format read analysis lines
check lib/export base format read analysis export
check lib/include none
check lib/view base format read analysis view
check agent base format core source read analysis export
check tools base format read analysis lines export view
check box base format core
check examples none

# only WHAT PATTERN ALLOWED-FILES…: a header that only some files may include.
only() {
    local what=$1 pattern=$2 file allowed ok
    shift 2
    while IFS= read -r file; do
        ok=""
        for allowed in "$@"; do
            # shellcheck disable=SC2254
            case $file in $allowed) ok=1 ;; esac
        done
        [ -n "$ok" ] && continue
        echo "$file includes $what: only $* may"
        bad=1
    done < <(grep -rlE --include='*.[ch]' "#include [<\"]($pattern)" lib agent tools 2>/dev/null)
}

only zstd zstd 'lib/core/compress.[ch]' 'lib/read/*'
# The two headers are for services that use these libraries anyway; nothing of ours includes them.
only civetweb civetweb tools/view/server.c agent/front_civetweb.c 'agent/civetweb_*.[ch]' agent/tcp_client.c lib/include/stallmark/civetweb.h
only libevent 'event2/|event\.h|evhttp' agent/control.c agent/front_unix.c agent/front_evhttp.c 'agent/evhttp_*.[ch]' \
    lib/include/stallmark/libevent.h
only "what is for services" 'stallmark/(libevent|civetweb)\.h' 'examples/*'
only libcurl curl/ 'tools/*'
only sqlite sqlite3 'tools/cli/trace_sqlite*'
only elfutils 'elfutils/|dwarf\.h|libdw|gelf\.h' 'lib/lines/*'
only cmocka cmocka 'tests/*'
only "the agent" 'stallmark/agent\.h' 'agent/*'

exit $bad
