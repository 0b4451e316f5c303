#!/bin/bash
# The page stays under 60 KB, packed as it goes over the wire, and names the licences of what is in it.
# usage: size.sh BUILD
set -u
page=$1/viewer
bad=0
why=$(cat "$page/why.txt") || exit 1
if [ -n "$why" ]; then
    echo "skipped: this build has no viewer: $why"
    exit 77
fi
sum=$(cat "$page"/{index.html,viewer.js,viewer.css}.gz | wc -c)
echo "$sum bytes"
[ "$sum" -lt 60000 ] || { echo "the page has $sum bytes; 60000 are too many"; bad=1; }
for file in index.html viewer.js viewer.css licences.txt; do
    gzip -t "$page/$file.gz" || bad=1
done
gzip -dc "$page/licences.txt.gz" | grep -q "^preact [0-9]" || { echo "the licence of preact is not there"; bad=1; }
# The content policy lets no script or style in the page itself run.
gzip -dc "$page/index.html.gz" | grep -qE '<style|style=|<script[^>]*>[^<]|javascript:| on[a-z]+=' &&
    { echo "index.html has a script or a style of its own"; bad=1; }
exit $bad
