#!/bin/bash
# symbolize: names, files, lines and inlined functions go into a trace, each as nm and addr2line say; what is
# not known stays an address; nothing is lost, whatever happens.
# usage: symbolize.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

field() { sed -n "s/.* $1=\"\{0,1\}\([^\" ]*\)\"\{0,1\}.*/\1/p"; }

# recorded FILE COMMAND…: a trace as the tracer leaves it.
recorded() {
    local file=$1
    shift
    "$stallmark" record -o "$file" -- "$@" >/dev/null 2>&1 || say "record: exit code $?"
}

# as_nm_says TRACE BINARY: each code symbol of the binary's module begins where nm says that it does, is as long,
# and addr2line gives the same lines and functions, inlined ones too.
as_nm_says() {
    local trace=$1 binary=$2 module address start size inlined function file line count=0 want got
    module=$("$stallmark" dump --tables "$trace" | grep "^module .*/$(basename "$binary")\"" | field id)
    nm -S "$binary" >nm.out
    while read -r address start size inlined function file line; do
        count=$((count + 1))
        if [ "$inlined" = 0 ]; then
            want=$(printf '%016x %016x' "$start" "$size")
            grep -q "^$want [tTwWi] $function\$" nm.out || say "$trace: $function at $start is not in nm's list"
            { [ $((address)) -ge $((start)) ] && [ $((address)) -lt $((start + size)) ]; } || say "$function: $address is not in it"
        fi
        [ -n "$file" ] || continue
        got="$function $(basename "$file"):$line"
        addr2line -fie "$binary" "$address" | paste - - | sed -E 's|\t.*/| |; s| \(discriminator.*||' >lines.out
        grep -qxF -- "$got" lines.out || say "$trace: $address is '$got', addr2line says $(tr '\n' ';' <lines.out)"
    done < <("$stallmark" dump --tables "$trace" | grep "^symbol of=\"code\" module=$module " |
        sed -E 's/.* address=([^ ]*) start=([^ ]*) size=([^ ]*) inlined=([^ ]*) function="([^"]*)"( file="([^"]*)" line=([0-9]*))?.*/\1 \2 \3 \4 \5 \7 \8/')
    [ $count -ge 5 ] || say "$trace: only $count symbols of $binary"
}

# ---- every kind of file ------------------------------------------------------------------------------------

cp "$programs/named" "$programs/named_no_pie" "$programs/libnamed_plugin.so" "$programs/libnamed_other.so" .
for kind in named named_no_pie; do
    recorded $kind.stall "$work/$kind"
    cp $kind.stall $kind.old
    expect 0 'frames have a name' 'symbols added' -- symbolize $kind.stall
    as_nm_says $kind.stall "$work/$kind"
    expect 0 '^clean: .*complete' -- check $kind.stall
    cmp -s <("$stallmark" dump $kind.old) <("$stallmark" dump $kind.stall | sed 's/:"the_shelf[^"]*"//') || say "$kind: the events changed"
    expect 0 'read_a_book \(inlined into reader\) named\.c:3' 'mutex the_shelf\+0x8' -- report --no-symbols $kind.stall
    expect 0 '"inlined_into": \[' -- report --json --no-symbols $kind.stall
    expect 0 'lock_wait .* lock=0x[0-9a-f]*:"the_shelf\+0x8"' -- dump $kind.stall
    expect 0 '"symbols":[1-9]' -- info --json $kind.stall
    [ "$(stat -c %a $kind.stall)" = 600 ] || say "the trace is not 0600 any more"
done

# ---- plugins that were unloaded ------------------------------------------------------------------------------

# Of each alone, its name. Of two that were at one address, one after the other, it is not known which it was: the
# loader puts the first pair wherever there is room, the second to one place.
cp "$programs"/libnamed_*_there.so .
for which in plugin other; do
    recorded alone.stall "$work/named" "$work/libnamed_$which.so"
    expect 0 'symbols added' -- symbolize alone.stall
    "$stallmark" dump --tables alone.stall | grep -q "^symbol of=\"code\" .*function=\"pause_of_the_$which\"" ||
        say "the code of libnamed_$which.so has no name"
