#!/usr/bin/env python3
"""A decoder of Perfetto traces of our own: checks the structure, prints sums as sums.py does, and more.

usage: perfetto.py TRACE…
"""
import collections
import sys

from proto import fields, message


NO_CPU = 1023  # that a thread is on for 1 ns when its state is not known any more


class Trace:
    def __init__(self, data):
        self.names, self.functions, self.frames, self.stacks = {}, {}, {}, {}
        self.tracks, self.events, self.tasks, self.samples, self.order = {}, [], [], 0, 0
        for number, packet in fields(data):
            assert number == 1, f"field {number} of Trace"
            self.packet(message(packet))

    def packet(self, p):
        assert p[10] == [1], "a packet of no sequence"
        for interned in p[12]:
            i = message(interned)
            for number, table in ((2, self.names), (5, self.functions), (6, self.frames), (7, self.stacks)):
                for entry in i[number]:
                    e = message(entry)
                    assert e[1][0] not in table, "an iid is told twice"
                    table[e[1][0]] = e
        for track in p[60]:
            t = message(track)
            assert t[1][0] not in self.tracks, "a track is told twice"
            assert not t[5] or t[5][0] in self.tracks, "a track's parent is not told before"
            self.tracks[t[1][0]] = t
        for event in p[11]:
            e = message(event)
            assert e[11][0] in self.tracks, "an event on a track that is not told"
            assert not e[10] or e[10][0] in self.names, "a name that is not told"
            assert not e[56] or e[56][0] in self.stacks, "a stack that is not told"
            self.events.append((p[8][0], self.order, e))
            self.order += 1
        for task in p[117]:
            t = message(task)
            self.tasks.append((p[8][0], self.order, t))
            self.order += 1
        self.samples += len(p[66])

    def name(self, e):
        return (self.names[e[10][0]][2][0] if e[10] else e[23][0] if e[23] else b"").decode()

    def slices(self):
        """(category, name, arguments, ns) of each slice, by the rules of the importer: sorted, then nested."""
        stacks = collections.defaultdict(list)
        for time, _, e in sorted(self.events, key=lambda entry: entry[:2]):
            stack = stacks[e[11][0]]
            if e[9] == [1]:
                stack.append((time, e))
            elif e[9] == [2]:
                assert stack, f"a slice ends that did not begin, at {time}"
                begin, b = stack.pop()
                arguments = {}
                for annotation in b[4]:
                    a = message(annotation)
                    value = (a[6] + a[3] + a[4] + a[7])[0]
                    arguments[a[10][0].decode()] = value.decode() if isinstance(value, bytes) else value
                yield b[22][0].decode(), self.name(b), arguments, time - begin
        for stack in stacks.values():
            assert not stack, "a slice does not end"

    def flows(self):
        """Pairs, and those whose end is not behind their beginning."""
        begins, pairs, wrong = {}, 0, 0
        for time, order, e in self.events:
            for flow in e[47]:
                begins[flow] = (time, e[11][0])
        for time, order, e in self.events:
            for flow in e[48]:
                if flow not in begins:
                    continue
                pairs += 1
                wrong += begins[flow][0] > time or begins[flow][1] == e[11][0]
        return pairs, wrong

    def states(self):
        """ns of each task state of threads that are not idle; checks what the importer checks, and as it does takes
        what runs on a CPU when another thread begins there to be in no known state from then on."""
        last, sums = {}, collections.Counter()

        def close(tid, time, state, cpu):
            since, before, where = last.get(tid, (time, 0, cpu))
            if where != NO_CPU or before != 3:
                sums[before] += time - since
            last[tid] = (time, state, cpu)

        for time, _, t in sorted(self.tasks, key=lambda entry: entry[:2]):
            tid, cpu, state = t[3][0], t[1][0], t[4][0]
            if state == 3:
                for other, (_, what, where) in list(last.items()):
                    if other != tid and what == 3 and where == cpu:
                        close(other, time, 0, cpu)
            if tid == 0:
                continue
            _, before, where = last.get(tid, (time, 0, cpu))
            assert before != 7, "a state behind dead"
            assert not (before == 3 and state == 3), "running twice"
            assert before != 3 or where == cpu, "what ends running does not repeat the CPU"
            close(tid, time, state, cpu)
        return sums


def show(path):
    trace = Trace(open(path, "rb").read())
    counts, lengths = collections.Counter(), collections.Counter()
    for category, name, arguments, ns in trace.slices():
        what = {"wait": "wait " + str(arguments.get("kind")), "request": "request"}.get(category)
        if what and not arguments.get("ended") and not arguments.get("whole", "").startswith("no: the record"):
            counts[what] += 1
            lengths[what] += ns
        if category == "state":
            lengths["slice " + name] += ns
    for state, ns in trace.states().items():
        lengths[f"task {state}"] += ns
    counts["sample"] = trace.samples
    pairs, wrong = trace.flows()
    assert wrong == 0, f"{wrong} of {pairs} flows go back in time, or to their own thread"
    for what in sorted(set(counts) | set(lengths)):
        print(what, counts[what], lengths[what])
    print("flows", pairs, 0)
    print("stacks", len(trace.stacks), 0)
    for function in trace.functions.values():
        print("function", function[2][0].decode())


for path in sys.argv[1:]:
    show(path)
