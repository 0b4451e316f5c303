#!/usr/bin/env python3
"""A receiver of OTLP/HTTP JSON, from the specification: takes an ExportTraceServiceRequest, refuses what its protobuf
does not have, and prints "requests COUNT NS" and a line for each part of their time.

usage: otlp.py FILE…
"""
import collections
import json
import re
import sys


def only(message, wanted, optional=()):
    assert set(wanted) <= set(message) <= set(wanted) | set(optional), f"fields {sorted(message)}"


def number(text):
    assert isinstance(text, str) and re.fullmatch(r"[0-9]{1,20}", text), f"a 64-bit number is a text: {text!r}"
    return int(text)


def attributes(entries):
    found = {}
    for entry in entries:
        only(entry, ("key", "value"))
        assert entry["key"] not in found and len(entry["value"]) == 1, f"attribute {entry}"
        (kind, value), = entry["value"].items()
        assert kind in ("stringValue", "intValue")
        found[entry["key"]] = number(value) if kind == "intValue" else value
    return found


for path in sys.argv[1:]:
    request = json.load(open(path, encoding="utf-8"))
    only(request, ("resourceSpans",))
    count = total = 0
    parts, ids = collections.Counter(), set()
    for resource in request["resourceSpans"]:
        only(resource, ("resource", "scopeSpans"))
        assert attributes(resource["resource"]["attributes"])["service.name"]
        for scope in resource["scopeSpans"]:
            only(scope, ("scope", "spans"))
            for span in scope["spans"]:
                only(span, ("traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes",
                            "status"), ("parentSpanId",))
                assert re.fullmatch(r"[0-9a-f]{32}", span["traceId"]) and int(span["traceId"], 16)
                assert re.fullmatch(r"[0-9a-f]{16}", span["spanId"]) and int(span["spanId"], 16)
                assert span["spanId"] not in ids, "two spans of one id"
                ids.add(span["spanId"])
                begin, end = number(span["startTimeUnixNano"]), number(span["endTimeUnixNano"])
                assert begin <= end and span["kind"] == 2 and span["name"]
                count += 1
                total += end - begin
                for key, value in attributes(span["attributes"]).items():
                    if key.endswith("_ns") and key != "stallmark.loop_delay_ns":
                        parts[key] += value
    print("requests", count, total)
    for key in sorted(parts):
        print(key, parts[key])
