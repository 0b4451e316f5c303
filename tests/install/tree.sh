#!/bin/bash
# Installs into a directory of its own and uses it as a user does: every public header alone under strict
# flags in C and C++, the README's first server against pkg-config, the whole program against find_package.
# usage: tree.sh SOURCE BUILD
set -eu
source=$1 build=$2
work=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

fail() {
    echo "$*" >&2
    exit 1
}

cmake --install "$build" --prefix "$work/usr" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$work/usr" -name stallmark-agent.pc)"):$(pkg-config --variable pc_path pkg-config)
libdir=$(pkg-config --variable=libdir stallmark)
export LD_LIBRARY_PATH=$libdir STALLMARK_SOCKET="$work/agent.sock" STALLMARK_DIRECTORY="$work/captures"
mkdir -m 700 "$STALLMARK_DIRECTORY"

# ---- each header alone -----------------------------------------------------------------------------------

for header in "$work"/usr/include/stallmark/*.h; do
    name=$(basename "$header")
    echo "#include <stallmark/$name>" >"$work/one.c"
    gcc -std=gnu11 -Wall -Wextra -Wpedantic -Werror -I"$work/usr/include" -fsyntax-only "$work/one.c" ||
        fail "$name does not stand alone in C"
    g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$work/usr/include" -fsyntax-only -x c++ "$work/one.c" ||
        fail "$name does not stand alone in C++"
done
for header in "$work"/usr/include/stallmark/*.hpp; do
    [ -e "$header" ] || continue
    echo "#include <stallmark/$(basename "$header")>" >"$work/one.cpp"
    g++ -std=c++17 -Wall -Wextra -Werror -I"$work/usr/include" -fsyntax-only "$work/one.cpp" ||
        fail "$(basename "$header") does not stand alone"
done

# ---- the headers for services, used ------------------------------------------------------------------------

for disabled in "" -DSMK_DISABLE; do
    # shellcheck disable=SC2086 # no word where it is empty
    gcc -std=c11 -Wall -Wextra -Wpedantic -Werror $disabled -I"$work/usr/include" -c "$source/tests/install/services.c" \
        -o "$work/services.o" || fail "the headers for services do not compile as C11 $disabled"
    # shellcheck disable=SC2086
    g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror $disabled -I"$work/usr/include" -x c++ -c \
        "$source/tests/install/services.c" -o "$work/services.o" ||
        fail "the headers for services do not compile as C++17 $disabled"
done

# ---- the README's first server ---------------------------------------------------------------------------

awk '/^<!-- first server/ { on = 1 } on && /^```$/ { exit } on == 2 { print } on && /^```c$/ { on = 2 }' \
    "$source/README.md" >"$work/server.c"
[ "$(wc -l <"$work/server.c")" -gt 20 ] || fail "the README has no first server"
# shellcheck disable=SC2046 # words on purpose
gcc -Wall -Wextra -Werror "$work/server.c" $(pkg-config --cflags --libs stallmark-agent libevent) \
    -o "$work/server" || fail "the README's first server does not compile"

# The README's ports may be in use here.
free_port() { # a port that nobody has: the kernel's choice for a moment
    local port
    for port in $(shuf -i 20000-32000 -n 20); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    fail "no free port"
}
web=$(free_port) debug=$(free_port)
sed -i "s/8080/$web/; s/6060/$debug/" "$work/server.c"
# shellcheck disable=SC2046
gcc "$work/server.c" $(pkg-config --cflags --libs stallmark-agent libevent) -o "$work/server"
"$work/server" &
server=$!
for _ in $(seq 50); do
    curl -sf "http://127.0.0.1:$web/cart" >/dev/null && break
    sleep 0.1
done
(cd "$work" && curl -sfOJ "http://127.0.0.1:$debug/debug/trace?duration=1s&wait=1" &
    curl_pid=$!
    sleep 0.3
    for _ in $(seq 20); do curl -sf "http://127.0.0.1:$web/cart" >/dev/null; done
    wait $curl_pid) || fail "the trace could not be downloaded"
file=$(find "$work" -maxdepth 1 -name '*.stall')
[ -n "$file" ] || fail "curl -OJ saved no .stall file"
"$work/usr/bin/stallmark" check "$file" || fail "the trace is not clean"
"$work/usr/bin/stallmark" report "$file" >"$work/report" || fail "no report"
grep -q 'GET /cart' "$work/report" || { cat "$work/report"; fail "the report does not know GET /cart"; }
kill "$server"
wait "$server" 2>/dev/null || true
server=""

# ---- find_package ------------------------------------------------------------------------------------------

mkdir "$work/project"
cp "$source/examples/whole_program/whole_program.c" "$work/project/"
cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.18)
project(user C)
find_package(stallmark 0.1 CONFIG REQUIRED)
find_package(Threads REQUIRED)
add_executable(whole_program whole_program.c)
target_link_libraries(whole_program PRIVATE stallmark::stallmark Threads::Threads)
END
if ! { cmake -S "$work/project" -B "$work/project/build" -DCMAKE_PREFIX_PATH="$work/usr" &&
    cmake --build "$work/project/build"; } >"$work/cmake.log" 2>&1; then
    cat "$work/cmake.log"
    fail "find_package(stallmark) does not work"
fi
(cd "$work/project" && ./build/whole_program) || fail "the whole program failed"
"$work/usr/bin/stallmark" check "$work"/project/*.stall || fail "the whole program's trace is not clean"
echo "an installed tree works: headers, pkg-config, find_package, the README's first server"
