#!/bin/bash
# record, and what reads a trace: report, dump, check, info; on a program that nobody has prepared: eleven
# threads, one lock that each holds for 100 ms.
# usage: read.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
article=$build/examples/article

# ---- record ----------------------------------------------------------------------------------------------

"$article" >alone.out 2>alone.err
expect 0 -- record -o article.stall -- "$article"
cat "$work/out" "$work/err" | cmp -s - <(cat alone.out alone.err) || say "recording changed what the program prints"
[ -s article.stall ] || say "there is no trace"
[ "$(stat -c %a article.stall)" = 600 ] || say "the trace is not 0600"
[ ! -e article.stall.partial ] || say "the partial file is still there"
expect 7 -- record -o seven.stall -- "$programs/plain_threads" 7
expect 0 '^clean' -- check seven.stall

# ---- report ----------------------------------------------------------------------------------------------

expect 0 '^1  .*held up 10 threads' 'waited 10 times' 'Waiting in +hold_the_lock ' 'Held in +hold_the_lock ' \
    '0 events lost' -- report article.stall
expect 0 -- report --json article.stall
grep -q '"lock_contention"\|lock' "$work/out" || say "the JSON has no finding"
expect 1 -- report --fail-on finding article.stall
expect 0 -- report --fail-on finding seven.stall
expect 0 'no findings' -- report seven.stall
expect 0 'article\+0x' -- report --no-symbols article.stall
expect 0 -- report --top 1 article.stall
for wrong in 0 x -1 101; do
    expect 2 "top" -- report --top "$wrong" article.stall
done
expect 2 "'none' is no value for --fail-on; allowed is finding" -- report --fail-on none article.stall
expect 2 'no such|No such' -- report nowhere.stall
expect 2 -- report "$stallmark"
expect 2 -- report

# ---- dump ------------------------------------------------------------------------------------------------

expect 0 -- dump article.stall
[ "$(grep -c ' lock_wait ' "$work/out")" = 10 ] || say "not ten waits, but $(grep -c ' lock_wait ' "$work/out")"
lines=$(wc -l <"$work/out")
expect 0 -- dump --categories lock article.stall
[ "$(grep -vc ' lock_' "$work/out")" = 0 ] || say "--categories lets others through"
expect 0 -- dump --from 500ms article.stall
later=$(wc -l <"$work/out")
expect 0 -- dump --to 500ms article.stall
[ $((later + $(wc -l <"$work/out"))) = "$lines" ] || say "--from and --to do not cut in two"
expect 0 'process.exe' -- dump --tables article.stall
expect 0 'process.exe' ' lock_wait ' -- dump --tables --events article.stall
thread=$(awk '$3 == "lock_wait" { sub("/.*", "", $2); print $2; exit }' <("$stallmark" dump article.stall))
expect 0 ' lock_wait ' -- dump --thread "$thread" article.stall
[ "$(awk '{ sub("/.*", "", $2); print $2 }' "$work/out" | sort -u)" = "$thread" ] || say "--thread lets others through"
expect 0 -- dump --absolute article.stall
expect 0 '^\{.*\}$' -- dump --json article.stall
expect 2 -- dump --from x article.stall
expect 2 -- dump --categories nonsense article.stall
expect 2 -- dump --thread x article.stall
expect 2 -- dump nowhere.stall

# ---- check, info -----------------------------------------------------------------------------------------

expect 0 '^clean' -- check article.stall
expect 0 '^ended +exit' '^events +[0-9]+, lost 0' -- info article.stall
expect 0 '^\{' -- info --json article.stall
head -c $(($(stat -c %s article.stall) / 2)) article.stall >cut.stall
expect 2 -- check cut.stall
expect 0 -- report cut.stall
expect 2 -- check nowhere.stall
expect 2 -- check
expect 2 -- info "$stallmark"
expect 2 -- info
finish
