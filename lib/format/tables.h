/* tables.h: the payloads of all chunks that are not events.
 *
 * Each is `count` entries one after the other. Numbers are varints (base/varint.h) unless said; "text"
 * is a length and that many bytes, without NUL; "delta" is the zigzag difference to the same field of
 * the entry before (0 for the first); times are units since the process's epoch, units being
 * 2^clock.shift ticks.
 *
 *   SEGMENT     text key, text value       first chunk of each segment; keys: SMK_FACT_KEYS
 *   FACTS       text key, text value       later facts; the last of a key counts
 *   CLOCK       delta time, delta monotonic ns, delta realtime ns, error ns
 *   STRINGS     id, text
 *   SITES       id, line, text name, text file, text function
 *   STACKS      id, depth, depth × delta pc (within the entry), innermost first
 *   THREADS     serial, tid, started, text name        a later entry of a serial replaces it
 *   MODULES     id, start, end, bias, text path, text build-id (raw bytes)
 *                                          addresses in [start, end) are pc - bias in the ELF file
 *   LOCKS       address, string id         names given to locks
 *   OPEN_WAITS  serial, tid, kind, object, holder tid, since, stack id, request id
 *   LOSS        serial, tid, events        serial 0: threads that had ended
 *   INDEX       delta offset in the segment, kind, serial, delta first, last - first, count
 *                                          one or more INDEX chunks, back to back, just before END; each
 *                                          begins its deltas at 0; they list all chunks but themselves
 *   SYMBOLS     data, module id, address, back, size, frames, frames × (text function, text file, line)
 *                                          what lies at an address, as in the module's ELF file: pc - bias.
 *                                          data 0: code; frames innermost first, each but the last inlined
 *                                          into the next; file "" and line 0: not known. data 1: a static
 *                                          object, which is one frame. It begins `back` before the address
 *                                          and has `size` bytes (0: not known). A later entry of the same
 *                                          data, module and address replaces an earlier one
 *   END         64 bytes, not varints, never compressed: struct smk_segment_end
 *
 * A chunk of a kind or a version's minor that a reader does not know is skipped, and said.
 */
#ifndef SMK_FORMAT_TABLES_H
#define SMK_FORMAT_TABLES_H

#include "base/compiler.h"

/* ---- facts --------------------------------------------------------------------------------------- */

/*        NAME             key                    what */
#define SMK_FACT_KEYS(X)                                                                           \
    X(CAPTURE_ID, "capture.id", "id of the capture")                                               \
    X(CAPTURE_NAME, "capture.name", "name given by whoever asked for it")                          \
    X(RULE, "capture.rule", "rule that fired it: its name and its text")                           \
    X(CAUSE, "capture.cause", "what that rule fired on")                                           \
    X(CAPTURE_KIND, "capture.kind", "timed, snapshot or program")                                  \
    X(CATEGORIES, "capture.categories", "categories recorded, with commas")                        \
    X(FIRST, "capture.first", "time at which it was armed; of a snapshot: of its first event")     \
    X(LAST, "capture.last", "time at which it was stopped")                                        \
    X(COMPLETE_FROM, "capture.complete_from", "time from which every thread is complete")          \
    X(REASON, "capture.reason", "why it ended")                                                    \
    X(EVENTS, "capture.events", "events in all its segments")                                      \
    X(LOST, "capture.lost", "events lost, all threads")                                            \
    X(SEGMENT_NUMBER, "segment.number", "0 for the first")                                         \
    X(SEGMENTS_DROPPED, "segments.dropped", "earlier segments that keep_segments deleted")         \
    X(PID, "process.pid", "process id, in its own namespace")                                      \
    X(PARENT, "process.parent", "process id of its parent when it was armed")                      \
    X(PROCESS_NAME, "process.name", "name of the main thread: what ps shows")                      \
    X(EXE, "process.exe", "path of the executable")                                                \
    X(PROCESS_END, "process.end", "of a crash box: how the process ended")                         \
    X(PROCESS_ENDED_UNIX, "process.ended_unix_ns", "the same: when, ns since 1970")                \
    X(STARTED_UNIX, "capture.started_unix_ns", "when it was armed, ns since 1970")                 \
    X(HOST, "host.name", "node name")                                                              \
    X(BOOT, "host.boot", "id of the machine's boot: CLOCK_MONOTONIC is one clock within it")       \
    X(KERNEL, "host.kernel", "kernel release")                                                     \
    X(CPUS, "host.cpus", "CPUs that the process may use")                                          \
    X(CLOCK_SOURCE, "clock.source", "tsc, cntvct or monotonic")                                    \
    X(CLOCK_REASON, "clock.reason", "why that one")                                                \
    X(CLOCK_HZ, "clock.hz", "ticks a second")                                                      \
    X(CLOCK_SHIFT, "clock.shift", "a unit is 2^shift ticks")                                       \
    X(CLOCK_ERROR, "clock.error_ns", "bound of the error between two times of this file, ns")      \
    X(TRACER_VERSION, "tracer.version", "version of stallmark that wrote it")                      \
    X(COST_WRITER, "cost.writer_cpu_ns", "CPU time of the writer thread for this capture")         \
    X(COST_EVENT, "cost.event_ns", "measured cost of one event")                                   \
    X(COST_BYTES, "cost.bytes", "bytes written")                                                   \
    X(COST_CATEGORIES, "cost.categories",                                                          \
      "category, events, wrapped calls, stacks, ns estimated: in the process while it ran, one a line") \
    X(COST_OWN, "cost.own_cpu_ns", "CPU time of the tracer's own threads meanwhile")               \
    X(COST_PROCESS, "cost.process_cpu_ns", "CPU time of the process meanwhile, the tracer's included")  \
    X(COST_TOTAL, "cost.total_ns",                                                                 \
      "cost meanwhile: estimated for the host's threads, measured for the tracer's")               \
    X(COST_ERROR, "cost.error_ns", "by how much that may be wrong")                                \
    X(GAPS, "capture.gaps",                                                                        \
      "category, the times from and to which it was not recorded (0: it goes on), why; one a line") \
    X(GAPS_JOINED, "capture.gaps_joined", "pairs of gaps told as one, with what was between them")       \
    X(LEFT_OUT, "snapshot.left_out",                                                               \
      "events that there was no memory to copy, which count as lost; or all")                      \
    X(POOL_BYTES, "pool.bytes", "size of the buffer")                                              \
    X(THREADS_UNTRACED, "threads.untraced", "threads for which there was no slot")                 \
    X(STACKS_REFUSED, "stacks.refused", "stacks for which the table had no room")                  \
    X(STRINGS_REFUSED, "strings.refused", "routes and names for which the table had no room")      \
    X(SITES_REFUSED, "sites.refused", "call sites for which the table had no room")                \
    X(LOCKNAMES_REFUSED, "locknames.refused", "names of locks for which there was no room")        \
    X(OPEN_WAITS_REFUSED, "waits.open_refused", "waits that went on at its end and found no room") \
    X(TEXTS_CUT, "texts.cut", "log texts longer than 1,024 bytes")                                 \
    X(RECORDS_TORN, "records.torn", "records that were begun and never finished")                  \
    X(SCHED_SOURCE, "sched.source", "where running and runnable come from")                        \
    X(SCHED_REASON, "sched.reason", "why that one")                                                \
    X(SCHED_LOST, "sched.lost", "switch records that the kernel or the tracer had no room for")    \
    X(SCHED_UNSEEN, "sched.threads_unseen", "threads that the source does not tell of")            \
    X(CPU_SAMPLES, "cpu.samples", "CPU samples taken")                                             \
    X(CPU_SAMPLES_LOST, "cpu.samples_lost", "CPU samples for which there was no room")             \
    X(CPU_SAMPLES_HOW, "cpu.samples_how", "how CPU samples are taken, or why there are none")      \
    X(FAULTS_HOW, "faults.how", "how major page faults are seen, or why they are not")             \
    X(FAULTS_LOST, "faults.lost", "major page faults for which there was no room")                 \
    X(CGROUP_CPU_MAX, "cgroup.cpu_max", "CPU time a period that the control group may use, ns/ns or max")          \
    X(CGROUP_THROTTLED, "cgroup.throttled", "periods of the capture in which the group was throttled")             \
    X(CGROUP_THROTTLED_NS, "cgroup.throttled_ns", "CPU throttling of the capture, ns over its CPUs") \
    X(FAMILY, "family.processes", "processes whose parts the file has, pid and how each ended, one a line")         \
    X(FAMILY_MISSING, "family.missing", "processes of the family that are not in it, or not to the end, and why")  \
    X(CALLS, "calls.seen", "wrapped calls that may wait, and how often each was made so far, one a line")\
    X(MISSING, "sources.missing", "sources that were unavailable, with their reasons, one a line")

