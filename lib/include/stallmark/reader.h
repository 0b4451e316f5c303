/* stallmark/reader.h: read trace files. libstallmark-read; no tracer, no agent needed.
 *
 *     smk_trace *trace;
 *     if (smk_trace_open(&trace, "t.stall", NULL) == 0) {
 *         smk_cursor *cursor;
 *         const smk_event *event;
 *         smk_cursor_open(&cursor, trace, NULL);
 *         while (smk_cursor_next(cursor, &event) == 1)
 *             …
 *         smk_cursor_close(cursor);
 *         smk_trace_close(trace);
 *     }
 *
 * A trace may hold several processes: a family that was captured together, or files of several captures
 * that are opened as one. Each keeps its own tables, clocks, facts and losses; events of all come in one
 * order of time. What they refer to is numbered over the whole trace: a thread's serial, the id of a
 * string, site or stack means one thing in the trace, whichever process it is of. (With one process they
 * are the numbers of the file; with several the reader gives new ones, and equal strings and sites of
 * two processes are one.) Addresses, tids, requests and ids of modules are a process's own: they mean
 * something together with the number of the process, which events, threads, stacks and waits carry.
 *
 * Times are nanoseconds of the traced machine's CLOCK_MONOTONIC. Hostile input gives an error whose
 * text (smk_last_error) names the file and the offset, never a crash; damage in the middle of a file
 * costs the damaged chunks only, and smk_trace_problem says which. A trace may be used by one thread
 * at a time; what it returns is valid until smk_trace_close unless said.
 *
 * Since 0.1. SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_READER_H
#define STALLMARK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stallmark/error.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef struct smk_trace smk_trace;
typedef struct smk_cursor smk_cursor;

/* ---- opening ------------------------------------------------------------------------------------------ */

typedef struct smk_open_options {
    size_t size;         /* sizeof(smk_open_options) */
    uint64_t max_memory; /* bytes that tables and decoded chunks may take; 0: 1 GiB */
    bool verify;         /* read and check each chunk now, not when it is used */
    /* realloc and free in one, for processes whose malloc is not to be met: `bytes` 0 frees. NULL:
     * malloc's. */
    void *(*resize)(void *arg, void *old, size_t old_bytes, size_t bytes);
    void *resize_arg;
    /* Called for each chunk while it is opened, which with `verify` may take long. NULL: not. */
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
    uint32_t max_processes; /* that a trace may have; 0: 4096, at most 65535 */
} smk_open_options;

/* Opens a file: one segment, several joined in any order, several processes, or a cut one. `options` may
 * be NULL. SMK_E_FORMAT: no trace; SMK_E_VERSION: a later major version wrote it; SMK_E_LIMIT: max_memory,
 * max_processes; SMK_E_NOTFOUND, SMK_E_IO and the like: the file. */
int smk_trace_open(smk_trace **trace, const char *path, const smk_open_options *options);

/* The same with several files, in any order: segments of one capture, captures of several processes, or
 * both. A segment that is given twice counts once. Processes of one boot of a machine share its
 * CLOCK_MONOTONIC; others are set beside them by CLOCK_REALTIME (smk_process_info, by_realtime). */
int smk_trace_open_segments(smk_trace **trace, const char *const *paths, size_t count,
                            const smk_open_options *options);

/* The same with a descriptor that can seek; it stays the caller's and open. */
int smk_trace_open_fd(smk_trace **trace, int fd, const smk_open_options *options);

/* NULL is allowed. */
void smk_trace_close(smk_trace *trace);

/* ---- what it is --------------------------------------------------------------------------------------- */

/* Of several processes: the capture's id, name, kind and reason are the first one's, categories what any
 * recorded, first and last the earliest and the latest, complete_from the latest; the rest are sums, and
 * true where it is of each. */
typedef struct smk_trace_info {
    const char *capture_id, *name, *kind, *reason; /* "" when not said */
    uint32_t format_version;
    uint32_t categories;             /* bits of enum smk_category, recorded */
    uint64_t first, last;            /* ns, monotonic: when it was armed, when it was stopped */
    uint64_t complete_from;          /* ns: from here on every thread is complete; UINT64_MAX: not said */
    int64_t realtime_offset;         /* CLOCK_REALTIME - CLOCK_MONOTONIC at `first`, ns */
    uint64_t events, lost;           /* lost: counted by the tracer */
    uint64_t bytes;
    uint32_t segments, chunks, threads, sites, strings, stacks, modules;
    bool complete;                   /* all of the capture is here, and nothing of it is damaged */
    bool from_start, to_end;         /* its first chunk is here; its last segment's END is */
    uint32_t symbols;                /* addresses that the file itself has names for */
    uint32_t processes;              /* at least 1 */
} smk_trace_info;

const smk_trace_info *smk_trace_get_info(const smk_trace *trace);

