#!/bin/bash
# A browser test: node runs TEST.mjs, which drives the system's Chromium (lib.mjs). Skips, and says why, where there is no
# viewer, no Chromium, or no way to get playwright-core. Its packages are fetched once a build tree.
# usage: run.sh BUILD TEST.mjs [ARGUMENTS…]
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
test=$2
shift 2

skip() {
    echo "skipped: $*"
    exit 77
}

why=$(cat "$build/viewer/why.txt") || exit 1
[ -z "$why" ] || skip "this build has no viewer: $why"
[ -x "${SMK_CHROMIUM:=/usr/bin/chromium}" ] || skip "there is no Chromium at $SMK_CHROMIUM (Debian: apt install chromium)"
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    skip "there is no npm (Debian: apt install nodejs npm)"
fi

# As tools/viewer/make.sh does.
authorities=/etc/ssl/certs/ca-certificates.crt
[ -n "${NODE_EXTRA_CA_CERTS:-}" ] || [ ! -r $authorities ] || export NODE_EXTRA_CA_CERTS=$authorities
modules=$build/tests/view/npm
mkdir -p "$modules"
(
    flock 9
    cd "$modules" || exit 1
    cmp -s "$here/package-lock.json" package-lock.json && [ -d node_modules/playwright-core ] && exit 0
    cp "$here/package.json" "$here/package-lock.json" . || exit 1
    npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error >npm.log 2>&1 && exit 0
    rm -f package-lock.json
    exit 1
) 9>"$modules/lock" || skip "npm could not get playwright-core: $(tail -3 "$modules/npm.log" | tr '\n' ' ')"

export SMK_CHROMIUM SMK_BUILD=$build SMK_MODULES=$modules
exec node "$test" "$@"
