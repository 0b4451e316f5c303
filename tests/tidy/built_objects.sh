#!/bin/bash
# What the shared objects bring into a process: at most 256 bytes of initial-exec TLS, no symbol that is not
# ours or a wrapper's, no executable stack, no text relocation, and only the libraries that the docs name.
# usage: built_objects.sh SOURCE BUILD
set -u
build=$2
bad=0

say() {
    echo "$*"
    bad=1
}

check() {
    local object=$1 allowed=$2 size name
    [ -e "$object" ] || return 0
    size=$(readelf -lW "$object" | awk '$1 == "TLS" { print $6 }')
    size=$((${size:-0}))
    [ "$size" -le 256 ] || say "$object: $size bytes of TLS; 256 are allowed"
    readelf -lW "$object" | grep -q 'GNU_STACK.*RWE' && say "$object: wants an executable stack"
    readelf -dW "$object" | grep -q TEXTREL && say "$object: has text relocations"
    readelf -dW "$object" | grep -q 'Flags:.*NODELETE' || say "$object: can be unloaded"
    while read -r name; do
        case " $allowed " in *" $name "*) ;; *) say "$object needs $name" ;; esac
    done < <(readelf -dW "$object" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
}

libc="libc.so.6 ld-linux-x86-64.so.2 ld-linux-aarch64.so.1"
check "$build/lib/libstallmark.so" "$libc libzstd.so.1"
check "$build/lib/libstallmark-read.so" "$libc libzstd.so.1 libdw.so.1 libelf.so.1"
check "$build/lib/libstallmark-agent.so" "$libc libzstd.so.1 libevent-2.1.so.7 libevent_pthreads-2.1.so.7 libevent_core-2.1.so.7 libevent_extra-2.1.so.7"
check "$build/lib/libstallmark-preload.so" "$libc"

# Names: smk_… is ours; what else goes out of an object is a function of libc's that we stand in front of,
# and libc must have it.
libc_names=$(nm -D --defined-only "$(ldd "$build/lib/libstallmark.so" | awk '/libc\.so/ { print $3 }')" | sed 's/.* //; s/@.*//' | sort -u)
for object in "$build"/lib/libstallmark.so "$build"/lib/libstallmark-read.so "$build"/lib/libstallmark-agent.so \
    "$build"/lib/libstallmark-preload.so; do
    [ -e "$object" ] || continue
    while read -r name; do
        case $name in smk_*) continue ;; esac
        grep -qx -- "$name" <<<"$libc_names" || say "$object exports $name"
    done < <(nm -D --defined-only "$object" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort -u)
done

# The preload stands in front of the same functions as the library, one by one: its map names them.
wrappers() { nm -D --defined-only "$1" 2>/dev/null | awk '{ print $3 }' | sed 's/@.*//' | grep -v '^smk_' | sort -u; }
if [ -e "$build/lib/libstallmark-preload.so" ]; then
    while read -r name; do
        say "libstallmark.so wraps $name and libstallmark-preload.so does not: agent/preload.map"
    done < <(comm -23 <(wrappers "$build/lib/libstallmark.so") <(wrappers "$build/lib/libstallmark-preload.so"))
fi
exit $bad
