#!/usr/bin/env python3
"""Reads Go execution traces of version 1.19: each P's events in order of time, all of them in an order in which each
goroutine is started, stopped and woken in turn; prints what threads did, and tasks and regions.

usage: gotrace.py FILE…
"""
import sys

from proto import varint

# What stands behind the time; True: a stack last.
EVENTS = {4: 2, 5: 1, 6: 0, 13: 3, 15: 0, 17: 1, 18: 1, 19: 1, 20: 1, 23: 1, 24: 1, 25: 1, 26: 1, 27: 1, 28: 1, 29: 3,
          30: 0, 38: 1, 39: 2, 45: 4, 46: 2, 47: 4, 48: 3, 49: 4}
NAMES = {19: "sleep", 20: "block", 23: "receive", 24: "select", 25: "sync", 26: "cond", 27: "net", 30: "syscall"}
HAS_STACK = {13, 17, 18, 19, 20, 23, 24, 25, 26, 27, 28, 39, 45, 46, 47, 48, 49}


def read(data):
    """What is of each P, strings and stacks."""
    assert data[:16] == b"go 1.19 trace\0\0\0", "no header"
    at, proc, time, procs, strings, stacks, samples, frequency = 16, None, 0, {}, {0: ""}, {}, [], None
    while at < len(data):
        event, few = data[at] & 63, data[at] >> 6
        at += 1
        if event == 37:
            number, at = varint(data, at)
            size, at = varint(data, at)
            assert number not in strings and 0 < size <= 1000000, "a string twice, or empty"
            strings[number] = data[at:at + size].decode()
            at += size
            continue
        args, end = [], None
        if few == 3:
            size, at = varint(data, at)
            end = at + size
        while (at < end) if end else len(args) <= few:
            value, at = varint(data, at)
            args.append(value)
        assert end is None or at == end, "an event of another length"
        if event == 1:
            proc, time = args
        elif event == 2:
            frequency = args[0]
        elif event == 3:
            assert args[0] not in stacks and len(args) == 2 + 4 * args[1] and 0 < args[1] <= 1000, "a stack"
            stacks[args[0]] = [args[i:i + 4] for i in range(2, len(args), 4)]
        else:
            assert len(args) == 1 + EVENTS[event], f"event {event} has {len(args)} numbers"
            assert event not in HAS_STACK or args[-1] in stacks, "a stack that is not there"
            if event == 48:
                size, at = varint(data, at)
                at += size
            if event == 49:
                samples.append(args[1:])
                continue
            time += args[0]
            procs.setdefault(proc, [])
            assert not procs[proc] or procs[proc][-1][0] <= time, "a P goes back in time"
            procs[proc].append((time, event, args[1:]))
    assert frequency == 1000000000
    for frames in stacks.values():
        assert all(f[0] and f[1] in strings and f[1] and f[2] in strings for f in frames), "a frame"
    return procs, strings, samples, stacks


class Merge:
    """Takes the earliest event that may come now, as the reader does."""

    def __init__(self, procs, strings):
        self.procs, self.strings = procs, strings
        self.state, self.seq, self.since, self.kind, self.on = {}, {}, {}, {}, {}
        self.runs = self.rests = self.given = self.own = self.regions = self.region_ns = 0
        self.blocks, self.open, self.tasks, self.done = {}, {}, {}, []

    def may(self, event, args, g):
        state = self.state.get
        if event == 13:
            return state(args[0]) is None
        if event == 38:
            return state(args[0]) == "ready"
        if event == 39:
            return state(args[0]) == "waits"
        if event == 29:
            return state(args[0]) == "waits" and self.seq[args[0]] == args[1]
        return True

    def take(self, time, event, args, p):
        g = self.on.get(p)
        if event == 13:
            assert g is None
            self.state[args[0]], self.seq[args[0]], self.since[args[0]] = "ready", 1, None
        elif event == 38:
            g = args[0]
            assert self.on.get(p) is None, "a P runs two"
            if self.since[g] is not None:
                self.rests += time - self.since[g]
            self.state[g], self.on[p], self.since[g] = "runs", g, time
            self.seq[g] += 1
        elif event in (39, 29):
            self.given += g is not None
            self.own += g is None
            self.state[args[0]] = "ready"
            self.seq[args[0]] += 1
        elif event in NAMES or event in (15, 17, 18):
            assert g is not None and self.state[g] == "runs", "what does not run is stopped"
            self.runs += time - self.since[g]
            self.since[g], self.on[p] = time, None
            self.state[g] = "ready" if event in (17, 18) else "dead" if event == 15 else "waits"
            if event in NAMES:
                self.blocks[NAMES[event]] = self.blocks.get(NAMES[event], 0) + 1
        elif event == 47:
            assert g is not None, "a region of nobody"
            stack = self.open.setdefault(g, [])
            if args[1] == 0:
                stack.append((args[0], args[2], time))
            elif stack:
                task, name, begun = stack.pop()
                assert (task, name) == (args[0], args[2]), "regions that do not nest"
                self.regions += 1
                self.region_ns += time - begun
        elif event == 45:
            assert args[0] not in self.tasks
            self.tasks[args[0]] = time
        elif event == 46:
            if args[0] in self.tasks:
                self.done.append(time - self.tasks.pop(args[0]))
        elif event == 6:
            assert g is None, "a P ends while it runs one"

    def all(self):
        heads, last = {p: 0 for p in self.procs}, 0
        while heads:
            ready = [(self.procs[p][i][0], p) for p, i in heads.items()
                     if self.may(self.procs[p][i][1], self.procs[p][i][2], self.on.get(p))]
            assert ready, "no order of events is possible"
            time, p = min(ready)
            assert time >= last, "an event before what it needs"
            last = time
            self.take(*self.procs[p][heads[p]], p)
            heads[p] += 1
            if heads[p] == len(self.procs[p]):
                del heads[p]


for path in sys.argv[1:]:
    procs, strings, samples, stacks = read(open(path, "rb").read())
    merge = Merge(procs, strings)
    merge.all()
    print("runs", merge.runs)
    print("tasks", len(merge.done), sum(merge.done))
    print("samples", len(samples))
    print("regions", merge.regions, merge.region_ns)
    print("woken", merge.given, merge.own)
    for kind, count in sorted(merge.blocks.items()):
        print("blocked", kind, count)
    if len(sys.argv) > 2:
        print("\n".join(strings.values()))
