#!/bin/bash
# `stallmark run` and `record`: what reaches the command, and every reason for which the loader would ignore
# a preload. With a stand-in for the preload, so that nothing but the command line is tried.
# usage: run.sh BUILD
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A tree of its own, as it is installed.
mkdir -p "$work/bin" "$work/lib"
cp "$stallmark" "$(dirname "$stallmark")/stallmark-box" "$work/bin/"
cp "$programs/libstand_in.so" "$work/lib/libstallmark-preload.so"
stallmark=$work/bin/stallmark
plain=$programs/plain
preload=$work/lib/libstallmark-preload.so

# ---- what the command gets ---------------------------------------------------------------------------

expect 7 '^ran with 2$' '^stallmark: http://127\.0\.0\.1:[0-9]+/debug/ · /.*\.sock · stallmark capture [0-9]+$' -- \
    run -- "$plain" a --help
expect 7 '^ran with 0$' -- run "$plain"
expect 7 -- run -q -- "$plain"
[ ! -s "$work/err" ] || say "-q printed something"
expect 0 '^LD_PRELOAD='"$preload"'$' '^STALLMARK_LISTEN=127\.0\.0\.1:[1-9][0-9]*$' '^STALLMARK_RECORDER=10s$' \
    '^STALLMARK_FOLLOW_EXEC=on$' -- run --quiet --listen 127.0.0.1:0 --recorder 10s --follow-exec -- env
expect 0 -- run -q --listen none -- env
grep -q '^STALLMARK_LISTEN=none$' "$work/out" || say "--listen none gives an address"
LD_PRELOAD=$programs/libstand_in.so expect 0 "^LD_PRELOAD=$preload:$programs/libstand_in.so\$" -- run -q -- env

# The same process: its pid is the one that was printed, and a signal ends it as it would alone.
# shellcheck disable=SC2016 # the inner shell's own
expect 0 -- run --listen none -- sh -c 'echo $$'
grep -q "/$(cat "$work/out")\.sock · stallmark capture $(cat "$work/out")\$" "$work/err" || say "another pid was printed"
# shellcheck disable=SC2016
expect 143 -- run -q -- sh -c 'kill -TERM $$'

# The port that is taken is not given; the next one is.
expect 0 -- run -- true
taken=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/err")
"$programs/fake_agent" "$work/s" "$work" "$work/log" >"$work/port" &
pids+=($!)
wait_for 5 test -s "$work/port"
expect 2 "127.0.0.1:$(cat "$work/port") cannot be listened on: Address already in use" -- \
    run --listen "127.0.0.1:$(cat "$work/port")" -- true
[ -n "$taken" ] || say "no port was printed"

# Without the library that the HTTP front is made of there is the socket alone, unless a port was asked for.
mkdir "$work/no_civetweb" && echo none >"$work/no_civetweb/libcivetweb.so.1"
LD_LIBRARY_PATH=$work/no_civetweb expect 0 'no HTTP front: .*libcivetweb' '^stallmark: /.*\.sock · ' \
    '^STALLMARK_LISTEN=none$' -- run -- env
LD_LIBRARY_PATH=$work/no_civetweb expect 2 'the HTTP front needs libcivetweb' -- run --listen 127.0.0.1:0 -- true

# The config file, and what stands in it.
printf '# of the shop\nlisten = none\nrecorder = 5s\n' >"$work/good.conf"
expect 0 "^STALLMARK_CONFIG=$work/good.conf\$" -- run -q --config "$work/good.conf" -- env
grep -q '^STALLMARK_LISTEN=none$' "$work/out" || say "listen = none of the config file gives an address"
printf 'listen = none\nrecorder\n' >"$work/bad.conf"
expect 2 'bad\.conf:2: ' -- run --config "$work/bad.conf" -- true
printf 'keep_files = many\n' >"$work/bad.conf"
expect 2 'bad\.conf:1: .*keep_files.*many' -- run --config "$work/bad.conf" -- true
STALLMARK_HTTP_CLIENTS=99 expect 2 'STALLMARK_HTTP_CLIENTS.*99.*16' -- run -- true
STALLMARK_FROB=1 expect 2 "FROB|frob" -- run -- true
STALLMARK_HOSTS='a/b' expect 2 'hosts' -- run -- true
expect 2 "'/nowhere.conf' cannot be read" -- run --config /nowhere.conf -- true

# ---- wrong values ------------------------------------------------------------------------------------------

