# shellcheck shell=bash disable=SC2034 # what is set here is used by those who read it
# What the tests of the crash box share: they go on after what failed, and exit with $failed.
failed=0

fail() {
    echo "$*" >&2
    failed=1
}

wait_until() { # SECONDS COMMAND…
    local left=$(($1 * 20))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.05
    done
}
