#!/bin/bash
# memory.sh BUILD: large blocks with the functions that asked for them, pauses of an allocator, two locks at one
# address; with the allocators that Debian has.
. "$(dirname "$0")/lib.sh"

# large CALL BYTES FILE: how many such blocks.
large() {
    "$stallmark" dump "$3" | awk -v call="\"$1\"" -v bytes="bytes=$2" \
        '$3 == "alloc_large" && $0 ~ call && $NF == bytes { n++ } END { print n + 0 }'
}

# blocks NAME PRELOAD: `memory blocks` with that allocator behind us.
blocks() {
    local file=$tmp/$1.stall
    env LD_PRELOAD="$preload $2" STALLMARK_RECORD="$file" "$programs/memory" blocks || fail "$1: status $?"
    is_clean "$file"
    expect "$1: malloc of 1 MiB" "$(large malloc 1048576 "$file")" 1
    expect "$1: calloc of 3 MiB" "$(large calloc 3145728 "$file")" 1
    expect "$1: posix_memalign of 2 MiB" "$(large posix_memalign 2097152 "$file")" 3
    expect "$1: realloc to 4 MiB" "$(large realloc 4194304 "$file")" 3
    expect "$1: given back" "$(count free_large "$file")" 6
    "$stallmark" report "$file" >"$tmp/report"
    for function in make_and_keep make_and_drop; do
        grep -q "$function" "$tmp/report" || fail "$1: the report does not name $function"
    done
}

blocks glibc ""
for library in libjemalloc.so.2 libtcmalloc_minimal.so.4; do
    if ldconfig -p | grep -qF "$library"; then
        blocks "$library" "$library"
    else
        echo "($library is not installed)"
    fi
done

# An allocator that stops its caller for 5 ms: only where alloc is asked for.
LD_PRELOAD="$preload $programs/libslow_alloc.so" STALLMARK_SOCKET="$tmp/socket" STALLMARK_DIRECTORY="$tmp" \
    "$programs/memory" pauses &
program=$!
for _ in $(seq 100); do
    [ -S "$tmp/socket" ] && break
    sleep 0.1
done
for how in default default,+alloc; do
    curl -sS -f --max-time 20 --unix-socket "$tmp/socket" -o "$tmp/$how.stall" \
        "http://localhost/debug/trace?duration=300ms&wait=1&categories=$how" || fail "no capture of $how"
done
kill $program
wait $program 2>/dev/null
expect "pauses that nobody asked for" "$(count alloc_wait "$tmp/default.stall")" 0
"$stallmark" dump "$tmp/default,+alloc.stall" | grep alloc_wait | grep -q 'call=[0-9]*:"calloc".*bytes=7770$' ||
    fail "no pause of the allocator"
"$stallmark" report "$tmp/default,+alloc.stall" >"$tmp/report"
grep -A1 "^memory  *calloc " "$tmp/report" | grep -q " in ask" ||
    { cat "$tmp/report"; fail "the report does not name the pauses"; }

expect "one address" "$(recorded "$tmp/e.stall" "$programs/memory" epochs)" same
is_clean "$tmp/e.stall"
expect "epochs" "$(count lock_epoch "$tmp/e.stall")" 2
"$stallmark" report "$tmp/e.stall" >"$tmp/report"
grep -qE 'visit_first .*\(0x[0-9a-f]+\) held up' "$tmp/report" || fail "the first lock is not named"
grep -qE 'visit_second .*\(0x[0-9a-f]+ #2\) held up' "$tmp/report" || fail "the second lock is not named"
# Pages of a file that are read in when they are touched; what the kernel counted is what was seen, or lost.
file=$(mktemp ./memory.XXXXXX)
head -c 400000 /dev/zero >"$file"
sync "$file"
recorded "$tmp/f.stall" "$programs/memory" faults "$file" >/dev/null || fail "faults: status $?"
rm -f "$file"
is_clean "$tmp/f.stall"
"$stallmark" report "$tmp/f.stall" >"$tmp/report"
grep -q '^page faults: .* minor, .* major' "$tmp/report" || fail "no page faults"
grep -q '^resident memory: .* MiB at first, .* MiB at most' "$tmp/report" || fail "no resident memory"
if fact faults.how "$tmp/f.stall" | grep -q '^perf'; then
    major=$(sed -n 's/^page faults:.* \([0-9]*\) major.*/\1/p' "$tmp/report")
    seen=$(($(count major_fault "$tmp/f.stall") + $(fact faults.lost "$tmp/f.stall")))
    [ "$seen" -ge "$major" ] || fail "$major major faults, and $seen seen"
    [ "$seen" = 0 ] || grep -q 'major ones seen, in touch' "$tmp/report" || fail "nobody touched the pages"
fi
[ "$bad" = 0 ] || cat "$tmp/report"
exit $bad
