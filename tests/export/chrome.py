#!/usr/bin/env python3
"""Reads chrome JSON: every event has what its phase wants, flows go forward; prints sums as sums.py does.

usage: chrome.py FILE…
"""
import collections
import decimal
import json
import sys

WANTED = {"X": ("dur", "cat"), "b": ("id", "cat"), "e": ("id", "cat"), "s": ("id", "cat"), "f": ("id", "bp"),
          "C": ("args",), "M": ("args",)}


def ns(value):
    return int(value * 1000)


for path in sys.argv[1:]:
    counts, lengths, asyncs, flows, states = collections.Counter(), collections.Counter(), {}, {}, {}
    for e in json.load(open(path, encoding="utf-8"), parse_float=decimal.Decimal)["traceEvents"]:
        phase = e["ph"]
        assert all(key in e for key in ("pid", "tid", "ts", "name") + WANTED[phase]), e
        what = None
        if phase == "X" and e["cat"] == "wait" and "ended" not in e["args"]:
            what = "wait " + e["args"]["kind"]
        if phase == "X" and e["cat"] == "state":
            row = (e["pid"], e["tid"])
            assert states.get(row, ns(e["ts"])) == ns(e["ts"]), "a hole in a thread's states"
            states[row] = ns(e["ts"]) + ns(e["dur"])
        if what:
            counts[what] += 1
            lengths[what] += ns(e["dur"])
        if phase == "b":
            asyncs.setdefault((e["pid"], e["id"]), []).append((e["name"], ns(e["ts"]), e.get("args")))
        if phase == "e":
            name, begin, args = asyncs[e["pid"], e["id"]].pop()
            assert name == e["name"] and ns(e["ts"]) >= begin
            if args and "whole" not in args:
                counts["request"] += 1
                lengths["request"] += ns(e["ts"]) - begin
        if phase == "s":
            flows[e["id"]] = ns(e["ts"])
        if phase == "f":
            assert flows[e["id"]] <= ns(e["ts"]), "a flow goes back in time"
    assert not any(asyncs.values()), "a request that does not end"
    for what in sorted(counts):
        print(what, counts[what], lengths[what])
    print("flows", len(flows))