#define X(NAME, key, what) extern const char SMK_FACT_##NAME[];
SMK_FACT_KEYS(X)
#undef X

/* ---- how a capture ended ------------------------------------------------------------------------- */

/*        value NAME       name */
#define SMK_REASONS(X)                                                                             \
    X(0, RUNNING, "running")      /* END of a segment that another follows */                      \
    X(1, TIMER, "timer")          /* its duration was over */                                      \
    X(2, STOPPED, "stopped")      /* somebody asked */                                             \
    X(3, MAX_BYTES, "max_bytes")                                                                   \
    X(4, NO_SPACE, "no_space")    /* ENOSPC, EDQUOT, or the free-space floor */                    \
    X(5, IO_ERROR, "io_error")                                                                     \
    X(6, EXIT, "exit")            /* the process ended */                                          \
    X(7, COMPLETE, "complete")    /* a snapshot: all that was asked for */                         \
    X(8, CALLBACK, "callback")    /* the caller's write callback refused */                        \
    X(9, SHED, "shed")            /* bad state of the tracer itself */                             \
    X(10, CUT, "cut")             /* its process died or hung; END is by the family's first */

enum smk_reason {
#define X(value, NAME, name) SMK_REASON_##NAME = (value),
    SMK_REASONS(X)
#undef X
};

/* "timer" for SMK_REASON_TIMER; "?" for any other number. */
const char *smk_reason_name(unsigned reason);

/* ---- the end of a segment -------------------------------------------------------------------------- */

/* The END chunk is the last of its segment and always 80 + 64 bytes, so that a reader finds it from
 * the tail of a file and walks back from segment to segment. */
#define SMK_SEGMENT_END_SIZE 64
#define SMK_SEGMENT_LAST     1u /* flags: the capture's last segment */

struct smk_segment_end {
    uint64_t bytes;        /*  0 of the whole segment, this chunk included */
    uint64_t index_offset; /*  8 of the INDEX chunk from the segment's first byte; 0: there is none */
    uint64_t events;       /* 16 in this segment */
    uint64_t lost;         /* 24 in the whole capture so far */
    uint32_t number;       /* 32 of the segment */
    uint32_t flags;        /* 36 */
    uint32_t reason;       /* 40 enum smk_reason */
    uint32_t chunks;       /* 44 in this segment, this one included */
    uint64_t first;        /* 48 time */
    uint64_t last;         /* 56 time */
};

void smk_segment_end_pack(const struct smk_segment_end *end, uint8_t out[SMK_SEGMENT_END_SIZE]);
void smk_segment_end_unpack(struct smk_segment_end *end, const uint8_t in[SMK_SEGMENT_END_SIZE]);

#endif
