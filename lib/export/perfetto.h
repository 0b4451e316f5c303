/* perfetto.h: packets, tracks and interned data of a Perfetto trace; for perfetto*.c.
 *
 * One sequence of packets. What is interned (names of events, frames, callstacks) is in a packet before the first
 * that uses it, and stands for the whole trace.
 */
#ifndef SMK_EXPORT_PERFETTO_H
#define SMK_EXPORT_PERFETTO_H

#include "export/exporter.h"
#include "export/handover.h"
#include "export/proto.h"

/* Numbers of fields, by message (protos/perfetto/trace of Perfetto's source). */
enum {
    PF_TRACE_PACKET = 1,
    PF_PACKET_CLOCK_SNAPSHOT = 6,
    PF_PACKET_TIMESTAMP = 8,
    PF_PACKET_SEQUENCE = 10,
    PF_PACKET_TRACK_EVENT = 11,
    PF_PACKET_INTERNED = 12,
    PF_PACKET_FLAGS = 13,
    PF_PACKET_CLOCK = 58,
    PF_PACKET_DEFAULTS = 59,
    PF_PACKET_TRACK = 60,
    PF_PACKET_SAMPLE = 66,
    PF_PACKET_TASK_STATE = 117,

    PF_EVENT_ANNOTATION = 4,
    PF_EVENT_TYPE = 9,
    PF_EVENT_NAME_IID = 10,
    PF_EVENT_TRACK = 11,
    PF_EVENT_CATEGORY = 22,
    PF_EVENT_NAME = 23,
    PF_EVENT_COUNTER = 30,
    PF_EVENT_FLOW = 47,
    PF_EVENT_FLOW_END = 48,
    PF_EVENT_CORRELATION = 52,
    PF_EVENT_CALLSTACK = 56
};

enum { PF_SLICE_BEGIN = 1, PF_SLICE_END = 2, PF_INSTANT = 3, PF_COUNTER = 4 };
enum { PF_CLOCK_REALTIME = 1, PF_CLOCK_MONOTONIC = 3 };

/* Tracks are numbered: what they are in the high byte, whose below. */
enum perfetto_track {
    PT_PROCESS = 1,
    PT_THREAD,
    PT_STATE,
    PT_SERVES,
    PT_REQUEST,
    PT_REGION,
    PT_COUNTER,
    PT_GAP
};

SMK_INLINE uint64_t perfetto_track(enum perfetto_track what, uint32_t whose, uint32_t number)
{
    return (uint64_t)what << 56 | (uint64_t)(whose & 0xffffffu) << 32 | number;
}

/* Of a thread, by its serial. */
struct perfetto_thread {
    uint32_t serial, process, tid;
    uint32_t depth;      /* regions that have begun */
    uint32_t cpu;        /* that its last task state said */
    uint64_t state_from; /* of the slice on its track of states; its name NULL: none is open */
    uint64_t to;         /* its last span's end */
    uint64_t turned;     /* when it began to serve */
    const char *state;
    uint8_t task;        /* its task state; 0: none, or not known */
    bool own_tid;        /* no other thread of the trace has it: the kernel's states may be told by it */
    bool exited, serves, has_state_track, has_serves_track;
};

struct perfetto_lanes {
    uint64_t *ends; /* of what came last in each */
    uint32_t count, capacity;
};

struct perfetto_process {
    bool told, own_pid;
    struct perfetto_lanes requests, regions;
    uint32_t gaps; /* categories whose track is there */
};

struct perfetto {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
    struct smk_proto proto;
    struct perfetto_thread *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_serial, by_tid;
    struct perfetto_process *processes;
    uint32_t process_count;
    struct smk_map names;     /* hash of an event's name to its iid */
    char **name_texts;
    uint32_t name_count, name_capacity;
    struct smk_map frames, functions, files, modules, stacks; /* to their iids */
    uint32_t frame_count;
    struct smk_map counters;
    struct smk_handovers handovers;
    uint64_t flows;     /* numbers that are given away */
    uint64_t forgot_at; /* when the last thread that did not run was lost sight of, and 1 ns */
};

/* perfetto_packet.c */

/* A packet with a time and the sequence's number; ends in perfetto_packet_end. */
void perfetto_packet(struct perfetto *to, uint64_t time);
void perfetto_packet_end(struct perfetto *to);
/* What all begins with: clocks, defaults. */
void perfetto_head(struct perfetto *to);

/* A packet with an event on a track; ends in perfetto_event_end. `name` NULL: none. It is interned before. */
void perfetto_event(struct perfetto *to, unsigned type, uint64_t time, uint64_t track, const char *category,
                    const char *name);
void perfetto_event_end(struct perfetto *to);
void perfetto_slice_end(struct perfetto *to, uint64_t time, uint64_t track);

/* Arguments of the event that is open. Texts that are "" are left out. */
void perfetto_text(struct perfetto *to, const char *key, const char *value);
void perfetto_number(struct perfetto *to, const char *key, uint64_t value);
void perfetto_signed(struct perfetto *to, const char *key, int64_t value);
void perfetto_pointer(struct perfetto *to, const char *key, uint64_t value);

/* A track below another (0: below none); with a unit it is a counter's. */
void perfetto_track_named(struct perfetto *to, uint64_t track, uint64_t parent, const char *name, const char *unit);

struct perfetto_thread *perfetto_thread_of(struct perfetto *to, uint32_t serial, uint32_t process);
struct perfetto_process *perfetto_process_of(struct perfetto *to, uint32_t process);

/* perfetto_stack.c: the iid of a stack, interned; 0: it has no frames. Not while a packet is open. */
uint64_t perfetto_callstack(struct perfetto *to, uint32_t stack);
void perfetto_stacks_free(struct perfetto *to);

/* perfetto_flow.c: from who let go to who waited. */
void perfetto_release(struct perfetto *to, const struct smk_span_release *release);
/* For perfetto.handovers: an arrow's end. */
void perfetto_met(void *to, const struct smk_handover_wait *wait, struct smk_handover_release *release);
void perfetto_handoff(struct perfetto *to, const struct smk_span_handoff *handoff);

/* perfetto_state.c: the states of a thread's time. */
void perfetto_span(struct perfetto *to, const struct smk_span *span);
void perfetto_states_end(struct perfetto *to);

#endif
