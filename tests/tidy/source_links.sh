#!/bin/bash
# Links inside the documents lead somewhere, and no file names a place of the machine it was written on.
# usage: source_links.sh [TREE]
set -u
cd "${1:-.}" || exit 2
bad=0
while IFS=: read -r file link; do
    target=${link#*](}
    target=${target%)}
    target=${target%%#*}
    case $target in '' | http*://*) continue ;; esac
    [ -e "$(dirname "$file")/$target" ] || { echo "$file: $target is not there"; bad=1; }
done < <(grep -oHE '\]\([^)]*\)' README.md SECURITY.md CHANGELOG.md docs/*.md 2>/dev/null)
exit $bad
