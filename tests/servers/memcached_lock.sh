#!/bin/bash
# shellcheck disable=SC2016 # what is asked is perl
# memcached with eight threads, all of whose clients count on one key: the report names the lock that they stand in line
# for, whose requests, and who had it. Debian's binary has no symbols: the function is an address. With SMK_LONG another
# is built from Debian's source, where it is to be reached, and its functions have names.
# usage: memcached_lock.sh BUILD
. "$(dirname "$0")/lib.sh"
needs memcached perl
cat >"$tmp/load.pl" <<'PL'
use IO::Socket::UNIX;
my ($path, $seconds) = @ARGV;
my $end = time + $seconds;
$SIG{TERM} = sub { kill 'TERM', 0; exit 0 };
my @children = map { my $pid = fork; if (!$pid) {
    $SIG{TERM} = 'DEFAULT';
    my $s = IO::Socket::UNIX->new(Peer => $path) or exit 1;
    print $s "set hot 0 0 1\r\n1\r\n"; $s->flush; <$s>;
    my $many = "incr hot 1\r\n" x 200;
    while (time < $end) {
        print $s $many; $s->flush;
        <$s> =~ /^\d/ or exit 2 for 1 .. 200;
    }
    exit 0;
} $pid } 1 .. 16;
for (@children) { waitpid $_, 0; $bad |= $? }
exit $bad ? 1 : 0;
PL

# contended BINARY NAME CONDITION: a finding about a lock of which that is so.
contended() {
    local found=
    rm -f "$tmp/mc.sock" "$tmp/$2.agent"
    serve "$2" "$1" -u "$(id -un)" -s "$tmp/mc.sock" -t 8 -m 64
    for turn in 1 2 3; do
        perl "$tmp/load.pl" "$tmp/mc.sock" 3 &
        loads+=($!)
        sleep 0.3
        captured "$2" 1500ms "$2"
        loaded
        export condition=$3
        has_finding "$2" '$f->{kind} =~ /^(lock contention|convoy|holder preempted)$/ && $f->{threads} >= 4 &&
            grep({ $_->{route} eq "incr" } @{$f->{routes}}) && $f->{waits}{count} > 50 && $f->{held_in}[0]{threads} >= 4 &&
            eval $ENV{condition}' >"$tmp/out" && found=1 && break
        echo "$2, try $turn: the lock is not named"
    done
    [ -n "$found" ] || { cat "$tmp/out"; fail "$2: the lock is not named"; }
    "$stallmark" report "$tmp/$2.stall" | grep -A 11 '^[0-9]  mutex '
    end_all
}

contended memcached packaged '$f->{held_in}[0]{function} =~ /^memcached/'
[ -n "${SMK_LONG:-}" ] || exit $bad

# The source, by apt's own means, with lists of its own.
mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache/archives/partial"
. /etc/os-release
echo "deb-src http://deb.debian.org/debian ${VERSION_CODENAME:-bookworm} main" >"$tmp/apt/sources.list"
apt=(apt-get -qq -o "Dir::State::lists=$tmp/apt/lists" -o "Dir::Etc::sourcelist=$tmp/apt/sources.list"
    -o "Dir::Etc::sourceparts=-" -o "Dir::Cache=$tmp/apt/cache")
(cd "$tmp" && timeout 120 "${apt[@]}" update && timeout 120 "${apt[@]}" source --download-only memcached) >"$tmp/fetch" 2>&1
source=$(find "$tmp" -maxdepth 1 -name 'memcached_*.orig.tar.*' | head -1)
[ -n "$source" ] || { echo "(Debian's source is not to be reached: no build with symbols)"; exit $bad; }
mkdir "$tmp/memcached" && tar -xf "$source" -C "$tmp/memcached" --strip-components=1
(cd "$tmp/memcached" && ./configure CFLAGS="-g -O2" && make -j2 memcached) >"$tmp/build" 2>&1 || {
    tail -20 "$tmp/build"
    fail "memcached is not built"
    exit 1
}
contended "$tmp/memcached/memcached" named \
    '$f->{waiting_in}[0]{function} eq "item_lock" && $f->{held_in}[0]{function} eq "item_unlock" && $f->{held_in}[0]{line}'
exit $bad
