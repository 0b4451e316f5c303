#!/bin/bash
# redis and memcached under the preload: they serve, end by themselves with their own code, and the files are
# whole.
. "$(dirname "$0")/lib.sh"

# requests ROUTE FILE: how many of a route there are.
requests() {
    "$stallmark" report --json "$2" | perl -MJSON::PP -e 'local $/; my $r = decode_json(<STDIN>);
        print map { $_->{latency}{count} } grep { $_->{route} eq $ARGV[0] } @{$r->{routes}}' "$1"
}

# Servers are started as `env … &`, not by a function: $! is to be the server itself.
if command -v redis-server >/dev/null && command -v redis-cli >/dev/null; then
    mkdir "$tmp/redis"
    env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/redis.stall" redis-server --port 0 --unixsocket "$tmp/redis.sock" --io-threads 2 \
        --io-threads-do-reads yes --appendonly yes --save "" --dir "$tmp/redis" >"$tmp/redis.log" 2>&1 &
    pid=$!
    await_file "$tmp/redis.sock"
    expect "redis" "$(redis-cli -s "$tmp/redis.sock" set k v)" OK
    redis-cli -s "$tmp/redis.sock" -r 200 get k | sort -u >"$tmp/got"
    expect "redis" "$(cat "$tmp/got")" v
    redis-cli -s "$tmp/redis.sock" bgrewriteaof >/dev/null # a child by fork
    sleep 0.5
    redis-cli -s "$tmp/redis.sock" shutdown nosave
    await_end $pid redis-server
    wait $pid
    expect "redis' exit code" $? 0
    is_clean "$tmp/redis.stall"
    expect "redis' end" "$(fact capture.reason "$tmp/redis.stall")" exit
    [ "$(count thread_start "$tmp/redis.stall")" -ge 4 ] || fail "redis' threads were not seen"
    expect "redis' requests" "$(requests GET "$tmp/redis.stall") $(requests SET "$tmp/redis.stall")" "200 1"
fi
if command -v memcached >/dev/null; then
    # As root it gives up its rights before a thread of ours begins: the file is root's, and whole all the same.
    user=$(id -un)
    [ "$user" = root ] && user=nobody
    chmod 711 "$tmp"
    mkdir "$tmp/mc"
    [ "$user" = "$(id -un)" ] || chown "$user" "$tmp/mc"
    env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/mc.stall" memcached -u "$user" -s "$tmp/mc/mc.sock" -t 4 -m 64 &
    pid=$!
    await_file "$tmp/mc/mc.sock"
    cat >"$tmp/load.pl" <<'PL'
use IO::Socket::UNIX;
my @children = map { my $pid = fork; if (!$pid) {
    my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
    for my $n (1 .. 500) {
        print $s "set k$n 0 0 5\r\nhello\r\n"; $s->flush;
        <$s> =~ /^STORED/ or exit 2;
    }
    exit 0;
} $pid } 1 .. 6;
for (@children) { waitpid $_, 0; $bad |= $? }
exit $bad ? 1 : 0;
PL
    perl "$tmp/load.pl" "$tmp/mc/mc.sock" || fail "memcached does not store"
    kill -TERM $pid
    await_end $pid memcached
    wait $pid
    expect "memcached's exit code" $? 0
    is_clean "$tmp/mc.stall"
    [ "$(count thread_start "$tmp/mc.stall")" -ge 4 ] || fail "memcached's threads were not seen"
    expect "memcached's requests" "$(requests set "$tmp/mc.stall")" 3000
fi
exit $bad
