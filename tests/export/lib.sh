# shellcheck shell=bash
# What the tests of exports share. A test is `test.sh BUILD TRACES`, sources this and ends with `finish`.
set -u
build=$1 traces=$2
# shellcheck disable=SC2034 # of the tests
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
stallmark=$build/bin/stallmark
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-export.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
bad=0
skipped=""

say() {
    printf 'line %s: %s\n' "${BASH_LINENO[0]}" "$*"
    bad=1
}

# What is missing on this machine: the test is one that was left out, if all else is well.
leave_out() {
    printf 'left out: %s\n' "$*"
    skipped=1
}

need() {
    command -v "$1" >/dev/null || {
        echo "left out: there is no $1"
        exit 77
    }
}

# export FORMAT TRACE OUT: by the command line, which is to say nothing.
export_as() {
    "$stallmark" export "$traces/$2.stall" --format "$1" -o "$3" >"$work/words" 2>&1 || say "$1 of $2: $(cat "$work/words")"
    [ -s "$work/words" ] && say "$1 of $2 says $(head -n 3 "$work/words")"
}

# same WHAT EXPECTED GOT: two texts.
same() {
    [ "$2" = "$3" ] && return
    printf 'line %s: %s: expected, and got:\n' "${BASH_LINENO[0]}" "$1"
    diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 30
    bad=1
}

# Hostile names: in bounded memory, by no signal, and nothing that a terminal obeys in what a reader shows.
obeyed() { LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' "$1"; }

# each_hostile FORMAT CHECK…: exports every hostile file; then CHECK is called with all that came out.
each_hostile() {
    local format=$1 file out got
    shift
    mkdir -p "$work/hostile"
    for file in "$traces"/hostile/*.stall; do
        out=$work/hostile/$(basename "$file" .stall)
        (
            ulimit -v 2097152
            timeout 30 "$stallmark" export "$file" --no-symbols --format "$format" -o "$out" >"$work/words" 2>&1 </dev/null
        )
        got=$?
        case $got in
        0) ;;
        2) [ -e "$out" ] && say "$format of $(basename "$file"): a file stays that is not whole" ;;
        *) say "$format of $(basename "$file"): exit code $got: $(tail -n 2 "$work/words")" ;;
        esac
        obeyed "$work/words" && say "$format of $(basename "$file"): says what a terminal obeys"
    done
    "$@" "$work"/hostile/* || say "what came out of hostile files is not right"
    rm -rf "$work/hostile"
}

finish() {
    [ $bad = 0 ] || exit 1
    [ -z "$skipped" ] || exit 77
    exit 0
}
