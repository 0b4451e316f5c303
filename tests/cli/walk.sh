#!/bin/bash
# Every command, every option of it, every route of the agent with each of its methods and parameters has been
# tried by a test: not one that says so, but one that noted the call when it was made and then passed
# (lib.sh: expect, ask). What there is comes from the programs themselves.
# usage: walk.sh BUILD, behind the tests that note what they do
set -u
build=$1
stallmark=$build/bin/stallmark
notes=$(cat "$build"/exercised/* 2>/dev/null)
bad=0

missing() {
    echo "no test has tried: $*"
    bad=1
}

# Is there a call of this command with one of its words exactly so, or as --word=value or -ovalue?
called_with() {
    awk -F '\t' -v command="$1" -v option="$2" '
        $1 == "cli" && $2 == command {
            for (i = 3; i <= NF && $i != "--"; i++)
                if ($i == option || index($i, option "=") == 1 || (option ~ /^-[a-z]$/ && index($i, option) == 1)) found = 1
        }
        END { exit !found }' <<<"$notes"
}

walk_commands() {
    local command option
    for command in $("$stallmark" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p'); do
        grep -q $'^cli\t'"$command"$'\t' <<<"$notes" || missing "stallmark $command"
        for option in $("$stallmark" "$command" --frob 2>&1 | sed -n 's/.*allowed are //p' | tr -s ', ' '\n'); do
            called_with "$command" "$option" || missing "stallmark $command $option"
        done
    done
    for option in --help --version; do
        called_with "$option" "$option" || grep -q $'^cli\t'"$option" <<<"$notes" || missing "stallmark $option"
    done
}

walk_routes() {
    local method pattern parameter path
    while read -r method pattern parameter; do
        path=$(sed 's|/ID|/[a-z0-9-]+|; s|/NAME|/[a-z0-9-]+|; s|/FILE|/[a-z.-]+|; s|/N$|/[0-9]+|; s|\.|\\.|g' <<<"$pattern")
        if [ -z "$parameter" ]; then
            grep -qE "^http"$'\t'"$method"$'\t'"$path(\\?|\$)" <<<"$notes" || missing "$method $pattern"
        else
            grep -qE "^http"$'\t'"$method"$'\t'"$path\\?(.*&)?$parameter=" <<<"$notes" ||
                missing "$method $pattern?$parameter="
        fi
    done < <("$build/tests/cli/print_routes")
}

walk_commands
walk_routes
[ "$("$build/tests/cli/print_routes" | wc -l)" -gt 20 ] || missing "the table of routes, which has hardly a line"
exit $bad
