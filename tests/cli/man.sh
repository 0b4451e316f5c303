#!/bin/bash
# docs/man/stallmark.1 says what the program says; UPDATE=1 writes it. And --help works for every command, in
# every place, and lists each option that there is.
# usage: man.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
page=$here/../../docs/man/stallmark.1

"$here/../../docs/man/make.sh" "$stallmark" >"$work/page" || say "docs/man/make.sh failed"
[ -z "${UPDATE:-}" ] || cp "$work/page" "$page"
diff -u "$page" "$work/page" || say "docs/man/stallmark.1 is old; UPDATE=1 tests/cli/man.sh BUILD writes it"

expect 0 '^usage: stallmark COMMAND' -- --help
expect 0 '^usage: stallmark COMMAND' -- help
expect 0 '^stallmark [0-9]+\.[0-9]+' -- --version
expect 2 'a command is missing' --
expect 2 "unknown command 'frob'; allowed are run, record" -- frob
expect 2 "unknown command 'frob'" -- help frob
for command in $("$stallmark" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p'); do
    expect 0 "^usage: stallmark $command" -- "$command" --help
    expect 0 "^usage: stallmark $command" -- help "$command"
    "$stallmark" "$command" --help >"$work/help"
    # What the program takes, as its error message has it, stands in its help.
    expect 2 "unknown option '--frob'; allowed are" -- "$command" --frob
    for option in $(sed -n 's/.*allowed are //p' "$work/err" | tr -s ', ' '\n' | grep '^-' | grep -v '^--help$'); do
        grep -qE -- "(^|[^a-z-])$option([^a-z-]|$)" "$work/help" || say "$command --help does not tell of $option"
    done
done

# Completion offers what the program lists.
PATH=$build/bin:$PATH
# shellcheck source=../../tools/cli/completion/stallmark
. "$here/../../tools/cli/completion/stallmark"
offers() {
    local wanted=$1
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _stallmark
    grep -qx -- "$wanted" < <(printf '%s\n' "${COMPREPLY[@]}") || say "$*: '$wanted' is not offered"
}
offers record stallmark rec
offers --version stallmark --v
offers --follow-exec stallmark run --f
offers -q stallmark run -
offers --token-file stallmark status 1 --tok
cd "$work" && : >some.stall
offers some.stall stallmark status some
offers some.stall stallmark record -o x -- cat some
offers cat stallmark run -- ca
finish
