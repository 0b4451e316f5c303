#!/bin/bash
# A script that holds redis for 300 ms now and then, beside 50 clients that get a key: their delay is told, called
# loop delay, and the script is the culprit. Without the script nobody held the loop.
. "$(dirname "$0")/lib.sh"
needs redis-server redis-cli perl

# TCP, since the kernel knows arrivals of no other. Somebody may take the port in between: then another.
port=
for _ in 1 2 3; do
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    serve redis redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir "$tmp"
    for _ in $(seq 100); do
        redis-cli -p "$port" ping >/dev/null 2>&1 && break 2
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    kill $server 2>/dev/null
    server=
done
[ -n "$server" ] || { fail "redis-server does not start"; exit 1; }
# Each asks every 20 ms and waits for its answer: who asks without a pause asks a hundred thousand times between
# two scripts, and then 50 slow ones are no hundredth of them. At its end it says its own 99th percentile, in ms.
cat >"$tmp/clients.pl" <<'PL'
use IO::Socket::INET; use IO::Select; use Time::HiRes "time";
my ($port, $seconds) = @ARGV;
my (%asked, %due, @took);
my $end = time + $seconds;
my $select = IO::Select->new;
for (1 .. 50) {
    my $s = IO::Socket::INET->new("127.0.0.1:$port") or exit 1;
    setsockopt $s, 6, 1, 1; # TCP_NODELAY
    $select->add($s);
    $due{$s} = time + rand 0.02;
}
while (time < $end) {
    for my $s ($select->handles) {
        next if $asked{$s} || time < $due{$s};
        $asked{$s} = time;
        syswrite $s, "*2\r\n\$3\r\nGET\r\n\$3\r\nkey\r\n";
    }
    for my $s ($select->can_read(0.001)) {
        sysread $s, my $answer, 4096 or exit 1;
        push @took, time - $asked{$s};
        ($asked{$s}, $due{$s}) = (0, time + 0.02);
    }
}
@took = sort { $a <=> $b } @took;
printf "%.1f\n", $took[@took * 0.99] * 1000;
PL

# holds N: N scripts, one after the other.
holds() {
    for _ in $(seq "$1"); do
        redis-cli -p "$port" eval 'local t = redis.call("TIME") local from = t[1] * 1000000 + t[2]
            repeat t = redis.call("TIME") until t[1] * 1000000 + t[2] - from >= 300000
            return 1' 0 >/dev/null
        sleep 0.7
    done
}
holds 6 &
scripts=$!
perl "$tmp/clients.pl" "$port" 5 >"$tmp/p99" &
clients=$!
captured redis 5s held
wait $clients
client_p99=$(cat "$tmp/p99")
wait $scripts
perl "$tmp/clients.pl" "$port" 3 >/dev/null &
clients=$!
captured redis 2s free
wait $clients
redis-cli -p "$port" shutdown nosave
wait "$server"
code=$?
[ $code = 0 ] || fail "redis' exit code is $code"
"$stallmark" check "$tmp/held.stall" >"$tmp/check" 2>&1 || { cat "$tmp/check"; fail "the capture is not clean"; }
"$stallmark" report --json "$tmp/held.stall" >"$tmp/held.json"
"$stallmark" report --json "$tmp/free.stall" >"$tmp/free.json"
perl -MJSON::PP -e '
    local $/;
    my $client = pop @ARGV;
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
    # The percentile falls among those that came while a script ran; the client says how long it waited itself.
    my $p99 = $get->{latency}{p99_ns} / 1e6;
    $say->($p99 >= 200 && $p99 <= $client + 10, "the 99th percentile of GET: $p99 ms, $client at the clients");
    my ($slow) = grep { $_->{route} eq "GET" } @{$held->{slowest}};
    my ($loop) = grep { $_->{kind} eq "loop" } @{$slow->{parts}};
    $say->($loop && $loop->{share} > 0.8, "the slowest GET is no loop delay");
    my ($finding) = grep { $_->{kind} eq "event loop" && $_->{culprit} eq "EVAL" } @{$held->{findings}};
    $say->($finding && $finding->{culprit_kind} eq "request", "EVAL is not named as the culprit");
    $say->($finding && $finding->{delayed_requests} >= 50, "too few requests were delayed");
    $say->($finding && $finding->{routes}[0]{route} eq "GET", "GET is not what was delayed");
    my @false = grep { $_->{kind} eq "event loop" && $_->{culprit} eq "EVAL" } @{$free->{findings}};
    $say->(!@false, "a script is blamed that did not run");
    printf "EVAL %.0f ms at most, GET %.0f, of that loop delay %.0f; 99th percentile %.1f ms, %.1f at the clients\n",
        $script, $most, $delay, $p99, $client;
    exit $bad' "$tmp/held.json" "$tmp/free.json" "$client_p99" || {
    bad=1
    "$stallmark" report "$tmp/held.stall" | head -40
}
exit $bad
