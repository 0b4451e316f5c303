#!/bin/bash
# A request that sleeps instead of waiting for what it needs. usage: sleep.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known sleep sleep '^[12]  usleep made GET /report slow +[0-9]+ % of its time +exact$' \
    '^   Waiting in   look_again_and_again sleep\.c:[0-9]+ ' '← answer sleep\.c:[0-9]+ ← main'
healthy sleep
