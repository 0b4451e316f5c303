#!/usr/bin/env python3
"""What `dump --json` says of a trace, in sums: lines of "what count ns", to compare exports with.

usage: sums.py DUMP.json
"""
import collections
import json
import sys

KINDS = {"lock_wait": "lock", "cond_wait": "cond", "net_wait": "net", "poll_wait": "poll", "disk_wait": "disk",
         "sleep_wait": "sleep", "join_wait": "join", "memory_wait": "memory", "alloc_wait": "memory"}


def gave_up(event, last):
    """Its thread gave its CPU up in this call."""
    return last is not None and last["time"] - last["duration"] >= event["time"] - event["duration"]


def sums(path):
    counts, lengths = collections.Counter(), collections.Counter()
    last_off = {}  # of a thread: when it gave its CPU up, the last time
    for line in open(path, encoding="utf-8"):
        event = json.loads(line)
        name = event["event"]
        what = None
        if name in KINDS:
            what = "wait " + KINDS[name]
        elif name in ("alloc_large", "free_large") and event["duration"] >= 20000:
            what = "wait memory"
        elif name == "cond_wake" and event["duration"] >= 20000 and gave_up(event, last_off.get(event["thread"])):
            what = "wait cond"
        elif name == "off_cpu" and event["how"] in (0, 4):
            last_off[event["thread"]] = event
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
