#!/bin/bash
# A script that holds redis for 300 ms now and then, beside 50 clients that get a key: their delay is told, called
# loop delay, and the script is the culprit. Without the script nobody held the loop.
. "$(dirname "$0")/lib.sh"
for needed in redis-server redis-benchmark redis-cli perl; do
    command -v $needed >/dev/null || exit 77
done

# TCP, since the kernel knows arrivals of no other. Somebody may take the port in between: then another.
port=
for _ in 1 2 3; do
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" redis-server \
        --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir "$tmp" >"$tmp/redis.log" 2>&1 &
    server=$!
    for _ in $(seq 100); do
        redis-cli -p "$port" ping >/dev/null 2>&1 && break 2
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    kill $server 2>/dev/null
    server=
done
[ -n "$server" ] || { fail "redis-server does not start"; exit 1; }
redis-benchmark -h 127.0.0.1 -p "$port" -c 50 -n 100000000 -t get >/dev/null 2>&1 &
clients=$!

# holds N: N scripts, one after the other.
holds() {
    for _ in $(seq "$1"); do
        redis-cli -p "$port" eval 'local t = redis.call("TIME") local from = t[1] * 1000000 + t[2]
            repeat t = redis.call("TIME") until t[1] * 1000000 + t[2] - from >= 300000
            return 1' 0 >/dev/null
        sleep 0.7
    done
}
sleep 0.5
holds 7 &
scripts=$!
"$stallmark" capture "$tmp/agent.sock" --duration 5s -o "$tmp/held.stall" >/dev/null || fail "no capture with the script"
wait $scripts
"$stallmark" capture "$tmp/agent.sock" --duration 2s -o "$tmp/free.stall" >/dev/null || fail "no capture without"
kill $clients
redis-cli -p "$port" shutdown nosave
wait $server
expect "redis' exit code" $? 0
is_clean "$tmp/held.stall"
"$stallmark" report --json "$tmp/held.stall" >"$tmp/held.json"
"$stallmark" report --json "$tmp/free.stall" >"$tmp/free.json"
perl -MJSON::PP -e '
    local $/;
    my ($held, $free) = map { open my $f, "<", $_ or die; decode_json(<$f>) } @ARGV;
    my %route = map { $_->{route} => $_ } @{$held->{routes}};
    my ($get, $eval) = @route{"GET", "EVAL"};
    my $bad = 0;
    my $say = sub { my ($ok, $what) = @_; return if $ok; print "FAILED: $what\n"; $bad = 1 };
    $say->($eval && $eval->{latency}{count} >= 2, "EVAL was not seen");
    $say->($get && $get->{latency}{count} > 1000, "GET was not seen");
    # What a script of 300 ms took, on whatever machine; somebody waited for nearly all of it.
    my ($script, $most) = map { $_->{latency}{max_ns} / 1e6 } $eval, $get;
    my $delay = $get->{loop_delay_max_ns} / 1e6;
    $say->($script >= 295, "EVAL took $script ms");
    $say->($most >= 290, "GET shows $most ms at most");
    $say->($delay >= 290 && $delay <= $most, "loop delay of GET: $delay of $most ms");
    my ($slow) = grep { $_->{route} eq "GET" } @{$held->{slowest}};
    my ($loop) = grep { $_->{kind} eq "loop" } @{$slow->{parts}};
    $say->($loop && $loop->{share} > 0.8, "the slowest GET is no loop delay");
    my ($finding) = grep { $_->{kind} eq "event loop" && $_->{culprit} eq "EVAL" } @{$held->{findings}};
    $say->($finding && $finding->{culprit_kind} eq "request", "EVAL is not named as the culprit");
    $say->($finding && $finding->{delayed_requests} >= 50, "too few requests were delayed");
    $say->($finding && $finding->{routes}[0]{route} eq "GET", "GET is not what was delayed");
    my @false = grep { $_->{kind} eq "event loop" && $_->{culprit} eq "EVAL" } @{$free->{findings}};
    $say->(!@false, "a script is blamed that did not run");
    printf "EVAL %.0f ms at most, GET %.0f, of that loop delay %.0f\n", $script, $most, $delay;
    exit $bad' "$tmp/held.json" "$tmp/free.json" || {
    bad=1
    "$stallmark" report "$tmp/held.stall" | head -40
}
exit $bad