done
for tail in '' _there; do
    recorded two.stall "$work/named" "$work/libnamed_plugin$tail.so" "$work/libnamed_other$tail.so"
    "$stallmark" symbolize two.stall >two.out || say "symbolize: exit code $?"
    "$stallmark" dump --tables two.stall >tables
    [ "$(grep -cE "^module .*/libnamed_(plugin|other)$tail.so" tables)" = 2 ] || say "of two modules one is not in the file"
    places=$(grep -E "^module .*/libnamed_(plugin|other)$tail.so" tables | field start | sort -u | wc -l)
    names=$(grep -cE '^symbol of="code" .*function="pause_of_the_(plugin|other)"' tables)
    [ "$places$names" = 22 ] || [ "$places$names" = 10 ] || say "two modules at $places addresses gave $names names"
    [ "$places" = 2 ] || grep -q 'no name: [1-9][0-9]* addresses where two modules were' two.out || say "$(cat two.out)"
done

# ---- again, elsewhere, without ------------------------------------------------------------------------------

cp named.stall once.stall
expect 0 'nothing is new' -- symbolize named.stall
cmp -s named.stall once.stall || say "a second time changes the file"
expect 0 -- symbolize named.old --output copy.stall
cmp -s copy.stall once.stall || say "a copy is not the same"
mv named named.gone
expect 0 'nothing is new' -- symbolize named.stall
cmp -s named.stall once.stall || say "names were lost with the binary"
expect 0 'named\+0x' 'No name for .*/named, build-id [0-9a-f]{40}: the file is gone' 'stallmark symbolize' -- report named.old
expect 0 '"build_id": "[0-9a-f]{40}"' '"reason": "the file is gone"' -- report --json named.old

# Another program of that name: not one of its names.
cp named_no_pie named
cp named.old replaced.stall
expect 0 'no name: .*/named, build-id .*: the file is another one now' -- symbolize replaced.stall
"$stallmark" dump --tables replaced.stall | grep '^symbol .*module=1 ' && say "a replaced binary gave names"

# ---- debug files --------------------------------------------------------------------------------------------

id=$(readelf -n named.gone | sed -n 's/ *Build ID: //p')
mkdir -p debug/.build-id/"${id:0:2}" beside linked
objcopy --only-keep-debug named.gone "debug/.build-id/${id:0:2}/${id:2}.debug"
cp named.old by_id.stall
expect 0 'symbols added' -- symbolize --debug-dir debug by_id.stall
expect 0 'read_a_book \(inlined into reader\) named\.c:' -- report --debug-dir debug named.old
expect 0 'read_a_book \(inlined into reader\) named\.c:' 'mutex the_shelf\+0x8' -- report --no-symbols by_id.stall
# The binary is stripped, and names its debug file.
cp "debug/.build-id/${id:0:2}/${id:2}.debug" linked/named.debug
objcopy --strip-all --add-gnu-debuglink=linked/named.debug named.gone named
cp named.old by_link.stall
expect 0 'named, build-id .*: it is stripped' -- symbolize named.old -o nothing.stall
expect 0 'symbols added' -- symbolize --debug-dir linked by_link.stall
expect 0 'read_a_book \(inlined into reader\) named\.c:' -- report --no-symbols by_link.stall
# A directory with the binaries themselves; and one whose file is another program's.
rm named
cp named.gone beside/named
cp named.old by_copy.stall
expect 0 'symbols added' -- symbolize --debug-dir beside by_copy.stall
cp named_no_pie beside/named
cp named.old by_wrong.stall
expect 0 'named, build-id .*: the file is gone' -- symbolize --debug-dir beside by_wrong.stall

# ---- what cannot be --------------------------------------------------------------------------------------------

expect 2 'one trace file is wanted' -- symbolize
expect 2 'No such' -- symbolize nowhere.stall
expect 2 -- symbolize /etc/passwd
head -c $(($(stat -c %s named.old) - 100)) named.old >cut.stall
cp cut.stall cut.old
expect 2 'has no end' -- symbolize cut.stall
cmp -s cut.stall cut.old || say "a cut file changed"
mv named.gone named
expect 0 'symbols added' -- symbolize cut.stall -o cut_copy.stall
expect 2 'no END' -- check cut_copy.stall
expect 0 'read_a_book \(inlined into reader\) named\.c:' -- report --no-symbols cut_copy.stall
expect 2 'no regular file' -- symbolize named.old -o /dev/null
expect 2 -- symbolize named.old -o nowhere/there.stall
ls ./*.partial 2>/dev/null && say "partial files were left"
ln -s named.old link.stall
expect 0 'symbols added' -- symbolize link.stall
[ -L link.stall ] || say "a symbolic link was replaced by a file"
expect 0 'read_a_book' -- report --no-symbols named.old
finish
