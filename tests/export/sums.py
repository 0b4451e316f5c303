#!/usr/bin/env python3
"""What `dump --json` says of a trace, in sums: lines of "what count ns", to compare exports with.

usage: sums.py DUMP.json
"""
import collections
import json
import sys

KINDS = {"lock_wait": "lock", "cond_wait": "cond", "net_wait": "net", "poll_wait": "poll", "disk_wait": "disk",
         "sleep_wait": "sleep", "join_wait": "join", "memory_wait": "memory", "alloc_wait": "memory"}


def sums(path):
    counts, lengths = collections.Counter(), collections.Counter()
    for line in open(path, encoding="utf-8"):
        event = json.loads(line)
        name = event["event"]
        what = None
        if name in KINDS:
            what = "wait " + KINDS[name]
        elif name in ("alloc_large", "free_large") and event["duration"] >= 20000:
            what = "wait memory"
        elif name in ("request_end", "request_answered"):
            what = "request"
        if what:
            counts[what] += 1
            lengths[what] += event["duration"]
        if name == "cpu_sample":
            counts["sample"] += 1
    return counts, lengths


if __name__ == "__main__":
    counts, lengths = sums(sys.argv[1])
    for what in sorted(counts):
        print(what, counts[what], lengths[what])
