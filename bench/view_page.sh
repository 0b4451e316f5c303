#!/bin/bash
# view_page: how long the page of `stallmark view` takes to paint a frame while a reader pans, in the system's Chromium
# without a GPU: a million items in 40 threads, invented, and any traces.
#
#   bench/view_page.sh BUILD [TRACE…]
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-build/release}
[ $# -eq 0 ] || shift
exec "$here/../tests/view/run.sh" "$build" "$here/view_page.mjs" "$@"
