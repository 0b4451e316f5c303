# shellcheck shell=bash disable=SC2034 # what is set here is used by those who read it
# What the tests of the shop share. Each is run as <name>.sh BUILD, may say in `shows` which files of $work are printed
# when it fails, and finds nothing of the caller's settings in the environment.
set -u
build=$1
test=$(basename "$0" .sh)
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-$test.XXXXXX") || exit 2
stallmark=$build/bin/stallmark
pids=()
shows=()
unset XDG_RUNTIME_DIR STATE_DIRECTORY
for name in $(compgen -e STALLMARK_); do unset "$name"; done
export XDG_STATE_HOME=$work

end_all() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    pids=()
}
trap 'end_all; rm -rf "$work"' EXIT

fail() {
    local file
    echo "$test: $*"
    for file in shop "${shows[@]}"; do
        cat "$work/$file" 2>/dev/null
    done
    exit 1
}

# start_shop FLAGS…: it listens on $port, its tracer is at $tracer.
start_shop() {
    local tries=0
    : >"$work/shop" # what an earlier one said is not read while this one is still to begin
    "$build/examples/shop" --port 0 --debug 127.0.0.1:0 --log "$work/audit.log" "$@" >"$work/shop" 2>&1 &
    pids+=($!)
    until grep -sq '^shop: http' "$work/shop"; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || fail "it does not start"
        sleep 0.05
    done
    tracer=$(sed -n 's|^shop: tracer on \(http.*\)/debug/$|\1|p' "$work/shop")
    port=$(sed -n 's|^shop: http://127.0.0.1:\([0-9]*\)/$|\1|p' "$work/shop")
    [ -n "$tracer" ] || fail "it has no tracer"
}

# load PATH…: 12 clients that ask for these, until the end.
load() {
    "$build/tests/examples/load" "$port" 12 "$@" &
    pids+=($!)
}

# start_busy_shop FLAGS…
start_busy_shop() {
    start_shop "$@"
    load '/cart?item=1' '/cart?item=2' /product /checkout
    sleep 0.3
}

# capture FILE DURATION: of the shop that runs.
capture() { curl -sf -m 60 -o "$1" "$tracer/debug/trace?duration=$2&wait=1" || fail "it was not traced"; }
