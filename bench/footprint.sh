#!/bin/bash
# footprint: how many lines and pages of memory a request makes our code touch, where the recorder is on: of each kind of
# server that loop_cost plays, one connection, by valgrind's lackey (bin/footprint says what it counts). A minute each.
#
#   footprint [KIND…]           redis memcached http
#   LIST=1 footprint KIND       where the lines of one turn lie, as offsets into the file, before that
set -u
bench=$(dirname "$(readlink -f "$0")")
library=$(readlink -f "$bench/../lib/libstallmark.so")
kinds=("$@")
[ $# -gt 0 ] || kinds=(redis memcached http)
if ! command -v valgrind >/dev/null; then
    echo "nothing is counted: valgrind is not installed"
    exit 0
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/footprint.XXXXXX") || exit 2
trap 'rm -rf "$tmp"' EXIT
mkfifo "$tmp/trace" || exit 2

# A turn of the loop begins where our epoll_wait does.
begin=0x$(nm -D --defined-only "$library" | awk '$3 ~ /^epoll_wait(@|$)/ { print $1; exit }')

for kind in "${kinds[@]}"; do
    echo "$kind"
    STALLMARK_CLOCK=monotonic valgrind --tool=lackey --trace-mem=yes --basic-counts=no --log-file="$tmp/trace" \
        "$bench/loop_cost" "$kind" 700 1 >/dev/null &
    "$bench/bin/footprint" $! "$library" "$begin" ${LIST:+list} <"$tmp/trace"
    wait $!
done
