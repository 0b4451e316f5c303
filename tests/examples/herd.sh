#!/bin/bash
# Eight workers woken for one job. usage: herd.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known herd thundering-herd '^[12]  condition more wakes threads for nothing ' '^   [0-9,]+ wakes of up to [0-9] threads ended ' \
    '^   Waiting in   take_job herd\.c:[0-9]+$' '^   Woken in     give_job herd\.c:[0-9]+ +by main$'
healthy herd