/* Value of a fact ("process.exe"); NULL when the file does not say. Of several processes: the first's. */
const char *smk_trace_fact(const smk_trace *trace, const char *key);
/* All facts, by number from 0; false after the last. Of several processes: the first's. */
bool smk_trace_fact_at(const smk_trace *trace, size_t number, const char **key, const char **value);

/* What is damaged or missing, one sentence each, with file and offset: by number from 0; NULL after
 * the last. */
const char *smk_trace_problem(const smk_trace *trace, size_t number);

/* ---- processes ---------------------------------------------------------------------------------------- */

typedef struct smk_clock_info {
    uint64_t monotonic, realtime; /* ns, of one moment */
    uint64_t error;               /* ns */
} smk_clock_info;

/* One process in one capture. Two captures of one process are two of these. */
typedef struct smk_process_info {
    uint32_t process;     /* number in the trace, from 0, in order of their first chunks */
    uint32_t pid, parent; /* parent 0: not said */
    uint64_t id;          /* pid << 32 | a random half */
    const char *name, *exe, *host;                         /* "" when not said */
    const char *capture_id, *capture_name, *kind, *reason;
    uint32_t categories;
    uint64_t first, last, complete_from; /* as in smk_trace_info, of this process */
    int64_t realtime_offset;
    uint64_t events, lost, bytes;
    uint32_t segments, chunks, threads, stacks, modules;
    bool complete, from_start, to_end;
    bool by_realtime;     /* of another boot or machine than the trace's clock is of: its times are set by
                           * CLOCK_REALTIME, and how far the two were apart is not known */
    uint64_t clock_error; /* ns: bound of the error of its times against each other; 0: not said */
} smk_process_info;

/* By number from 0; NULL after the last. */
const smk_process_info *smk_trace_process_at(const smk_trace *trace, size_t number);

/* As the functions of the same names without `process`; NULL or false where there is no such process. */
const char *smk_trace_process_fact(const smk_trace *trace, uint32_t process, const char *key);
bool smk_trace_process_fact_at(const smk_trace *trace, uint32_t process, size_t number,
                               const char **key, const char **value);
bool smk_trace_process_clock_at(const smk_trace *trace, uint32_t process, size_t number,
                                smk_clock_info *clock);
const char *smk_trace_process_lock_at(const smk_trace *trace, uint32_t process, size_t number,
                                      uint64_t *address);
/* A time in which a category was not recorded although the capture wanted it: the tracer had used up its
 * budget. What is not there says nothing then; what is there, of threads that raced with the gate, happened. */
typedef struct smk_gap {
    uint32_t process;
    uint32_t category;  /* one bit of enum smk_category */
    uint64_t from, to;  /* ns; at most to the last event, or the end of the capture */
    const char *reason; /* "budget" */
} smk_gap;

/* By number from 0, one process after the other, in order of their beginnings; false after the last. */
bool smk_trace_gap_at(const smk_trace *trace, size_t number, smk_gap *gap);

/* ---- tables ------------------------------------------------------------------------------------------- */

typedef struct smk_thread_info {
    uint32_t serial, tid;
    uint64_t started; /* ns */
    const char *name;
    uint64_t lost; /* events lost of this thread */
    uint32_t process;
} smk_thread_info;

typedef struct smk_site_info {
    uint32_t id, line;
    const char *name, *file, *function;
} smk_site_info;

typedef struct smk_stack_info {
    uint32_t id, depth;
    const uint64_t *pcs; /* innermost first; return addresses but for the first */
    uint32_t process;
} smk_stack_info;

typedef struct smk_module_info {
    uint32_t id;
    uint64_t start, end, bias;
    const char *path;
    const uint8_t *build_id;
    size_t build_id_len;
    uint32_t process;
} smk_module_info;

typedef struct smk_symbol_frame {
    const char *function, *file; /* file "": not known */
    uint32_t line;               /* 0: not known */
} smk_symbol_frame;

/* What the file itself says of an address (`stallmark symbolize` puts it there). Addresses are as in the
 * module's ELF file: those of the process minus the module's bias. */
typedef struct smk_symbol_info {
    uint32_t module;
    bool data;               /* a static object, and not code */
    uint64_t address;        /* asked about */
    uint64_t start, size;    /* of the function or object; size 0: not known */
    uint32_t frame_count;    /* at least 1 */
    const smk_symbol_frame *frames; /* innermost first; each but the last was inlined into the next */
    uint32_t process;
} smk_symbol_info;

typedef struct smk_open_wait {
    uint32_t serial, tid, kind, holder, stack;
    uint64_t object, request, since; /* since: ns */
    uint32_t process;
} smk_open_wait;

