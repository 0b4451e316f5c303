# shellcheck shell=bash disable=SC2034 # what is set here is used by those who read it
# What the tests of the shop share, beside what all share.
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../examples/lib source=program.sh
. "$(dirname "${BASH_SOURCE[0]}")/program.sh"

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
