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
expect 2 "'none' is no kind of finding for --fail-on; allowed are, with commas: finding .any., lock-contention, " -- \
    report --fail-on lock-contention,none article.stall
expect 1 -- report --fail-on disk,lock-contention article.stall
expect 0 -- report --fail-on disk,deadlock article.stall
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
expect 2 "from: 'x' is no time; allowed is" -- dump --from x article.stall
for wrong in --from --to; do # a wrong value is said before a file that is not there
    expect 2 "${wrong#--}: 'x' is no time" -- dump $wrong x nowhere.stall
done
expect 2 'from: 5s is behind --to, 3s' -- dump --from 5s --to 3s nowhere.stall
expect 2 "'nonsense' is no category" -- dump --categories nonsense nowhere.stall
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
# ---- several processes: files side by side, or one after the other ------------------------------------------

cat article.stall seven.stall >both.stall
for files in 'article.stall seven.stall' both.stall; do
    # shellcheck disable=SC2086 # two names
    expect 0 '^clean: 2 processes, 2 segments, ' -- check $files
    # shellcheck disable=SC2086
    expect 0 '^article, plain_threads: 2 processes \[[0-9]+ [0-9]+\]' 'in article [0-9]+ held up 10 threads' \
        'Held in +hold_the_lock ' -- report $files
    # shellcheck disable=SC2086
    expect 0 '^process +0, pid ' '^process +1, pid ' '^program +plain_threads' -- info $files
done
expect 0 '"processes":' -- info --json both.stall
expect 0 '"pid": ' -- report --json both.stall
expect 0 '^process number=1 pid=' '^fact process=1 ' -- dump --tables both.stall
expect 0 ' process 0 1/' ' process 1 ' -- dump both.stall
both=$(wc -l <"$work/out")
expect 0 -- dump --process 0 both.stall
first=$(wc -l <"$work/out")
[ "$first" = "$lines" ] || say "process 0 has not its $lines lines, but $first"
expect 0 -- dump --process 1 both.stall
[ $((first + $(wc -l <"$work/out"))) = "$both" ] || say "the processes do not add up"
expect 0 '"process":1' -- dump --json --process 1 both.stall
expect 2 "'2' is no process of the trace; allowed is a number from 0 to 1" -- dump --process 2 both.stall
expect 2 "is no process" -- dump --process x both.stall
for command in check info dump report; do
    expect 0 -- $command --max-processes 2 both.stall
    expect 2 'a process beyond the 1 that a trace may have' -- $command --max-processes 1 both.stall
done
expect 2 'allowed is a number from 1 to 65535' -- check --max-processes 65536 both.stall
expect 2 'allowed is a number from 1 to 65535' -- check --max-processes x both.stall
finish
