#!/bin/bash
# Eight threads on one CPU. usage: cpu.sh BUILD
. "$(dirname "$0")/kinds/lib.sh"
known cpu cpu '^1  [0-9]+ threads were ready to run and had no CPU: 1 is allowed ' \
    '^   Ready        busy' '^   Running      (compute|work_ns).* % of [0-9]+ samples$'
healthy cpu
