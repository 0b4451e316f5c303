#!/bin/bash
# Six threads in line for a lock that each has for a moment. usage: convoy.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known convoy convoy '^[12]  mutex journal_lock held up 6 threads ' '^   A convoy: each had it for .* on average, and stood in line for it [0-9]+ times as long' \
    '^   Waiting in   write_journal +convoy\.c:[0-9]+ ' '^   Held in      write_journal +convoy\.c:[0-9]+ '
healthy convoy
