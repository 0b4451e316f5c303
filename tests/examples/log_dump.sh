#!/bin/bash
# A large text for one line of a log. usage: log_dump.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known log_dump memory '^[12]  memory that is got and given back cost the CPU +.* estimated$' \
    '^   Got in       append[.a-z0-9]* log_dump\.c:[0-9]+ +by malloc' '← serialise[.a-z0-9]* log_dump\.c:[0-9]+ ← log_line log_dump\.c:[0-9]+'
healthy log_dump
