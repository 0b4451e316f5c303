#!/bin/bash
# Buffers that are mapped, touched and freed over and over. usage: alloc_churn.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known alloc_churn memory '^[12]  memory that is got and given back cost the CPU +.* estimated$' \
    '^   1,000 blocks of 1.00 MiB on average lived for ' \
    '^   Got in       get_buffer alloc_churn\.c:[0-9]+ +by malloc, 1000 MiB together$' '← render alloc_churn\.c:[0-9]+ ← main'
healthy alloc_churn
