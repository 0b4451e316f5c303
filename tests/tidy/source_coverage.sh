#!/bin/bash
# docs/coverage.md names every call of the table of wrapped calls (lib/source/resolve*.h).
# usage: source_coverage.sh [TREE]
set -u
cd "${1:-.}" || exit 2
bad=0
while read -r name; do
    grep -qF "\`$name\`" docs/coverage.md || { echo "docs/coverage.md does not name $name"; bad=1; }
done < <(sed -nE 's/^ +X\(.*[ *]([a-z0-9_]+), (NULL|"GLIBC[^"]*"),.*/\1/p; s/^ +X\([^,]*, ([a-z0-9_]+), (NULL|"GLIBC[^"]*"),.*/\1/p' lib/source/resolve*.h | sort -u)
exit $bad
