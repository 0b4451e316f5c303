#!/bin/bash
# A service that is slow to answer. usage: peer.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known peer peer '^[12]  127\.0\.0\.1:[0-9]+ made GET /page slow +9[0-9] % of its time +exact$' \
    '^   20 of 20 requests waited for its answer, ' '^   Read in      ask peer\.c:[0-9]+ +from 127\.0\.0\.1:[0-9]+$'
healthy peer
