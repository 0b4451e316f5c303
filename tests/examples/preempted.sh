#!/bin/bash
# A lock whose holder has no CPU. usage: preempted.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known preempted holder-preempted '^[12]  mutex state_lock held up main ' \
    '^   Who held it was ready to run and had no CPU for [0-9]+ % of the ' \
    '^   Waiting in   read_state +preempted\.c:[0-9]+ ' '^   Held in      update_state +preempted\.c:[0-9]+ .*by background'
healthy preempted
