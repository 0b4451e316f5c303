#!/bin/bash
# A control group whose limit takes the CPU away. usage: throttling.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
why=$("$build/examples/throttling" "$work/t.stall" 2>&1 >"$work/own" | sed -n 's/^cannot be limited: //p')
[ -z "$why" ] || { echo "(control groups cannot be made here: $why)"; exit 77; }
known throttling throttling '^[12]  the control group.s CPU limit stopped the process ' '^   In [0-9]+ periods the group had used up its time \(20\.0 ms of CPU in each 100 ms\)'
healthy throttling
