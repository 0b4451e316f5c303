# shellcheck shell=bash disable=SC2034 # what is set here is used by those who read it
# What the tests of real servers share: each is started with the agent in it and a socket in the test's directory, gets
# a load, and is captured. Each test is run as <name>.sh BUILD.
set -u
build=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
stallmark=$build/bin/stallmark
preload=$build/lib/libstallmark-preload.so
tmp=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-servers.XXXXXX") || exit 2
chmod 711 "$tmp"
pids=()
loads=()
bad=0

end_all() {
    local pid
    for pid in "${loads[@]}" "${pids[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    pids=()
    loads=()
}
trap 'end_all; rm -rf "$tmp"' EXIT

fail() {
    echo "FAILED: $*"
    bad=1
}

skip() {
    echo "($*)"
    exit 77
}

needs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

await() { # PATH
    for _ in $(seq 200); do
        [ -e "$1" ] && return
        sleep 0.05
    done
    fail "$1 does not appear"
    return 1
}

# serve NAME COMMAND…: with the agent in it, at $tmp/NAME.agent; $server is its pid. SHIM is preloaded behind ours.
serve() {
    local name=$1
    shift
    env LD_PRELOAD="$preload${SHIM:+:$SHIM}" STALLMARK_SOCKET="$tmp/$name.agent" STALLMARK_DIRECTORY="$tmp" "$@" \
        >"$tmp/$name.log" 2>&1 &
    server=$!
    pids+=($!)
    await "$tmp/$name.agent" || cat "$tmp/$name.log"
}

# captured NAME DURATION FILE
captured() {
    "$stallmark" capture "$tmp/$1.agent" --duration "$2" -o "$tmp/$3.stall" >"$tmp/capture.log" 2>&1 || {
        fail "no capture of $1"
        cat "$tmp/capture.log"
    }
}

# load PROTOCOL ADDRESS SECONDS WHAT…: clients that ask for it, each 200 times a second at most.
load() {
    perl "$here/load.pl" "$@" &
    loads+=($!)
}

loaded() { # waits for all load
    local pid
    for pid in "${loads[@]}"; do
        wait "$pid" || fail "a client was not answered"
    done
    loads=()
}

# has_finding FILE PERL-CONDITION: of a finding $f of the report $r; prints the findings where there is none.
has_finding() {
    "$stallmark" report --json "$tmp/$1.stall" >"$tmp/$1.json" || return 1
    perl -MJSON::PP -e '
        local $/; open my $in, "<", $ARGV[0] or die;
        our $r = decode_json(<$in>);
        for our $f (@{$r->{findings}}) { exit 0 if eval $ARGV[1]; die $@ if $@ }
        exit 1' "$tmp/$1.json" "$2" || {
        "$stallmark" report "$tmp/$1.stall" | head -60
        return 1
    }
}

# is_silent KIND WORDS NAME ARGUMENTS…: one of three tries (`try` of the test, which makes $tmp/NAME.stall) has no finding of
# this kind; WORDS say what it is to have one.
is_silent() {
    local kind=$1 words=$2 turn
    shift 2
    for turn in 1 2 3; do
        try "$@"
        has_finding "$1" "\$f->{kind} eq \"$kind\"" >"$tmp/out" || return 0
        echo "try $turn: $words"
    done
    cat "$tmp/out"
    fail "$words"
}
