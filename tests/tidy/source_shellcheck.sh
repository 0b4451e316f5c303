#!/bin/bash
# No script has anything that shellcheck would say something of. usage: source_shellcheck.sh [SOURCE]
cd "${1:-.}" || exit 2
command -v shellcheck >/dev/null || { echo "(shellcheck is not installed)"; exit 77; }
git ls-files -z dev .ci/run '*.sh' | xargs -0 -P 2 -n 16 shellcheck
