#!/bin/bash
# The common trace format: babeltrace2 reads it without a word, and every event that `dump` shows is there, with its
# length, in order of time. Hostile names survive.
# usage: ctf.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need babeltrace2
need python3

# What dump says, and what babeltrace2 says: "event count ns", and names of locks that were waited for.
cat >"$work/dumped.py" <<'PY'
import collections, json, sys
counts, lengths, locks = collections.Counter(), collections.Counter(), set()
for line in open(sys.argv[1], encoding="utf-8"):
    e = json.loads(line)
    counts[e["event"]] += 1
    lengths[e["event"]] += e.get("duration", 0)
    if e["event"] == "lock_wait":
        locks.add(e.get("lock_name", ""))
for name in sorted(counts):
    print(name, counts[name], lengths[name])
PY
cat >"$work/shown.py" <<'PY'
import collections, re, sys
counts, lengths, last = collections.Counter(), collections.Counter(), 0
for line in sys.stdin:
    m = re.match(r"\[(\d+)\.(\d{9})\] .*?(\w+): \{ vpid = \d+, vtid = \d+, thread_name = \"", line)
    assert m, line
    time = int(m[1] + m[2])
    assert time >= last, "not in order"
    last = time
    counts[m[3]] += 1
    length = re.search(r"\bduration = (\d+)", line)
    lengths[m[3]] += int(length[1]) if length else 0
for name in sorted(counts):
    print(name, counts[name], lengths[name])
PY

for name in article shop both; do
    "$stallmark" export "$traces/$name.stall" --format ctf -o "$work/$name" >"$work/words" 2>&1 || say "$name: $(cat "$work/words")"
    babeltrace2 --clock-seconds --no-delta "$work/$name" >"$work/$name.text" 2>"$work/words" || say "babeltrace2 refuses $name"
    [ -s "$work/words" ] && say "babeltrace2 of $name says $(head -n 3 "$work/words")"
    same "events of $name" "$(python3 "$work/dumped.py" "$traces/$name.json")" "$(python3 "$work/shown.py" <"$work/$name.text")"
done
grep -q 'lock_wait: .*lock_name = "cart_lock"' "$work/shop.text" || say "no wait names cart_lock"
grep -q 'lock_wait: .*stack_function = "render_log"' "$work/shop.text" || say "no wait names render_log"
start=$(babeltrace2 --clock-seconds --no-delta "$work/shop" | head -n 1 | sed 's/^\[\([0-9]*\).*/\1/')
now=$(date +%s)
if [ "$start" -le $((now - 86400)) ] || [ "$start" -gt "$now" ]; then
    say "the shop's trace is of $start, not of today"
fi

"$stallmark" export "$traces/article.stall" --format ctf -o "$work/article" >"$work/words" 2>&1 && say "a directory is overwritten"
grep -q 'File exists' "$work/words" || say "of a directory that is there it says: $(cat "$work/words")"
"$stallmark" export "$traces/article.stall" --format ctf -o - >"$work/words" 2>&1 && say "a directory goes to standard output"

# shellcheck disable=SC2317 # each_hostile calls it
check() {
    local directory
    for directory in "$@"; do
        babeltrace2 "$directory" >>"$work/all" 2>"$work/words" || say "babeltrace2 refuses ${directory##*/}: $(head -n 5 "$work/words")"
        [ -s "$work/words" ] && say "babeltrace2 of ${directory##*/} says $(head -n 3 "$work/words")"
    done
    ! obeyed "$work/all" && ! obeyed "$work/words"
}
each_hostile ctf check
finish
