#!/bin/bash
# Builds the page into OUT, with the packages that package-lock.json names. Where that fails and MODE is AUTO, the
# files are made empty and why.txt says why: `stallmark` then has no viewer, and tells.
# usage: make.sh OUT ON|AUTO
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mode=$2
files="index.html viewer.js viewer.css licences.txt"
mkdir -p "$out" && cd "$out" || exit 1

give_up() {
    if [ "$mode" = ON ]; then
        echo "the viewer's page: $1" >&2
        tail -20 "$out/npm.log" >&2
        exit 1
    fi
    echo "this build has no viewer: $1 ($out/npm.log)"
    for file in $files; do : >"$file.gz"; done
    printf '%s' "$1" >why.txt
    exit 0
}

# What a release brings is taken as it is.
if [ -f "$here/dist/viewer.js.gz" ]; then
    for file in $files; do cp "$here/dist/$file.gz" . || exit 1; done
    : >why.txt
    exit 0
fi

# node brings its own list of authorities; a company whose proxy has one of its own puts that into the system's.
authorities=/etc/ssl/certs/ca-certificates.crt
[ -n "${NODE_EXTRA_CA_CERTS:-}" ] || [ ! -r $authorities ] || export NODE_EXTRA_CA_CERTS=$authorities

# Packages are fetched again only when the list of them changed.
if ! cmp -s "$here/package-lock.json" package-lock.json || [ ! -f node_modules/.package-lock.json ]; then
    cp "$here/package.json" . && cp "$here/package-lock.json" package-lock.json.new || exit 1
    rm -f package-lock.json
    mv package-lock.json.new package-lock.json
    npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error >npm.log 2>&1 || {
        rm -f package-lock.json
        give_up "npm could not get its packages"
    }
fi
node "$here/build.mjs" "$out" >npm.log 2>&1 || give_up "esbuild could not bundle it"
cat npm.log
: >why.txt
