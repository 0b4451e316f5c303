#!/bin/bash
# instructions.sh PROGRAM BUDGETS: what a region costs, disarmed and armed.
# shellcheck source=instructions_lib.sh
. "$(dirname "$0")/instructions_lib.sh"

# count MODE N: instructions of the whole program
count() { callgrind out --toggle-collect="measured_$1" -- "$1" "$2"; }

for mode in disarmed armed; do
    few=$(count $mode 1000) || exit 1
    many=$(count $mode 3000) || exit 1
    holds "a $mode region" $(((many - few + 999) / 2000)) "region_${mode}_instructions"
done
exit $bad
