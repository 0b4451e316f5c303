# shellcheck shell=bash disable=SC2034 # what is set here is used by those who read it
# What the tests of the preload share. Each is run as <name>.sh BUILD.
set -u
build=$1
programs=$build/tests/preload
preload=$build/lib/libstallmark-preload.so
stallmark=$build/bin/stallmark
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

fail() {
    echo "FAILED: $*"
    bad=1
}

# expect WHAT GOT WANTED
expect() { [ "$2" = "$3" ] || fail "$1: got '$2', not '$3'"; }

# recorded FILE COMMAND…: runs it under the preload, recording to FILE, with its own output and exit code.
recorded() {
    local file=$1
    shift
    env LD_PRELOAD="$preload" STALLMARK_RECORD="$file" "$@"
}

# with_agent COMMAND…: the same with the agent in it, its socket in the test's directory.
with_agent() { env LD_PRELOAD="$preload" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" "$@"; }

# is_clean FILE: the file is whole.
is_clean() {
    "$stallmark" check "$1" >"$tmp/check" 2>&1 || {
        fail "$1 does not pass check"
        cat "$tmp/check"
    }
}

# count EVENT FILE: its column is the third, behind the process where there are several, and a name with a space
count() { "$stallmark" dump "$2" | awk -v event="$1" '$3 == event || $4 == event || $5 == event { n++ } END { print n + 0 }'; }

# fact KEY FILE
fact() { "$stallmark" info "$2" | sed -n "s/^ *$1  *//p"; }

# A port that nobody has now.
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'; }

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
    local left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}

# await WHAT WANTED COMMAND…: until it says so.
await() {
    local what=$1 wanted=$2
    shift 2
    for _ in $(seq 150); do
        [ "$("$@")" = "$wanted" ] && return
        sleep 0.1
    done
    fail "$what: '$("$@")', not '$wanted'"
}

# await_file PATH: until it is there.
await_file() { wait_for 30 test -e "$1" || fail "$1 does not appear"; }

# await_end PID NAME: until it has ended.
await_end() {
    for _ in $(seq 300); do
        kill -0 "$1" 2>/dev/null || return
        sleep 0.1
    done
    fail "$2 does not end"
    kill -9 "$1"
}

# parts FILE: the processes that are in it.
parts() { fact family.processes "$1" | sed 's/\\n/\n/g' | awk '{ print $1 }' | sort -n | tr '\n' ' '; }
