#!/bin/bash
# A malloc of the host's that fails, at each call once and from each call on: what came of everything that the program
# did is what came of it without us, and it asked for memory as often. We ask for none on its threads.
. "$(dirname "$0")/lib.sh"
shaky=$programs/libshaky.so

calls=$(LD_PRELOAD="$shaky" "$programs/shaken" | sed -n 's/^calls \([0-9]*\) .*/\1/p')
[ "${calls:-0}" -gt 5 ] || fail "the program asks for memory $calls times"
for stays in "" SHAKY_STAYS=1; do
    for ((at = 0; at <= calls; at++)); do
        # shellcheck disable=SC2086 # none or one
        env $stays SHAKY="$at" LD_PRELOAD="$shaky" "$programs/shaken" >"$tmp/plain" || fail "plain, $at $stays"
        # shellcheck disable=SC2086
        env $stays SHAKY="$at" LD_PRELOAD="$preload:$shaky" STALLMARK_RECORD="$tmp/a.stall" "$programs/shaken" >"$tmp/record"
        expect "code of $at $stays, recording" $? 0
        # shellcheck disable=SC2086
        env $stays SHAKY="$at" LD_PRELOAD="$preload:$shaky" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" \
            "$programs/shaken" >"$tmp/agent"
        expect "code of $at $stays, with an agent" $? 0
        for way in record agent; do
            cmp -s "$tmp/plain" "$tmp/$way" || { fail "$at $stays ($way)"; diff "$tmp/plain" "$tmp/$way"; }
        done
        is_clean "$tmp/a.stall"
    done
done
exit $bad