/* NULL for an id that the file does not define. */
const char *smk_trace_string(const smk_trace *trace, uint32_t id);
const smk_site_info *smk_trace_site(const smk_trace *trace, uint32_t id);
const smk_stack_info *smk_trace_stack(const smk_trace *trace, uint32_t id);
const smk_thread_info *smk_trace_thread(const smk_trace *trace, uint32_t serial);
/* The thread of a process that had this tid at that moment. */
const smk_thread_info *smk_trace_process_tid(const smk_trace *trace, uint32_t process, uint32_t tid,
                                             uint64_t time);
/* The module that an address of a process lies in. */
const smk_module_info *smk_trace_process_module(const smk_trace *trace, uint32_t process,
                                                uint64_t address);
/* All of its modules in order of their starts: by number from 0; NULL after the last. */
const smk_module_info *smk_trace_process_module_at(const smk_trace *trace, uint32_t process,
                                                   size_t number);
/* Name given to a lock of a process, or NULL. */
const char *smk_trace_process_lock_name(const smk_trace *trace, uint32_t process, uint64_t address);

/* The same of the first process: for traces of one. */
const smk_thread_info *smk_trace_thread_by_tid(const smk_trace *trace, uint32_t tid, uint64_t time);
const smk_module_info *smk_trace_module(const smk_trace *trace, uint64_t address);
/* What the file says of the code (one byte before a return address), or of the data, at an address of
 * the process within a module; NULL: nothing. */
const smk_symbol_info *smk_trace_code_symbol(const smk_trace *trace, const smk_module_info *module,
                                             uint64_t address);
const smk_symbol_info *smk_trace_data_symbol(const smk_trace *trace, const smk_module_info *module,
                                             uint64_t address);
const char *smk_trace_lock_name(const smk_trace *trace, uint64_t address);

/* By number from 0; NULL (false) after the last. All processes', one after the other; locks and clocks: the
 * first's. */
const char *smk_trace_string_at(const smk_trace *trace, size_t number, uint32_t *id);
const smk_site_info *smk_trace_site_at(const smk_trace *trace, size_t number);
const smk_stack_info *smk_trace_stack_at(const smk_trace *trace, size_t number);
const char *smk_trace_lock_at(const smk_trace *trace, size_t number, uint64_t *address);
bool smk_trace_clock_at(const smk_trace *trace, size_t number, smk_clock_info *clock);
const smk_thread_info *smk_trace_thread_at(const smk_trace *trace, size_t number);
const smk_module_info *smk_trace_module_at(const smk_trace *trace, size_t number);
const smk_symbol_info *smk_trace_symbol_at(const smk_trace *trace, size_t number);
const smk_open_wait *smk_trace_open_wait_at(const smk_trace *trace, size_t number);

/* ---- events ------------------------------------------------------------------------------------------- */

#define SMK_READER_ARGS 7

typedef struct smk_event {
    uint64_t time;             /* ns; of a wait: when it ended */
    uint32_t id;               /* enum smk_event_id */
    uint32_t thread;           /* serial */
    uint32_t tid;
    uint32_t arg_count;
    uint64_t args[SMK_READER_ARGS]; /* durations are ns; "signed" and "value": cast to int64_t */
    const char *text;          /* of a TEXT argument, not ended by NUL; valid until the next event */
    uint32_t text_len;
    uint32_t process;
} smk_event;

/* "lock_wait" for an event id, NULL for one that this version does not know; its category ("lock"); and
 * of its arguments: "lock", and "address": what the number means. Types are site, string, stack (ids of
 * the tables, 0: none), duration, address, thread (a tid, 0: unknown), request (0: none), number, signed,
 * value (signed), bits, text (its length; the bytes are in `text`). Static strings; any thread. */
const char *smk_event_name(uint32_t id);
const char *smk_event_category(uint32_t id);
const char *smk_event_arg_name(uint32_t id, uint32_t arg);
const char *smk_event_arg_type(uint32_t id, uint32_t arg);

/* The id of "lock_wait", 0 where there is no such event; the number of its argument "duration", or
 * SMK_E_NOTFOUND. */
uint32_t smk_event_find(const char *name);
int smk_event_find_arg(uint32_t id, const char *name);

typedef struct smk_cursor_options {
    size_t size;       /* sizeof(smk_cursor_options) */
    uint64_t from, to; /* ns, from <= time < to; to 0: without end */
    uint32_t categories; /* 0: all */
    uint32_t thread;   /* serial; 0: all */
    uint32_t process;  /* its number + 1; 0: all */
} smk_cursor_options;

/* `options` may be NULL: everything. Several cursors of a trace may be open. */
int smk_cursor_open(smk_cursor **cursor, smk_trace *trace, const smk_cursor_options *options);

/* The next event in order of time over all threads: 1 and *event, valid until the next call; 0 at the
 * end; an error code where memory ran out. A damaged chunk is passed over, and is a problem of the
 * trace from then on. */
int smk_cursor_next(smk_cursor *cursor, const smk_event **event);

void smk_cursor_close(smk_cursor *cursor);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
