#!/bin/bash
# The viewer's server under hostile requests (hostile.c), on the shop's capture.
# usage: hostile.sh BUILD PROGRAM
set -u
why=$(cat "$1/viewer/why.txt") || exit 1
if [ -n "$why" ]; then
    echo "skipped: this build has no viewer: $why"
    exit 77
fi
exec "$2" "$1/bin/stallmark" "$1/tests/view/traces/shop.stall"
