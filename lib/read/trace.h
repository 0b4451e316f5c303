/* trace.h: the inside of a trace, for the files of lib/read.
 *
 * Opening one goes in four steps: scan.c finds the chunks of each file by their headers; order.c puts
 * them in the order of their processes and sequence numbers and says what is missing; tables.c takes the
 * tables out of theirs, in that order; what is left is a list of EVENTS chunks by time, which cursors
 * merge.
 *
 *     files -> scan -> chunks -> order -> tables, clocks -> EVENTS by time -> cursors
 *
 * A process in one capture is a stream of its own: sequence numbers, segments, tables, clocks, facts and
 * END are each process's. With one process times in here are its units, and ids are the file's. With
 * several the times of EVENTS chunks are nanoseconds after smk_order_events, and ids are places in the
 * tables plus 1 (tables.h), given to events when a cursor opens their chunk.
 */
#ifndef SMK_READ_TRACE_H
#define SMK_READ_TRACE_H

#include "format/chunk.h"
#include "format/tables.h"
#include "read/arena.h"
#include "read/clocks.h"
#include "read/decode.h"
#include "read/input.h"
#include "read/load.h"
#include "read/problems.h"
#include "read/tables.h"
#include "stallmark/reader.h"

#define SMK_MAX_MEMORY_DEFAULT (UINT64_C(1) << 30)
#define SMK_PROCESSES_DEFAULT  4096u
#define SMK_PROCESSES_MAX      65535u /* smk_chunk_ref has 16 bits for them */

/* A chunk whose header was good. */
struct smk_chunk_ref {
    uint64_t offset;
    uint64_t first, last; /* units; of several processes, once they are by time: ns */
    uint32_t file;        /* of trace->inputs */
    uint32_t sequence, thread, tid, count, stored;
    uint32_t crc; /* of the payload */
    uint16_t process;
    uint8_t kind;
    bool damaged; /* it was loaded, and is a problem of the trace */
};

/* Where a process's entries are in a table: they come one process after the other. */
struct smk_slice {
    uint32_t from, count;
};

/* One process in one capture. */
struct smk_process {
    uint64_t capture, id; /* as its chunks state them */
    struct smk_clocks clocks;
    struct smk_slice threads, stacks, modules, locks, facts;
    struct smk_segment_end end; /* of the last segment that has one */
    uint32_t ends;              /* segments that have one */
    uint64_t first_event, last_event;
    uint64_t lost_others; /* of threads that had ended and have no entry */
    uint64_t problems;    /* that are this process's */
    const char *boot;     /* id of the machine's boot, or NULL */
    uint32_t leader;      /* the first process of its boot */
    smk_process_info info;
};

struct smk_trace {
    struct smk_mem mem;
    struct smk_arena arena;
    bool verify;
    void (*progress)(void *arg, uint64_t done, uint64_t total); /* while it is opened; may be NULL */
    void *progress_arg;
    struct smk_input *inputs;
    uint32_t input_count, input_room;

    struct smk_process *processes; /* in order of their first chunks */
    uint32_t process_count, process_capacity, max_processes;
    uint32_t last_process;       /* of the chunk before, while they are found */
    struct smk_idmap by_process; /* capture and id to the place in `processes` */
    bool several;                /* processes: there are */
    uint16_t version;            /* the latest minor one seen */

    struct smk_chunk_ref *chunks; /* while opening: all; then EVENTS, by time */
    uint32_t chunk_count, chunk_capacity;
    struct smk_loader loader;
    struct smk_tables tables;
    struct smk_problems problems;

    uint64_t unknown_events; /* of ids that this version does not know, in chunks that were used */
    smk_trace_info info;
};

#define smk_trace_problem_add(trace, ...)                                                          \
    smk_problem_add(&(trace)->problems, &(trace)->arena, &(trace)->mem, __VA_ARGS__)

/* The code and sentence of memory that was refused; the refusal is forgotten. */
int smk_trace_no_memory(struct smk_trace *trace);

const char *smk_ref_file(const struct smk_trace *trace, const struct smk_chunk_ref *ref);

/* process.c: the process of a chunk, a new one where it is the first of it. SMK_E_LIMIT: there are too
 * many; `offset` is the chunk's, for the sentence. */
int smk_process_of(struct smk_trace *trace, const struct smk_chunk *chunk, uint32_t file, uint64_t offset,
                   uint16_t *process);
/* The chunk that was found last is none. */
void smk_process_drop(struct smk_trace *trace, const struct smk_chunk_ref *ref);
void smk_processes_free(struct smk_trace *trace);
/* When all tables are there: the clocks of all on one time. False when there is no memory. */
bool smk_processes_align(struct smk_trace *trace);
/* After smk_tables_finish: what the API says of each. */
void smk_processes_describe(struct smk_trace *trace);

/* scan.c: adds the chunks of input number `file`. A file without any and one of a later version are
 * errors; damage is a problem. */
int smk_scan(struct smk_trace *trace, uint32_t file);

/* order.c: by process and sequence; the same chunk twice counts once; holes are problems. */
void smk_order(struct smk_trace *trace);
/* Leaves the EVENTS chunks, in order of their first times. */
void smk_order_events(struct smk_trace *trace);

/* load.c: the payload of a chunk, checked and decompressed, until the next call. SMK_E_FORMAT or
 * SMK_E_IO: it is damaged, and is now a problem. */
int smk_load(struct smk_trace *trace, struct smk_chunk_ref *ref, struct smk_payload *payload);

/* The events of a chunk. As smk_load; SMK_E_NOMEM or SMK_E_LIMIT: the chunk is fine. */
int smk_events_load(struct smk_trace *trace, struct smk_chunk_ref *ref, struct smk_events *events);

/* segments.c: takes everything out of the chunks but the events, in order; checks what there is to
 * check of segments, and each event if the trace is to be verified. */
int smk_segments_read(struct smk_trace *trace);

/* verify.c: the events of a chunk against the tables. */
int smk_verify_events(struct smk_trace *trace, struct smk_chunk_ref *ref, uint32_t segment);

#endif
