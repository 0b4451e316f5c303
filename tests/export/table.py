#!/usr/bin/env python3
"""Reads the CSV exports: as many fields as the header everywhere, no formula; prints sums as sums.py does.

usage: table.py FILE…
"""
import collections
import csv
import sys

for path in sys.argv[1:]:
    counts, lengths, ends = collections.Counter(), collections.Counter(), {}
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file, strict=True)
        header = next(rows)
        for fields in rows:
            assert len(fields) == len(header), f"{path}: {len(fields)} fields"
            row = dict(zip(header, fields))
            for name in header:
                number = name in ("value", "from_ns", "to_ns", "ns")
                assert number or fields[header.index(name)][:1] not in ("=", "+", "-", "@", "\t"), f"a formula: {row}"
            assert int(row["to_ns"]) - int(row["from_ns"]) == int(row["ns"])
            what = row["what"]
            if what == "span":  # one after the other, without holes
                thread = row["thread"]
                assert ends.get(thread, row["from_ns"]) == row["from_ns"], f"{path}: a hole at {row['from_ns']}"
                ends[thread] = row["to_ns"]
            if row["notes"] == "not ended":
                continue
            if what == "wait":
                what = "wait " + row["kind"]
            counts[what] += 1
            lengths[what] += int(row["ns"])
    for what in sorted(counts):
        print(what, counts[what], lengths[what])
