#!/bin/bash
# A program that hangs, unmarked and unmodified, is asked what its threads are at: the circle is named first, by
# curl and by the command line, whether something was armed or not; and with its locks in order there is none.
# usage: deadlock_live.sh BUILD
# shellcheck source=lib/program.sh
. "$(dirname "$0")/lib/program.sh"
shows=(said curl json)

# look FLAGS -- RECORDER…: what curl and the command line say of the program with these flags, once it hangs.
look() {
    local flags=()
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    STALLMARK_SOCKET="$work/s" "$stallmark" run -q --listen 127.0.0.1:0 "$@" -- "$build/examples/deadlock" "${flags[@]}" 2>/dev/null &
    pid=$!
    pids+=("$pid")
    for _ in $(seq 200); do
        "$stallmark" threads "$work/s" >"$work/said" 2>&1 && grep -q "^${until:-deadlock: }" "$work/said" && break
        sleep 0.05
    done
    curl -s --unix-socket "$work/s" http://localhost/debug/threads >"$work/curl"
    curl -s --unix-socket "$work/s" 'http://localhost/debug/threads?format=json' >"$work/json"
    end_all
}

says() { grep -qE -- "$1" "$work/$2" || fail "'$1' is not in what $2 has"; }

for recorder in "" "--recorder 10s"; do
    # shellcheck disable=SC2086 # one word or two
    look -- $recorder
    for file in said curl; do
        says '^deadlock: deadlock/[0-9]+ → stock_lock \(held by deadlock/[0-9]+\) → cart_lock \(held by deadlock/[0-9]+\)$' $file
        says 'lock stock_lock, held by deadlock/[0-9]+ ~?[0-9.]+ [mun]?s +add_item' $file
        says 'lock cart_lock, held by deadlock/[0-9]+ ~?[0-9.]+ [mun]?s +reserve' $file
        says '^deadlock/[0-9]+ +join deadlock/[0-9]+ ~?[0-9.]+ [mun]?s +main' $file
        [ "$(grep -c '^deadlock: ' "$work/$file")" = 1 ] || fail "$file: not one deadlock"
    done
    says 'add_item deadlock\.c:[0-9]+ ← adder deadlock\.c:[0-9]+$' said
    says '"deadlocks":\[\[[0-9]+,[0-9]+\]\]' json
    says "\"since\":\"$([ -n "$recorder" ] && echo exact || echo estimated)\"" json

    # shellcheck disable=SC2086
    look --three -- $recorder
    says '^deadlock: .*→ (stock_lock|order_lock|cart_lock) .*→ (stock_lock|order_lock|cart_lock) .*→ ' curl
    says '"deadlocks":\[\[[0-9]+,[0-9]+,[0-9]+\]\]' json
    for words in 'lock stock_lock, .* add_item' 'lock order_lock, .* reserve' 'lock cart_lock, .* place_order'; do
        says "$words" said
    done
done

# shellcheck disable=SC2030
until=deadlock look --ordered --
grep -q '^deadlock: ' "$work/said" "$work/curl" && fail "a program without a deadlock has one"
says '"deadlocks":\[\]' json
exit 0
