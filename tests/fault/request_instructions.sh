#!/bin/bash
# request_instructions.sh CONN_COST BUDGETS: what a request costs that is found on a socket, from the read that brought it
# to the write that answered it.
# shellcheck source=instructions_lib.sh
. "$(dirname "$0")/instructions_lib.sh"

# count ROUNDS NAME: instructions of the thread that serves, of 20,000 requests a round
count() { callgrind out-01 --separate-threads=yes -- "$1" "$2"; }

for which in "redis GET" "memcached get" "HTTP"; do
    few=$(count 1 "$which") || exit 1
    many=$(count 3 "$which") || exit 1
    holds "$which" $(((many - few) / 40000)) "request_$(tr "A-Z " "a-z_" <<<"$which")_instructions"
done
exit $bad