expect 2 'a command is missing' -- run
expect 2 "unknown option '--listne'; allowed are --listen" -- run --listne x -- true
for wrong in x 127.0.0.1 127.0.0.1: 127.0.0.1:65536 127.0.0.1:-1 :6060 example.org:1 '[::1]:1' ''; do
    expect 2 "' is no value for --listen; allowed is an IPv4 address and a port" -- run --listen "$wrong" -- true
    grep -qF "'$wrong'" "$work/err" || say "the message does not name '$wrong'"
done
expect 2 'can be reached from other machines, which needs a token' -- run --listen 0.0.0.0:0 -- true
echo 0123456789abcdef0123456789abcdef >"$work/token" && chmod 644 "$work/token"
STALLMARK_TOKEN_FILE=$work/token expect 2 'token_file' -- run -- true
chmod 600 "$work/token"
STALLMARK_TOKEN_FILE=$work/token expect 0 '^STALLMARK_ALLOW_REMOTE=on$' -- run -q --listen 0.0.0.0:0 -- env
for wrong in 5x '' -1s 0s 1 s '10s,' 10s,10s 1KiB; do
    expect 2 "'$wrong' is no value for --recorder; allowed is off, never" -- run --recorder "$wrong" -- true
done
expect 2 "'nowhere-at-all' cannot be run: no such program" -- run -- nowhere-at-all
expect 0 '^STALLMARK_RUN_BOX=[0-9]+:[0-9a-f]{32}$' -- run -q --watch --listen none --follow-exec -- env
expect 0 'PATH=' -- record --watch -o "$work/watched.stall" -- env
[ ! -e "$work/watched.stall.crash" ] || say "a program that ended by itself has a crash file"
expect 2 'cannot be run: Permission denied' -- run -- /etc/passwd

# ---- what the loader would ignore --------------------------------------------------------------------------

refuses() {
    local program=$1 pattern=$2
    expect 2 "$pattern" -- run -- "$program"
    expect 2 "$pattern" -- record -o "$work/never.stall" -- "$program"
    [ ! -e "$work/never.stall" ] || say "a file was made for $program"
}

refuses "$programs/plain_static" 'is a static program: no loader, no preload'
refuses "$programs/plain_static_pie" 'is a static program: no loader, no preload'
refuses "$programs/plain_go" 'is a static Go program'
refuses "$programs/plain_musl" 'is a program for musl'
refuses "$programs/plain.o" 'is an object file, no program'

printf '#!%s\n' "$programs/plain_static" >"$work/script"
printf '#!/usr/bin/env %s\n' "$programs/plain_static" >"$work/env_script"
printf 'echo without a first line\n' >"$work/bare_script"
printf '#!%s/loop\n' "$work" >"$work/loop"
printf '#!/nowhere/sh\n' >"$work/orphan"
printf '\177ELF\1\1\1%057d' 0 >"$work/elf32"
printf '\177ELF\2\2\1%057d' 0 >"$work/big_endian"
printf '\177ELF\2\1\1%09d' 0 >"$work/cut"
head -c 18 "$plain" >"$work/other" && printf '\363\0' >>"$work/other" && tail -c +21 "$plain" >>"$work/other"
chmod +x "$work"/{script,env_script,bare_script,loop,orphan,elf32,big_endian,cut,other}
refuses "$work/script" "$programs/plain_static is a static program"
refuses "$work/env_script" "$programs/plain_static is a static program"
refuses "$work/loop" 'too deep for the kernel'
refuses "$work/orphan" 'is a script for /nowhere/sh, which cannot be run'
refuses "$work/elf32" 'is a 32-bit program'
refuses "$work/big_endian" 'is a program for another machine'
refuses "$work/other" 'is a program for another machine'
refuses "$work/cut" 'is a damaged program'
printf '#!/usr/bin/env python-of-ours\nbody\n' >"$work/env_script"
mkdir "$work/path" && ln -s "$(command -v cat)" "$work/path/python-of-ours"
PATH=$work/path:$PATH expect 0 '^body$' -- run -q -- "$work/env_script"
# env is not what is to be traced: it has gone already when the program begins.
printf '#!/usr/bin/env cat\n' >"$work/env_script"
expect 0 '^LD_PRELOAD=' -- run -q -- "$work/env_script" /proc/self/environ
expect 0 'without a first line' -- run -q -- "$work/bare_script"

# A shell's script is traced, and what it executes is not: that is said.
printf '#!/usr/bin/env bash\necho ran\n' >"$work/shell_script"
chmod +x "$work/shell_script"
expect 0 '^ran$' "shell_script is a shell's script: what it executes is traced with --follow-exec alone$" -- run --listen none -- "$work/shell_script"
expect 0 '^ran$' -- run --listen none --follow-exec -- "$work/shell_script"
! grep -q 'is a shell' "$work/err" || say "with --follow-exec it is said too"
expect 0 '^ran$' "shell_script is a shell's script: what it executes is not recorded$" -- record -o "$work/shell.stall" -- "$work/shell_script"

