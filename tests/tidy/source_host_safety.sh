#!/bin/bash
# docs/host-safety.md has each rule and each fault case, and the tests that it names exist.
# usage: source_host_safety.sh [TREE]
# shellcheck disable=SC2016 # backticks are what is looked for
set -u
cd "${1:-.}" || exit 2
page=docs/host-safety.md
bad=0

say() {
    echo "$page: $*"
    bad=1
}

# exists DIRECTORY NAME: as a script, as a unit test, or registered under that name.
exists() {
    [ -e "tests/$1/$2.sh" ] || [ -e "tests/unit/$1/test_$2.c" ] || [ -e "tests/unit/$1/test_$2.cpp" ] ||
        grep -qE "smk_http_test\($2 |$1\.$2 " "tests/$1/CMakeLists.txt" 2>/dev/null ||
        { [ "$1.${2%%_*}" = fault.regions ] && grep -qE "[( ]${2#regions_}:[0-9]" tests/fault/CMakeLists.txt; } ||
        { [ "$1" = tidy ] && [ -e "tests/tidy/$2.sh" ]; }
}

while IFS=. read -r directory name; do
    exists "$directory" "$name" || say "there is no test $directory.$name"
done < <(grep -oE '`[a-z]+\.[a-z_0-9]+`' $page | tr -d '`' | sort -u)

# A function that is named stands in one of the tests of its line.
while IFS=: read -r line name; do
    found=
    while IFS=. read -r directory test; do
        grep -qsE "void $name\(" "tests/unit/$directory/test_$test.c" "tests/unit/$directory/test_$test.cpp" && found=1
    done < <(sed -n "${line}p" $page | grep -oE '`[a-z]+\.[a-z_0-9]+`' | tr -d '`')
    [ -n "$found" ] || say "line $line: no test there has a function $name"
done < <(grep -noE '`test_[a-z_0-9]+`' $page | tr -d '`')

for rule in $(seq 14); do
    grep -q "^| $rule |" $page || say "rule $rule is missing"
done
for fault in $(seq 50 72); do
    grep -qE "^\| ([0-9]+, )?$fault(, [0-9]+)? \|" $page || say "fault $fault is missing"
done
exit $bad
