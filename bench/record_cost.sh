#!/bin/sh
# record_cost with LTTng's session around it, in a directory of its own: a session daemon without root's
# groups, events of the benchmark only, overwriting its buffers in memory (snapshot mode), as the cheapest
# thing that it does. Where LTTng cannot run, the rest is measured and the reason printed.
set -u
program=$(dirname "$(readlink -f "$0")")/bin/record_cost
home=$(mktemp -d "${TMPDIR:-/tmp}/record_cost.XXXXXX") || exit 2
daemon=
trap 'stop_daemon; rm -rf "$home"' EXIT INT TERM

stop_daemon() {
    [ -n "$daemon" ] || return 0
    kill "$daemon" 2>/dev/null
    wait "$daemon" 2>/dev/null
    daemon=
}

start_session() {
    if ! command -v lttng-sessiond >/dev/null || ! command -v lttng >/dev/null; then
        echo "LTTng-UST is not measured: lttng-tools is not installed"
        return 1
    fi
    export LTTNG_HOME="$home" LTTNG_RUNDIR="$home/run"
    mkdir -p "$LTTNG_RUNDIR"
    lttng-sessiond --no-kernel --group "$(id -gn)" >"$home/daemon.log" 2>&1 &
    daemon=$!
    tries=0
    until lttng --no-sessiond list >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ $tries -gt 50 ] || ! kill -0 "$daemon" 2>/dev/null; then
            echo "LTTng-UST is not measured: its session daemon does not start: $(tail -1 "$home/daemon.log")"
            return 1
        fi
        sleep 0.1
    done
    {
        lttng --no-sessiond create bench --snapshot --output "$home/trace" &&
            lttng --no-sessiond enable-channel --userspace --overwrite --num-subbuf 8 --subbuf-size 1M channel &&
            lttng --no-sessiond enable-event --userspace --channel channel 'stallmark_bench:*' &&
            lttng --no-sessiond start
    } >"$home/client.log" 2>&1 || {
        echo "LTTng-UST is not measured: $(tail -1 "$home/client.log")"
        return 1
    }
}

start_session || echo "(its tracepoints below are disabled ones)"
# Waits until the daemon has told the program what to record.
LTTNG_UST_REGISTER_TIMEOUT=-1 "$program" "$@"
