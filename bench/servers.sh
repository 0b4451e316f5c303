#!/bin/bash
# servers: redis, memcached and nginx at full load, the tracer toggled inside each of them (bin/servers does
# that, and says what it shows), and the instructions of a request, counted by callgrind.
#
#   servers [PAIRS] [NAME…]     PAIRS 30, NAME redis memcached nginx; PAIRS 0: the instructions alone
#   WHAT="recorder net net,request" servers …   these one after the other, instead of the recorder and a capture of
#                               all that it records by default
set -u
bench=$(dirname "$(readlink -f "$0")")
build=$(readlink -f "$bench/..")
preload=$build/lib/libstallmark-preload.so
pairs=${1:-30}
read -ra what <<<"${WHAT:-}"
[ $# -eq 0 ] || shift
names=("$@")
[ $# -gt 0 ] || names=(redis memcached nginx)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/servers.XXXXXX") || exit 2
pid=
trap 'stop; rm -rf "$tmp"' EXIT
chmod 711 "$tmp"
echo "an answer of some bytes" >"$tmp/page"

stop() {
    [ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null
    pid=
}

# A port that nobody has now.
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'; }

memcached_limit=1000

# describe NAME PORT: how it is started, in $command, and what it is asked, in $ask.
describe() {
    case $1 in
    redis)
        command=(redis-server --port "$2" --bind 127.0.0.1 --save "" --dir "$tmp")
        # shellcheck disable=SC2016 # a dollar of the protocol
        ask='*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n'
        ;;
    memcached)
        command=(memcached -l 127.0.0.1 -p "$2" -U 0 -t 2 -c "$memcached_limit")
        [ "$(id -u)" != 0 ] || command+=(-u root)
        ask='get key\r\n'
        ;;
    nginx)
        cat >"$tmp/nginx.conf" <<CONF
daemon off; master_process off; pid $tmp/nginx.pid; error_log /dev/null;
events { worker_connections 256; }
http {
    access_log off; keepalive_requests 100000000; sendfile on; tcp_nopush on;
    client_body_temp_path $tmp/a; proxy_temp_path $tmp/b; fastcgi_temp_path $tmp/c; uwsgi_temp_path $tmp/d; scgi_temp_path $tmp/e;
    server { listen 127.0.0.1:$2; root $tmp; }
}
CONF
        command=(nginx -c "$tmp/nginx.conf")
        ask='GET /page HTTP/1.1\r\nHost: a\r\n\r\n'
        ;;
    *)
        echo "servers: no server '$1'; there are: redis memcached nginx" >&2
        exit 2
        ;;
    esac
}

await_port() { # PORT
    for _ in $(seq 300); do
        perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new("127.0.0.1:'"$1"'")' && return
        sleep 0.1
    done
    echo "servers: nobody listens on port $1" >&2
    exit 2
}

toggled() { # NAME
    local port
    port=$(free_port)
    describe "$1" "$port"
    env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" "${command[@]}" >/dev/null 2>&1 &
    pid=$!
    await_port "$port"
    "$bench/bin/servers" "$1" $pid "$tmp/agent.sock" "$port" "$pairs" "$ask" "${what[@]}"
    stop
}

# valgrind lets nobody set another hard limit of descriptors than its own, which is 12 below that of its start,
# and memcached sets it to the connections that it is to have.
ulimit -n 1024
memcached_limit=1012

arm() {
    for _ in $(seq 100); do
        [ ! -S "$tmp/agent.sock" ] || break
        sleep 0.1
    done
    curl -fsS -m 30 --unix-socket "$tmp/agent.sock" -X POST 'http://localhost/debug/trace?duration=5m' >/dev/null || exit 2
}

# instructions NAME HOW REQUESTS: of the whole process, which is started, asked so often and ended.
instructions() {
    local port
    port=$(free_port)
    describe "$1" "$port"
    # valgrind's own launcher loads a preload as well, and would take it out of the environment
    local preloaded=(env STALLMARK_FOLLOW_EXEC=1 STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" LD_PRELOAD="$preload")
    [ "$2" != without ] || preloaded=()
    rm -f "$tmp"/callgrind.out.*
    "${preloaded[@]}" valgrind --tool=callgrind --callgrind-out-file="$tmp/callgrind.out.%p" "${command[@]}" >/dev/null 2>&1 &
    pid=$!
    await_port "$port"
    [ "$2" != armed ] || arm
    # shellcheck disable=SC2016 # perl's own
    timeout 120 perl -MIO::Socket::INET -e '
        my ($port, $times, $ask) = @ARGV;
        $ask =~ s/\\r/\r/g; $ask =~ s/\\n/\n/g;
        my $s = IO::Socket::INET->new("127.0.0.1:$port") or exit 1;
        setsockopt $s, 6, 1, 1; # TCP_NODELAY
        for (1 .. $times) { syswrite $s, $ask; sysread $s, my $answer, 65536 or exit 1 }' "$port" "$3" "$ask"
    local server=$pid # valgrind and the server are one process
    stop
    awk '/^totals:/ { print $2; exit }' "$tmp/callgrind.out.$server"
}

# Of one request: the difference of two runs, so that beginning and end fall out.
a_request() { # NAME HOW
    local few many
    few=$(instructions "$1" "$2" 1000)
    many=$(instructions "$1" "$2" 5000)
    echo $(((many - few) / 4000))
}

if [ "$pairs" -gt 0 ]; then
    for name in "${names[@]}"; do
        toggled "$name"
    done
fi
if command -v valgrind >/dev/null; then
    echo "instructions a request in the server's process, by callgrind; one connection, so each request is a turn of the loop"
    for name in "${names[@]}"; do
        echo "$name: without $(a_request "$name" without), disarmed $(a_request "$name" disarmed), armed $(a_request "$name" armed)"
    done
else
    echo "instructions are not counted: valgrind is not installed"
fi
