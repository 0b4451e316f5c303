#!/bin/bash
# shellcheck disable=SC2016 # what is asked is perl
# redis that flushes its log for every answer: the report names the flush, the function that makes it and what it takes
# of SET's time, though many requests wait for one flush. With everysec, and of GET alone, it says nothing of the disk.
# usage: redis_fsync.sh BUILD
. "$(dirname "$0")/lib.sh"
needs redis-server redis-benchmark perl
mkdir "$tmp/redis"

try() { # WAY
    serve redis redis-server --port 0 --unixsocket "$tmp/redis.sock" --save "" --appendonly yes --appendfsync "$1" \
        --dir "$tmp/redis"
    redis-benchmark -s "$tmp/redis.sock" -c 20 -n 10000000 -t set -q >/dev/null 2>&1 &
    loads+=($!)
    sleep 0.3
    captured redis 1500ms "$1"
    end_all
    rm -f "$tmp/redis.sock" "$tmp/redis.agent"
}

# Where a flush takes no time (a file system in memory) there is nothing to be found.
found=
for turn in 1 2 3; do
    try always
    [ "$("$stallmark" dump "$tmp/always.stall" | grep -c 'disk_wait.*fdatasync')" -gt 100 ] ||
        skip "fdatasync does not wait here"
    has_finding always '
        $f->{kind} eq "disk" && $f->{call} eq "fdatasync" && $f->{routes}[0]{route} eq "SET" &&
        $f->{routes}[0]{share} > 0.2 && $f->{routes}[0]{waits} > 3 * $f->{waiting_in}[0]{count} &&
        $f->{waiting_in}[0]{function} eq "flushAppendOnlyFile" &&
        $f->{waiting_in}[0]{what} =~ /appendonly/ &&
        $f->{cost_ns} == [sort { $b <=> $a } map { $_->{cost_ns} } @{$r->{findings}}]->[0]' >"$tmp/out" && found=1 && break
    echo "try $turn: fdatasync is not named"
done
[ -n "$found" ] || { cat "$tmp/out"; fail "fdatasync is not named"; }
"$stallmark" report "$tmp/always.stall" | sed -n '/^1  /,/^$/p'
# A request that was read with others and answered behind the flush has it among its parts, and adds up. One that still
# ran at the end was in a flush of which no event tells: it is disk, without the call.
"$stallmark" request "$tmp/always.stall" SET >"$tmp/request" || fail "no answer about the slowest SET"
disk='^  disk .*fdatasync'
! head -n 1 "$tmp/request" | grep -q 'still running' || disk='^  disk '
grep -qE "$disk" "$tmp/request" || { cat "$tmp/request"; fail "the slowest SET has no flush"; }

is_silent disk "the disk is blamed with everysec" everysec
exit $bad
