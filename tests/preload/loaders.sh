#!/bin/bash
# What else stands in front of libc or looks at the loader: allocators, a false clock, an audit library, a sanitizer,
# in both orders; static TLS that others have used up; a copy of the library that is replaced while it runs.
. "$(dirname "$0")/lib.sh"
article=$build/examples/article
library=$build/lib/libstallmark.so

# beside NAME LIST…: article under each LD_PRELOAD, recorded: what it says and its ten waits.
"$article" >"$tmp/plain" 2>&1
beside() {
    local name=$1 list
    for list in "${@:2}"; do
        env LD_PRELOAD="$list" STALLMARK_RECORD="$tmp/a.stall" "$article" >"$tmp/out" 2>&1
        expect "$name: code ($list)" $? 0
        cmp "$tmp/plain" "$tmp/out" || fail "$name: another output ($list)"
        is_clean "$tmp/a.stall"
        expect "$name: waits ($list)" "$(count lock_wait "$tmp/a.stall")" 10
    done
}
where() { ldconfig -p | sed -n "s/.*$1.* => //p" | head -n 1; }
for name in jemalloc tcmalloc faketime; do
    case $name in
    jemalloc) other=$(where 'libjemalloc\.so\.2') ;;
    tcmalloc) other=$(where 'libtcmalloc_minimal\.so\.4') ;;
    faketime) other=$(find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1) ;;
    esac
    [ -n "$other" ] || { echo "($name is not installed)"; continue; }
    [ $name = faketime ] && export FAKETIME="-1d"
    beside $name "$preload:$other" "$other:$preload"
    unset FAKETIME
done

export LD_AUDIT=$programs/libaudit.so
beside LD_AUDIT "$preload"
unset LD_AUDIT

# ASan: its runtime wants to be first, and says so of whatever is before it; where it may come later, or is in the
# program, both work.
cat >"$tmp/asan.c" <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *hold(void *arg) { pthread_mutex_lock(&lock); usleep(5000); pthread_mutex_unlock(&lock); return arg; }
int main(int argc, char **argv)
{
    pthread_t threads[3];
    char *block = malloc(8);
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, hold, NULL);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    if (argc > 1) block[8] = argv[1][0];
    free(block);
    return 3;
}
C
if gcc -g -fsanitize=address -o "$tmp/asan" "$tmp/asan.c" 2>/dev/null && gcc -g -fsanitize=address -static-libasan -o "$tmp/asan_in" "$tmp/asan.c" 2>/dev/null; then
    export ASAN_OPTIONS=detect_leaks=1
    runtime=$(where 'libasan\.so')
    env LD_PRELOAD="$runtime:$preload" STALLMARK_RECORD="$tmp/a.stall" "$tmp/asan" >"$tmp/out" 2>&1
    expect "asan: code" $? 3
    expect "asan: output" "$(cat "$tmp/out")" ""
    env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/a.stall" "$tmp/asan_in" >"$tmp/out" 2>&1
    expect "asan in the program: code" $? 3
    expect "asan in the program: output" "$(cat "$tmp/out")" ""
    is_clean "$tmp/a.stall"
    env LD_PRELOAD="$preload" STALLMARK_RECORD="$tmp/a.stall" "$tmp/asan_in" x >"$tmp/out" 2>&1
    grep -q 'heap-buffer-overflow' "$tmp/out" || fail "asan does not find what it finds without us"
    unset ASAN_OPTIONS
else
    echo "(no ASan here)"
fi

# Loaded late, when others have taken static TLS: it comes, or it says why not and the program goes on.
for bytes in 1 1000 1600; do
    "$programs/load_all" "$programs/libstatic_tls_$bytes.so" "$library" >"$tmp/out" 2>"$tmp/err"
    expect "$bytes bytes of static TLS: code" $? 0
    grep -qx '2' "$tmp/out" || grep -q 'static TLS' "$tmp/err" || fail "$bytes bytes of static TLS: $(cat "$tmp/out" "$tmp/err")"
    echo "$bytes bytes of static TLS: $(cat "$tmp/out") of 2 libraries loaded"
done

# An upgrade renames a new library over the one that is mapped.
cp "$preload" "$tmp/libstallmark-preload.so"
mkfifo "$tmp/in"
env LD_PRELOAD="$tmp/libstallmark-preload.so" STALLMARK_SOCKET="$tmp/agent.sock" STALLMARK_DIRECTORY="$tmp" \
    "$programs/lives" <"$tmp/in" >"$tmp/out" &
host=$!
exec 3>"$tmp/in"
for _ in $(seq 100); do
    [ -S "$tmp/agent.sock" ] && break
    sleep 0.02
done
echo "not a library" >"$tmp/new"
mv -f "$tmp/new" "$tmp/libstallmark-preload.so"
"$stallmark" capture "$tmp/agent.sock" --duration 200ms -o "$tmp/r.stall" >"$tmp/said" 2>&1 || fail "replaced: $(cat "$tmp/said")"
is_clean "$tmp/r.stall"
[ "$(count lock_wait "$tmp/r.stall")" -gt 0 ] || fail "replaced: no waits"
exec 3>&-
wait $host
expect "replaced: code" $? 0
expect "replaced: output" "$(cat "$tmp/out")" lived
exit $bad
