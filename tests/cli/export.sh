#!/bin/bash
# export: formats by name, where it writes to, and what it refuses. What the formats hold is of tests/export.
# usage: export.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
expect 0 -- record -o article.stall -- "$build/examples/article"

expect 0 -- export article.stall --format perfetto -o out.pftrace
[ -s out.pftrace ] || say "there is no file"
[ -s "$work/out" ] || [ -s "$work/err" ] && say "it says something into a pipe"
expect 0 -- export --format=perfetto -o - article.stall
cmp -s "$work/out" out.pftrace || say "standard output gets something else than a file"
expect 0 -- export article.stall -fperfetto --output bare.pftrace --no-symbols --debug-dir .
cmp -s bare.pftrace out.pftrace && say "--no-symbols changes nothing"
expect 0 -- export article.stall article.stall -f perfetto -o twice.pftrace --max-processes 1
cmp -s twice.pftrace out.pftrace || say "a file that is given twice counts twice"

expect 2 "'nonsense' is no value for --format; allowed are perfetto(, [a-z-]+)*$" -- export article.stall --format nonsense -o x
expect 2 '--format is missing; allowed are perfetto' -- export article.stall -o x
expect 2 'cannot be written to standard output' -- export article.stall --format sqlite -o -
expect 2 '--output is missing' -- export article.stall --format perfetto
expect 2 'a trace file is missing' -- export --format perfetto -o x
expect 2 -- export nowhere.stall --format perfetto -o x
expect 2 -- export "$stallmark" --format perfetto -o x
expect 2 'nowhere/x: No such file' -- export article.stall --format perfetto -o nowhere/x
expect 2 "'/nowhere' is no value for --debug-dir: No such file or directory" -- \
    export article.stall -f perfetto -o x --debug-dir /nowhere
expect 2 "'article.stall' is no value for --debug-dir: it is no directory" -- \
    export article.stall -f perfetto -o x --debug-dir article.stall
expect 2 "'0' is no value for --max-processes; allowed is a number from 1 to 65535" -- \
    export --max-processes 0 article.stall -f perfetto -o x
expect 2 'allowed is a number from 1 to 65535' -- export --max-processes 65536 article.stall -f perfetto -o x
[ -e x ] && say "a refused export leaves a file"
expect 2 '/dev/full could not be written: No space left' -- export article.stall -f perfetto -o /dev/full
expect 2 '/dev/full could not be written: No space left' -- export article.stall -f folded -o /dev/full
for format in csv folded html; do
    [ "$format" = html ] && [ -n "$(cat "$build/viewer/why.txt")" ] && continue
    "$stallmark" export article.stall -f "$format" -o - >/dev/full 2>err && say "$format: a full disk is not said"
    grep -q 'standard output.* written' err || say "$format: $(cat err)"
done
[ -c /dev/full ] || say "what is no file of ours was removed"

# What is read is not written over.
cp article.stall kept.stall
ln -s article.stall link.stall
for format in csv sqlite; do
    expect 2 "'link.stall' is no value for --output: it is a trace that is read" -- \
        export kept.stall article.stall -f $format -o link.stall
done
expect 2 'it is a trace that is read' -- export kept.stall -f html -o article.stall --before article.stall
cmp -s kept.stall article.stall || say "the trace was written over"
mkdir there
expect 2 'there: File exists; allowed is a directory that is not there yet' -- export article.stall -f ctf -o there
[ -d there ] || say "a directory that was there is gone"

# All that the error names, and --help says.
"$stallmark" export article.stall --format nonsense -o x 2>&1 | sed 's/.*allowed are //; s/, /\n/g' >formats
why=$(cat "$build/viewer/why.txt")
while read -r format; do
    "$stallmark" export --help | grep -qE "^  $format +" || say "--help does not say what $format is"
    if [ "$format" = html ] && [ -n "$why" ]; then
        expect 2 "has no viewer: $why" -- export article.stall --format html -o no.html
        continue
    fi
    expect 0 -- export article.stall --format "$format" -o "out.$format"
    [ -e "out.$format" ] || say "$format: there is nothing"
done <formats
[ -n "$why" ] || expect 0 -- export article.stall -f html -o - --max-bytes 600KiB --before article.stall
[ "$(wc -c <"$work/out")" -le 614400 ] || say "the page is larger than it may be"
for size in 511KiB 257MiB 8 8MiBs -1 ''; do
    expect 2 'no value for --max-bytes; allowed is a size from 512KiB to 256MiB' -- \
        export article.stall -f html -o x --max-bytes "$size"
done
expect 2 'are of html; allowed with csv is neither' -- export article.stall -f csv -o x --before article.stall
expect 2 'nowhere.stall' -- export article.stall -f html -o x --before nowhere.stall
finish
