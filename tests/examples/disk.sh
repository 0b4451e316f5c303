#!/bin/bash
# A flush in a request's path: the call, the function, the file, how long. usage: disk.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
run disk
if [ "$measured" -lt 30000000 ]; then
    echo "not tested: this disk takes $measured ns for 20 flushes"
    exit 0
fi
known disk disk '^[12]  fdatasync made POST /order slow +[0-9]+ % of its time +exact$' \
    '^   Requests waited 20 times for disk, ' \
    '^   Waiting in   flush_journal disk\.c:[0-9]+ +20 x, .*, for .*journal\.' \
    '← take_order disk\.c:[0-9]+ ← main' '^   Longest      from .*, by main, in request [0-9]+$'
healthy disk
