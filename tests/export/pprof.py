#!/usr/bin/env python3
"""Reads pprof profiles: all that is referred to is there, no id twice; prints "type unit sum", of each value.

usage: pprof.py FILE…
"""
import gzip
import sys

from proto import message, varint


def packed(data):
    at, values = 0, []
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


def table(profile, field):
    found = {}
    for entry in profile[field]:
        e = message(entry)
        assert e[1][0] not in found and e[1][0] != 0, "an id twice, or 0"
        found[e[1][0]] = e
    return found


for path in sys.argv[1:]:
    profile = message(gzip.open(path).read())
    strings = [text.decode() for text in profile[6]]
    assert strings[0] == "", "the first string is not empty"
    mappings, locations, functions = (table(profile, field) for field in (3, 4, 5))
    for mapping in mappings.values():
        assert mapping[2][0] < mapping[3][0] and strings[mapping[5][0]] is not None and mapping[6][0] < len(strings)
    for function in functions.values():
        assert strings[function[2][0]] is not None and function[4][0] < len(strings)
    for location in locations.values():
        assert location[2][0] == 0 or location[2][0] in mappings
        assert location[4], "a location without a line"
        for line in location[4]:
            assert message(line)[1][0] in functions
    types = [message(entry) for entry in profile[1]]
    sums = [0] * len(types)
    for sample in profile[2]:
        s = message(sample)
        assert packed(s[1][0]) and all(location in locations for location in packed(s[1][0]))
        values = packed(s[2][0])
        assert len(values) == len(types)
        sums = [a + b for a, b in zip(sums, values)]
        for label in s[3]:
            l = message(label)
            assert strings[l[1][0]] in ("kind", "what") and strings[l[2][0]]
    for entry, value in zip(types, sums):
        print(strings[entry[1][0]], strings[entry[2][0]], value)
    if len(sys.argv) > 2:
        print("\n".join(strings))
