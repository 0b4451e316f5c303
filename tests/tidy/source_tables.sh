#!/bin/bash
# docs/format.md lists the events and the facts that lib/format has, no more, no less, in the same words.
# UPDATE=1 writes them there.
# usage: source_tables.sh [TREE]
set -u
cd "${1:-.}" || exit 2
doc=docs/format.md
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT

# The X(…) entries of the table that a macro defines, one a line.
entries() {
    awk -v macro="#define $2(X)" 'index($0, macro) == 1 { on = 1; next } on { print; if ($0 !~ /\\$/) exit }' "$1" |
        sed 's/\\$//; s|/\*.*\*/||' | tr '\n' ' ' | sed 's/ X(/\nX(/g' | grep '^X('
    echo
}

entries lib/format/events.h SMK_EVENTS | sed -nE '
    s/^X\(([0-9]+), [A-Z_]+, ("[a-z_]+"), ([A-Z]+), 0x[0-9a-f]+,(.*)\) *$/| \1 | \2 | \3 |\4|/
    s/ +/ /g
    s/"//g
    s/\(([A-Z]+), ([a-z_]+)\)/\2 (\1)/g
    s/\|$/ |/p' | tr '[:upper:]' '[:lower:]' >"$tmp/events"

entries lib/format/tables.h SMK_FACT_KEYS | sed -nE 's/^X\([A-Z_]+, "([a-z._]+)", "(.*)"\) *$/| \1 | \2 |/p' >"$tmp/facts"

bad=0
for name in events facts; do
    [ -s "$tmp/$name" ] || { echo "lib/format has no $name?"; bad=1; }
    awk -v from="<!-- $name:" -v to="<!-- end of $name" '
        index($0, to) == 1 { on = 0 } on > 2 { print } on { on++ } index($0, from) == 1 { on = 1 }' $doc >"$tmp/doc"
    if [ -n "${UPDATE:-}" ]; then
        awk -v from="<!-- $name:" -v to="<!-- end of $name" -v rows="$tmp/$name" '
            index($0, to) == 1 { while ((getline line < rows) > 0) print line; on = 0 }
            on < 3 { print } on { on++ } index($0, from) == 1 { on = 1 }' $doc >"$tmp/new" && cp "$tmp/new" $doc
    elif ! diff "$tmp/$name" "$tmp/doc"; then
        echo "$doc: its table of $name is not lib/format's (<); UPDATE=1 $0 writes it"
        bad=1
    fi
done
exit $bad
