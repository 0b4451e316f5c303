#!/bin/bash
# shellcheck disable=SC2016 # what is asked is perl
# nginx whose disk is slow for one file (slow_file.c, below the tracer): by sendfile, by reads, and by reads in threads of
# its own. The report names the call, the file and the route; files that are there have no finding.
# usage: nginx_disk.sh BUILD
. "$(dirname "$0")/lib.sh"
needs nginx perl
SHIM=$build/tests/servers/libslow_file.so
mkdir -p "$tmp/logs"
head -c 20000 /dev/zero >"$tmp/slow"
head -c 20000 /dev/zero >"$tmp/quick"

start() { # DIRECTIVES
    cat >"$tmp/conf" <<CONF
daemon off; master_process off; error_log logs/error; pid logs/pid; events {} thread_pool default threads=2;
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5; server { listen unix:$tmp/nginx.sock; root $tmp; $1 } }
CONF
    rm -f "$tmp/nginx.sock" "$tmp/nginx.agent"
    serve nginx nginx -p "$tmp" -c "$tmp/conf"
}

try() { # FILE PATH…
    local file=$1
    shift
    load http "$tmp/nginx.sock" 2 "$@"
    sleep 0.3
    captured nginx 1s "$file"
    loaded
}

# names WAY CALL FINDING: with these directives the slow file's call is the most costly finding.
names() {
    local found=
    for turn in 1 2 3; do
        try "$1" /slow /quick
        export call=$2
        has_finding "$1" '$f->{kind} eq "disk" && $f->{call} eq $ENV{call} && $f->{routes}[0]{route} eq "GET /slow" &&
            $f->{routes}[0]{share} > 0.2 && $f->{waiting_in}[0]{what} =~ m|/slow$| && $f->{waiting_in}[0]{max_ns} > 29e6 &&
            $f->{cost_ns} == [sort { $b <=> $a } map { $_->{cost_ns} } @{$r->{findings}}]->[0]' >"$tmp/out" && found=1 && break
        echo "$1, try $turn: the file is not named"
    done
    [ -n "$found" ] || { cat "$tmp/out"; fail "$1: the file is not named"; }
    "$stallmark" report "$tmp/$1.stall" | sed -n '/^1  /,/^$/p'
}

start "sendfile on;"
names sendfile sendfile64
is_silent disk "a disk is blamed that is not slow" quick /quick
end_all
start "sendfile off;"
names reads pread64
exit $bad
