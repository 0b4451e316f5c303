# shellcheck shell=bash disable=SC2034 # what is set here is used by those who read it
# What tests of one program share. Each is run as <name>.sh BUILD, may say in `shows` which files of $work are printed,
# beside what the shop said, when it fails, and finds nothing of the caller's settings in the environment.
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
