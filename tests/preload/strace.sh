#!/bin/bash
# What we say was called is what strace saw: redis, memcached and nginx under load, the calls of the record
# (calls.seen) against the system calls of the host's own threads, within 1 %.
#
# strace's log and not its summary (-c): the tracer's own threads, known by the names that they give
# themselves, are left out of it. A wrapper counts a call of a function of libc; where several of them make
# one system call they are added up. What libc calls inside itself (stdio's own reads) is the system's alone,
# and within the 1 %.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || { echo "no strace"; exit 77; }
strace -f -o /dev/null true 2>/dev/null || { echo "strace may not trace here"; exit 77; }
chmod 711 "$tmp"

# start NAME COMMAND…: under the preload and strace; the server's own pid in $server, strace's in $tracer.
start() {
    local name=$1
    shift
    strace -f -qq -o "$tmp/$name.strace" env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/$name.stall" \
        "$@" >"$tmp/$name.log" 2>&1 &
    tracer=$!
}

# The host's own system calls, "name number" a line.
kernel_counts() {
    awk '
        $2 ~ /^execve\(/ { delete count } # what follows is the server
        { pid = $1; call = $2; sub(/\(.*/, "", call) }
        call == "prctl" && /PR_SET_NAME, "stallmark/ { ours[pid] = 1 }
        call ~ /^[a-z]/ { count[pid, call]++; calls[call] = 1; pids[pid] = 1 }
        END {
            for (call in calls) {
                sum = 0
                for (pid in pids)
                    sum += ours[pid] ? 0 : count[pid, call]
                print call, sum
            }
        }' "$1"
}

# agrees NAME SYSCALL FUNCTION…: for those that were called 500 times at least.
agrees() {
    local name=$1 call=$2 kernel seen=0 function
    shift 2
    kernel=$(awk -v call="$call" '$1 == call { print $2 }' "$tmp/$name.kernel")
    for function in "$@"; do
        seen=$((seen + $(awk -v call="$function" '$1 == call { n = $2 } END { print n + 0 }' "$tmp/$name.seen")))
    done
    [ "${kernel:-0}" -ge 500 ] || [ "$seen" -ge 500 ] || return
    echo "$name: $call: strace saw ${kernel:-0}, we saw $seen"
    compared=$((compared + 1))
    awk -v a="${kernel:-0}" -v b="$seen" 'BEGIN { d = a - b; exit !(d * d <= a * a / 10000) }' ||
        fail "$name: $call differs by more than 1 %"
}

# compare NAME LEAST: at least so many calls of the table had to be many enough.
compare() {
    compared=0
    is_clean "$tmp/$1.stall"
    kernel_counts "$tmp/$1.strace" >"$tmp/$1.kernel"
    fact calls.seen "$tmp/$1.stall" | sed 's/\\n/\n/g' >"$tmp/$1.seen"
    agrees "$1" read read __read_chk
    agrees "$1" write write
    agrees "$1" readv readv
    agrees "$1" writev writev
    agrees "$1" pread64 pread pread64 __pread_chk __pread64_chk
    agrees "$1" recvfrom recv recvfrom __recv_chk __recvfrom_chk
    agrees "$1" sendto send sendto
    agrees "$1" sendmsg sendmsg
    agrees "$1" recvmsg recvmsg
    agrees "$1" sendfile sendfile sendfile64
    agrees "$1" epoll_wait epoll_wait
    agrees "$1" openat open open64 openat openat64 __open_2 __open64_2
    agrees "$1" close close
    [ "$compared" -ge "$2" ] || fail "$1: only $compared calls were many enough to compare"
}

if command -v redis-server >/dev/null && command -v redis-cli >/dev/null; then
    mkdir "$tmp/redis"
    start redis redis-server --port 0 --unixsocket "$tmp/redis.sock" --save "" --dir "$tmp/redis"
    await_file "$tmp/redis.sock"
    expect "redis" "$(redis-cli -s "$tmp/redis.sock" -r 7000 incr n | tail -1)" 7000
    redis-cli -s "$tmp/redis.sock" shutdown nosave
    await_end "$tracer" redis-server
    compare redis 3
fi

# One connection that asks so often, and reads each answer to its last line.
cat >"$tmp/ask.pl" <<'PL'
use IO::Socket::UNIX;
my ($path, $times, $ask, $last) = @ARGV;
$ask =~ s/\\r/\r/g; $ask =~ s/\\n/\n/g;
my $s = IO::Socket::UNIX->new(Peer => $path) or exit 1;
for (1 .. $times) {
    syswrite $s, $ask;
    my $line;
    do { defined($line = <$s>) or exit 2 } until $line =~ /$last/;
}
PL

if command -v memcached >/dev/null; then
    mkdir "$tmp/memcached"
    chmod 777 "$tmp/memcached"
    start memcached memcached -u nobody -s "$tmp/memcached/sock" -a 0777 -t 2 -m 64
    await_file "$tmp/memcached/sock"
    perl "$tmp/ask.pl" "$tmp/memcached/sock" 7000 'set k 0 0 5\r\nhello\r\n' '^STORED' || fail "memcached does not store"
    pkill -TERM -P "$tracer"
    await_end "$tracer" memcached
    compare memcached 2
fi

if command -v nginx >/dev/null; then
    mkdir -p "$tmp/nginx"
    echo "the last line" >"$tmp/nginx/page"
    cat >"$tmp/nginx/conf" <<CONF
daemon off; master_process off; pid $tmp/nginx/pid; error_log $tmp/nginx/error;
events { worker_connections 64; }
http {
    access_log $tmp/nginx/access; keepalive_requests 100000; sendfile on;
    client_body_temp_path $tmp/nginx/a; proxy_temp_path $tmp/nginx/b; fastcgi_temp_path $tmp/nginx/c;
    uwsgi_temp_path $tmp/nginx/d; scgi_temp_path $tmp/nginx/e;
    server { listen unix:$tmp/nginx/sock; root $tmp/nginx; }
}
CONF
    start nginx nginx -c "$tmp/nginx/conf"
    await_file "$tmp/nginx/sock"
    perl "$tmp/ask.pl" "$tmp/nginx/sock" 7000 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n' '^the last line' || fail "nginx does not serve"
    kill -QUIT "$(cat "$tmp/nginx/pid")"
    await_end "$tracer" nginx
    compare nginx 5
fi
exit $bad
