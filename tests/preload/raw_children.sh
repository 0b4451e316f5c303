#!/bin/bash
# raw_children.sh BUILD: a child that was made past libc's fork ends at once by exit, and leaves its parent's capture
# and agent alone. Two seconds a child, which is how long an end may wait, would not fit into the time.
. "$(dirname "$0")/lib.sh"

timeout 60 "$stallmark" record -o "$tmp/a.stall" -- "$programs/raw_children" 40 || fail "recorded: status $?"
"$stallmark" check "$tmp/a.stall" >"$tmp/check" || fail "check: $(cat "$tmp/check")"
STALLMARK_SOCKET="$tmp/socket" STALLMARK_DIRECTORY="$tmp" LD_PRELOAD="$preload" \
    timeout 60 "$programs/raw_children" 40 || fail "with an agent: status $?"
# With a crash box, whose memory is not in children: they must not even touch it.
timeout 60 "$stallmark" record --watch -o "$tmp/b.stall" -- "$programs/raw_children" 40 || fail "watched: status $?"
"$stallmark" check "$tmp/b.stall" >"$tmp/check" || fail "check: $(cat "$tmp/check")"
STALLMARK_DIRECTORY="$tmp" timeout 60 "$stallmark" run --watch --listen none -q -- "$programs/raw_children" 40 ||
    fail "watched, with an agent: status $?"
exit $bad
