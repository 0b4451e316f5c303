#!/bin/bash
# The stacks of redis, as Debian has it: each address that a symbol of its file takes in has that symbol's name,
# and none has another. libc's the same, where it has its debug file or not.
. "$(dirname "$0")/lib.sh"

if ! command -v redis-server >/dev/null || ! command -v nm >/dev/null; then
    echo "redis-server or nm is not there"
    exit 0
fi
mkdir "$tmp/redis"
recorded "$tmp/redis.stall" redis-server --port 0 --unixsocket "$tmp/redis.sock" --io-threads 2 --appendonly yes \
    --save "" --dir "$tmp/redis" >"$tmp/redis.log" 2>&1 &
pid=$!
for _ in $(seq 100); do
    [ -e "$tmp/redis.sock" ] && break
    sleep 0.1
done
redis-cli -s "$tmp/redis.sock" -r 300 incr n >/dev/null
redis-cli -s "$tmp/redis.sock" -r 5 -i 0.05 debug sleep 0.01 >/dev/null
redis-cli -s "$tmp/redis.sock" shutdown nosave
for _ in $(seq 100); do
    kill -0 $pid 2>/dev/null || break
    sleep 0.1
done
kill -9 $pid 2>/dev/null
"$stallmark" symbolize "$tmp/redis.stall" || fail "symbolize: exit code $?"
is_clean "$tmp/redis.stall"
"$stallmark" dump --tables "$tmp/redis.stall" >"$tmp/tables"

# One module: addresses of its frames, from the stacks; what the file says of each; what nm says.
cat >"$tmp/compare.pl" <<'PL'
use strict;
my ($tables, $name) = @ARGV;
my (%module, %said, %frames, @symbols, $path);
open my $in, '<', $tables or die;
while (<$in>) {
    $path = $1, $module{$2 // ''} = 1 if /^module .*path="(.*\/\Q$name\E)"/;
    my ($id) = /^module id=(\d+) .*path=".*\/\Q$name\E"/;
    $module{$id} = 1 if $id;
    $said{hex $2} = [hex $3, $4, $5] if /^symbol of="code" module=(\d+) address=(\S+) start=(\S+) size=(\d+) inlined=0 function="([^"]*)"/ && $module{$1};
}
seek $in, 0, 0;
while (<$in>) {
    next unless /^stack /;
    $frames{hex($1) - 1}++ while /\(\Q$name\E\+(0x[0-9a-f]+)\)/g;
}
my $static = `nm -S --defined-only '$path' 2>/dev/null` || `nm -D -S --defined-only '$path'`;
for (split /\n/, $static) {
    push @symbols, [hex $1, hex $2, $3] if /^([0-9a-f]+) ([0-9a-f]+) [tTwWiuV] ([^\@]+)/;
}
my ($all, $named, $wrong) = (0, 0, 0);
for my $address (keys %frames) {
    my @over = grep { $address >= $_->[0] && $address < $_->[0] + $_->[1] } @symbols;
    my $got = $said{$address};
    $all += $frames{$address};
    $named += $frames{$address} if $got;
    # A debug file may know more than nm of the stripped one: then the name is not compared.
    next if !@over && (!$got || $ENV{MORE});
    next if $got && grep { $got->[0] == $_->[0] && ($got->[2] =~ /^\Q$_->[2]\E(\@|$)/ || $ENV{MORE}) } @over;
    next if $got && $ENV{MORE};
    $wrong++;
    printf "%s+0x%x: %s, nm: %s\n", $name, $address, $got ? $got->[2] : 'no name', join ' ', map { $_->[2] } @over;
}
printf "%s: %d of %d frames have a name, %d addresses are wrong\n", $name, $named, $all, $wrong;
exit($wrong || !$all);
PL
exe=$(basename "$(readlink -f "$(command -v redis-server)")")
perl "$tmp/compare.pl" "$tmp/tables" "$exe" || fail "names of $exe"
MORE=1 perl "$tmp/compare.pl" "$tmp/tables" libc.so.6 || fail "names of libc"
grep -q 'function="aeMain"' "$tmp/tables" || fail "aeMain is in no stack"
exit $bad
