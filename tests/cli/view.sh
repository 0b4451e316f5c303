#!/bin/bash
# view: what it takes and refuses, whom its server answers, how it ends, and that no command line has the token. What the
# page shows is of tests/view.
# usage: view.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export STALLMARK_DIRECTORY=$work/captures XDG_RUNTIME_DIR=$work/run
mkdir -m 700 run captures bin
unset DISPLAY WAYLAND_DISPLAY
expect 0 -- record -o article.stall -- "$build/examples/article"

why=$(cat "$build/viewer/why.txt")
if [ -n "$why" ]; then
    expect 2 "has no viewer: $why" -- view article.stall
    exit $bad
fi

expect 2 'a trace file is missing, or a running program' -- view
expect 2 'nowhere.stall' -- view nowhere.stall
expect 2 "'0.0.0.0:0' can be reached from other machines; allowed is 127.0.0.1" -- view --http 0.0.0.0:0 article.stall
expect 2 "'x' is no address to listen at; allowed is" -- view --http x nowhere.stall # before the file
expect 2 "'localhost:1' is no address to listen at; allowed is" -- view --http localhost:1 article.stall
expect 2 'before.stall' -- view --before before.stall article.stall
expect 2 'of a running program; allowed with a file is none' -- view article.stall --duration 1s
expect 2 "'4711' is a running program; allowed is one of them alone" -- view article.stall 4711
expect 2 'allowed is a number from 1 to 65535' -- view --max-processes 65536 article.stall
expect 2 "'/nowhere' is no value for --debug-dir" -- view --debug-dir /nowhere article.stall
expect 2 'two ends of it; allowed is one of them' -- capture --report --view 1

# begin NAME ARGUMENTS…: it serves; $url, $token. What was called is noted as `expect` does.
begin() {
    local name=$1
    shift
    "$stallmark" "$@" >"$name.out" 2>"$name.err" </dev/null &
    pid=$!
    pids+=("$pid")
    wait_for 30 grep -q '^http://.*#token=' "$name.out" || say "stallmark $* does not serve: $(cat "$name.err")"
    url=$(sed -n 's|^\(http://[^#]*\)/#token=.*|\1|p' "$name.out")
    token=$(sed -n 's/.*#token=//p' "$name.out")
    {
        printf 'cli'
        printf '\t%s' "$@"
        printf '\n'
    } >>"$work/exercised"
}

# answers PATTERN PATH
answers() {
    curl -s -m 30 -H "Authorization: Bearer $token" "$url$2" >"$work/body"
    grep -q -- "$1" "$work/body" || say "$2: '$1' is not in $(head -c 300 "$work/body")"
}

# ends SIGNAL: by it, and well.
ends() {
    kill -"$1" "$pid"
    wait "$pid" || say "after SIG$1 its exit code is $?"
    curl -s -m 5 "$url/" >/dev/null && say "after SIG$1 somebody still answers"
}

expect 2 'of a running program; allowed with a file is none' -- view article.stall --output kept.stall
begin file view article.stall --no-browser --before article.stall --debug-dir . --max-processes 2 --http 127.0.0.1:0
answers '"files": \[' /api/info
answers '"schema": "stallmark.diff/1"' /api/diff
answers 'unknown parameter .token.; allowed: none' "/api/info?token=$token"
ends TERM
grep -q 'open it in a browser; Ctrl-C ends it' file.err || say "it does not say how it ends: $(cat file.err)"
begin twice view article.stall article.stall --no-symbols --no-browser
answers '"no_findings"\|"findings"' /api/report
ends HUP

# A browser gets the address in a file that nobody else can read, and not on its command line.
cat >bin/xdg-open <<'END'
#!/bin/sh
printf '%s\n' "$@" >"$OPENED"
stat -c %a "$1" >"$OPENED.mode"
cat "$1" >"$OPENED.page"
END
chmod +x bin/xdg-open
OPENED=$work/opened DISPLAY=:99 PATH=$work/bin:$PATH begin browser view article.stall
wait_for 10 test -s opened.page || say "the browser was not told"
grep -q "$token" opened && say "the token is on a command line"
grep -q "url=$url/#token=$token" opened.page || say "the file leads elsewhere: $(cat opened.page)"
[ "$(cat opened.mode)" = 600 ] || say "others can read the file: $(cat opened.mode)"
[ "$(stat -c %a "$(cat opened)")" = 600 ] || say "it is gone before the browser read it"
ends INT
[ -e "$(cat opened)" ] && say "the file stays"

# Of a running program a capture is taken first; of a capture's URL, that one.
mkfifo stdin
"$stallmark" run --listen 127.0.0.1:0 -- "$programs/fighters" <stdin >fighters.out 2>fighters.err &
fighters=$!
pids+=("$fighters")
exec 3>stdin
wait_for 10 grep -q '^fighting' fighters.out || say "there is nothing to capture"
begin running view "$fighters" --duration 300ms -o running.stall --no-browser
answers '"program": "fighters"' /api/info
[ -s running.stall ] || say "the capture is not kept"
ends TERM
begin capture capture "$fighters" --duration 300ms -o again.stall --view
answers '"program": "fighters"' /api/info
ends TERM
agent=$(sed -n 's|^stallmark: \(http://[^ ]*\)/debug/ .*|\1|p' fighters.err)
id=$(curl -s "$agent/debug/traces" | sed -n 's/.*"id": *"\([a-z0-9-]*\)".*/\1/p' | head -n 1)
begin download view "$agent/debug/traces/$id" --no-browser -o by_id.stall
answers "\"capture\": \"$id\"" /api/info
ends TERM
expect 2 'the capture nothing left no file' -- view "$agent/debug/traces/nothing" -o x
expect 2 "'nowhere.token'" -- view --token-file nowhere.token "$agent"
exec 3>&-
wait "$fighters"
finish
