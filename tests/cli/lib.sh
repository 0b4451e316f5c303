# shellcheck shell=bash
# What the tests of the command line share. A test is `test.sh BUILD`, sources this, says what it expects
# and ends with `finish`. Ports are never fixed, files lie below $work, what was started ends by its pid.
set -u
build=$(cd "$1" && pwd)
# shellcheck disable=SC2034 # of the tests
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test_name=$(basename "$0" .sh)
work=$(mktemp -d "${TMPDIR:-/tmp}/stallmark-$test_name.XXXXXX")
stallmark=$build/bin/stallmark
# shellcheck disable=SC2034
programs=$build/tests/cli
bad=0
pids=()
: >"$work/exercised"
rm -f "$build/exercised/cli.$test_name"
unset XDG_RUNTIME_DIR NO_COLOR
for name in $(compgen -e STALLMARK_); do unset "$name"; done

clean() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

say() {
    printf 'line %s: %s\n' "${BASH_LINENO[1]}" "$*"
    bad=1
}

# expect CODE [PATTERN…] -- ARGUMENTS…: `stallmark ARGUMENTS` exits with CODE, and each extended regular
# expression matches in what it wrote ($work/out and $work/err). What was called is noted, so that
# cli.walk can see what has been tried, and is kept only if the whole test passes.
expect() {
    local code=$1 patterns=() got pattern
    shift
    while [ "$1" != -- ]; do
        patterns+=("$1")
        shift
    done
    shift
    "$stallmark" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ $got != "$code" ]; then
        say "stallmark $*: exit code $got, not $code"
        sed 's/^/  | /' "$work/out" "$work/err" | head -n 40
        return 1
    fi
    for pattern in "${patterns[@]}"; do
        grep -qE -- "$pattern" "$work/out" "$work/err" && continue
        say "stallmark $*: '$pattern' is not in what it wrote:"
        sed 's/^/  | /' "$work/out" "$work/err" | head -n 40
        return 1
    done
    {
        printf 'cli'
        printf '\t%s' "$@"
        printf '\n'
    } >>"$work/exercised"
}

# ask CODE [PATTERN…] -- METHOD PATH [CURL ARGUMENTS…]: the agent behind $curl_to (curl's own words, as
# `--unix-socket X http://localhost`) answers with the status CODE, and the patterns match in its headers or
# body ($work/head, $work/body). Noted as `expect` does.
ask() {
    local code=$1 patterns=() got pattern method path words=()
    shift
    while [ "$1" != -- ]; do
        patterns+=("$1")
        shift
    done
    method=$2 path=$3
    shift 3
    words=("${curl_to[@]}")
    words[-1]=${words[-1]}$path
    [ "$method" = HEAD ] && words=(-I "${words[@]}") || words=(-X "$method" "${words[@]}")
    got=$(curl -s -m 20 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@" "${words[@]}")
    if [ "$got" != "$code" ]; then
        say "$method $path: HTTP $got, not $code: $(head -c 300 "$work/body")"
        return 1
    fi
    for pattern in "${patterns[@]}"; do
        grep -qaiE -- "$pattern" "$work/head" "$work/body" && continue
        say "$method $path: '$pattern' is not in the answer: $(head -c 300 "$work/body")"
        return 1
    done
    printf 'http\t%s\t%s\n' "$method" "$path" >>"$work/exercised"
}

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
    local left=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.05
    done
}

finish() {
    if [ $bad = 0 ]; then
        mkdir -p "$build/exercised"
        cp "$work/exercised" "$build/exercised/cli.$test_name"
    fi
    exit $bad
}