# What would keep the agent from starting, or from keeping files, is found out before.
mkdir -m 700 "$work/old_files" && mkdir -m 777 "$work/everybody" && chmod 777 "$work/everybody"
STALLMARK_LOG_FILE=/nowhere/x expect 2 'log_file: /nowhere/x cannot be written: No such file' -- run -q --listen none -- true
STALLMARK_SOCKET=/nowhere/x expect 2 'socket: /nowhere/x cannot be made: /nowhere: No such file' -- run -q --listen none -- true
STALLMARK_SOCKET=$work/shell_script expect 2 'is there and no socket' -- run -q --listen none -- true
for place in relative /nowhere/x "$work/shell_script" "$work/everybody"; do
    STALLMARK_DIRECTORY=$place expect 0 "captures will be kept in memory: directory: $place: ." -- run -q --listen none -- true
done
STALLMARK_DIRECTORY=$work/old_files expect 0 -- run -q --listen none -- true
[ ! -s "$work/err" ] || say "a directory that is fine: $(cat "$work/err")"

# The socket that is printed is where this user may make one: root's directory is passed over.
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups "$stallmark" --version >/dev/null 2>&1; then
    mkdir -m 755 "$work/roots" "$work/roots/stallmark"
    chmod 711 "$work"
    XDG_RUNTIME_DIR=$work/roots setpriv --reuid=65534 --regid=65534 --clear-groups "$stallmark" run --listen none -- \
        true 2>"$work/err"
    grep -q '^stallmark: /tmp/stallmark-65534/[0-9]*\.sock · ' "$work/err" || say "another user's socket: $(cat "$work/err")"
    chmod 700 "$work"
fi

# An interpreter of a name that is no file is the kernel's to judge: the loader's own path is patched in here.
mkdir "$work/old"
cp "$(sed -n 's/.*\(\/lib[^ ]*ld-linux[^ ]*\).*/\1/p' /proc/self/maps | head -n 1)" "$work/old/ld.so"
cp "$programs/libold_libc.so" "$work/old/libc.so.6"
gcc -o "$work/on_old_glibc" "$here/programs/plain.c" "-Wl,--dynamic-linker=$work/old/ld.so"
refuses "$work/on_old_glibc" 'runs on a glibc without GLIBC_[0-9.]+, which the preload needs'

if [ "$(id -u)" = 0 ]; then
    cp "$plain" "$work/setuid" && chown 65534 "$work/setuid" && chmod 4755 "$work/setuid"
    cp "$plain" "$work/setgid" && chgrp 65534 "$work/setgid" && chmod 2755 "$work/setgid"
    refuses "$work/setuid" 'is setuid: the loader ignores a preload'
    refuses "$work/setgid" 'is setgid: the loader ignores a preload'
    cp "$plain" "$work/own" && chmod 4755 "$work/own"
    expect 7 -- run -q -- "$work/own"
else
    refuses "$(command -v su)" 'is setuid: the loader ignores a preload'
fi

# ---- record ----------------------------------------------------------------------------------------------------

cd "$work" || exit 1
expect 0 "^STALLMARK_RECORD=$work/a\.stall\$" "^LD_PRELOAD=$preload\$" -- record -o a.stall -- env
expect 7 '^ran with 1$' -- record --output "$work/a.stall" "$plain" x
[ ! -s "$work/err" ] || say "record printed something"
expect 2 'where to is missing' -- record -- true
expect 2 'a command is missing' -- record -o a.stall
expect 2 "the directory '/nowhere' cannot be written to" -- record -o /nowhere/a.stall -- true
expect 2 'is no regular file' -- record -o "$work" -- true
expect 2 'is no file name' -- record -o '' -- true

# ---- the library is not there, or where the loader does not take it --------------------------------------------

mkdir -p "$work/a b/bin" "$work/a b/lib" "$work/alone/bin"
cp "$stallmark" "$work/a b/bin/" && cp "$preload" "$work/a b/lib/"
cp "$stallmark" "$work/alone/bin/"
stallmark="$work/a b/bin/stallmark"
expect 2 'no path with a blank or a colon' -- run -- true
stallmark=$work/alone/bin/stallmark
expect 2 'libstallmark-preload.so is not beside this program' -- run -- true
finish
