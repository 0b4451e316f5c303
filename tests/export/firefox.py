#!/usr/bin/env python3
"""Reads profiles of the Firefox Profiler by the rules of its processed format, version 57 (src/types/profile.ts and
docs-developer/CHANGELOG-formats.md there): columns of one length, indices within their tables, callers before callees,
times in order. Prints waits by kind, requests, samples with a stack, CPU time.

usage: firefox.py FILE…
"""
import json
import sys

COLORS = {"transparent", "purple", "green", "orange", "yellow", "lightblue", "blue", "brown", "magenta", "red",
          "lightred", "darkgrey", "grey"}
COLUMNS = {
    "samples": {"stack", "time", "threadCPUDelta"},
    "markers": {"data", "name", "startTime", "endTime", "phase", "category"},
    "stackTable": {"frame", "prefix"},
    "frameTable": {"address", "inlineDepth", "category", "subcategory", "func", "nativeSymbol", "innerWindowID", "line",
                   "column"},
    "funcTable": {"name", "isJS", "relevantForJS", "resource", "fileName", "lineNumber", "columnNumber"},
    "resourceTable": {"lib", "name", "host", "type"},
    "nativeSymbols": {"libIndex", "address", "name", "functionSize"},
}


def index(values, size, null=False):
    assert all((null and v is None) or (isinstance(v, int) and 0 <= v < size) for v in values), "an index out of range"


def tables(thread):
    for table, columns in COLUMNS.items():
        found = thread[table]
        assert columns <= set(found), f"{table} has no {columns - set(found)}"
        for column in columns:
            assert len(found[column]) == found["length"], f"{table}.{column} has another length"


def stacks(thread, strings, libs, categories):
    stack, frame, func, resource = (thread[t] for t in ("stackTable", "frameTable", "funcTable", "resourceTable"))
    index(stack["frame"], frame["length"])
    assert all(p is None or 0 <= p < i for i, p in enumerate(stack["prefix"])), "a caller behind its callee"
    assert len(set(zip(stack["frame"], stack["prefix"]))) == stack["length"], "a stack twice"
    index(frame["func"], func["length"])
    index(frame["category"], categories, True)
    index(func["name"], strings)
    index(func["fileName"], strings, True)
    assert all(-1 <= r < resource["length"] for r in func["resource"])
    index(resource["lib"], libs, True)
    index(resource["name"], strings)


def markers(thread, strings, categories, schemas):
    m, stack = thread["markers"], thread["stackTable"]["length"]
    index(m["name"], strings)
    index(m["category"], categories)
    assert all(p in (0, 1, 2, 3) for p in m["phase"])
    assert all(a <= b for a, b in zip(m["startTime"], m["endTime"])), "a marker ends before it begins"
    assert m["startTime"] == sorted(m["startTime"]), "markers are not in order"
    for data in m["data"]:
        fields = schemas[data["type"]]
        for key, value in data.items():
            if key == "cause":
                index([value["stack"]], stack)
            elif key != "type" and fields[key] == "unique-string":
                index([value], strings)
            elif key != "type":
                assert isinstance(value, str)


def samples(thread):
    s = thread["samples"]
    index(s["stack"], thread["stackTable"]["length"], True)
    assert s["time"] == sorted(s["time"]) and s["weight"] is None and s["weightType"] == "samples"
    assert all(d >= 0 for d in s["threadCPUDelta"])


for path in sys.argv[1:]:
    p = json.load(open(path))
    meta, strings = p["meta"], p["shared"]["stringArray"]
    assert meta["preprocessedProfileVersion"] == 57 and meta["version"] > 0 and meta["interval"] > 0
    assert all(c["color"] in COLORS and c["subcategories"][0] == "Other" for c in meta["categories"])
    assert all(isinstance(s, str) for s in strings) and len(set(strings)) == len(strings)
    schemas = {s["name"]: {f["key"]: f["format"] for f in s["fields"]} for s in meta["markerSchema"]}
    waits, requests, with_stack, cpu, causes = {}, [0, 0], 0, 0, 0
    for thread in p["threads"]:
        tables(thread)
        stacks(thread, len(strings), len(p["libs"]), len(meta["categories"]))
        markers(thread, len(strings), len(meta["categories"]), schemas)
        samples(thread)
        assert isinstance(thread["pid"], str) and isinstance(thread["isMainThread"], bool)
        m = thread["markers"]
        for i in range(m["length"]):
            category = meta["categories"][m["category"][i]]["name"]
            ns = round((m["endTime"][i] - m["startTime"][i]) * 1e6)
            causes += "cause" in m["data"][i]
            if category == "request" and m["data"][i].get("note") != "not whole":
                requests = [requests[0] + 1, requests[1] + ns]
            elif 3 <= m["category"][i] <= 12:
                kind = waits.setdefault(category, [0, 0])
                kind[0] += 1
                kind[1] += ns
        with_stack += sum(s is not None for s in thread["samples"]["stack"])
        cpu += sum(thread["samples"]["threadCPUDelta"])
    for counter in p["counters"]:
        c = counter["samples"]
        assert len(c["time"]) == len(c["count"]) == c["length"] and c["time"] == sorted(c["time"])
        index([counter["mainThreadIndex"]], len(p["threads"]))
    for kind, (count, ns) in sorted(waits.items()):
        print("wait", kind, count, ns)
    print("requests", *requests)
    print("samples", with_stack)
    print("causes", causes)
    print("cpu", cpu)
    if len(sys.argv) > 2:
        print("\n".join(strings))
