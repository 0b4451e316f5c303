#!/bin/bash
# Two workers that wait, and all others in the queue. usage: pool.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known pool pool '^[12]  the queue of workers made GET /price slow +[0-9]+ % of its time +exact$' \
    '^   32 requests stood in it, ' '^   Meanwhile its 2 workers were busy for [0-9]+ % of the time, and waited for [0-9]+ % of that' \
    '^   Waiting in   ask_service pool\.c:[0-9]+ +mostly for net recv, '
healthy pool
