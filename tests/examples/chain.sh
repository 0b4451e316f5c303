#!/bin/bash
# A waits for B waits for C: the end of the chain is named. usage: chain.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known chain wait-chain '^[12]  mutex index_lock held up main ' '^   A chain: who held it waited for another lock for [0-9.]+ % of ' \
    '^   Waiting in   look_up +chain\.c:[0-9]+ ' '^   Held in      build_index +chain\.c:[0-9]+ ' \
    '^   Chain        index_lock held by builder in build_index chain\.c:[0-9]+$' \
    '^                table_lock, for which they waited .*, was held by loader in load_table chain\.c:[0-9]+$' \
    'the holders waited .* for sleep: usleep in load_table chain\.c:[0-9]+'
healthy chain
