/* capture.h: captures as the library sees them: what is recorded, from when to when, and the writer
 * thread that drains, encodes and writes.
 *
 * A capture goes STARTING → RECORDING → FINISHING → DONE. Who starts one (capture.h of the public
 * interface, the agent) holds a reference until smk_capture_release. Up to SMK_CAPTURES_MAX at once;
 * that only one timed capture runs is the agent's rule, not this file's.
 *
 * Any thread, not in signal handlers; the writer thread calls `finished`.
 */
#ifndef SMK_CORE_CAPTURE_H
#define SMK_CORE_CAPTURE_H

#include "base/compiler.h"
#include "core/init.h"
#include "core/sink.h"
#include "format/tables.h"
#include "stallmark/capture.h"

enum smk_capture_kind {
    SMK_CAPTURE_TIMED,    /* from now until it is stopped */
    SMK_CAPTURE_SNAPSHOT, /* what the buffer holds, and `after_ns` more */
    SMK_CAPTURE_PROGRAM   /* like a timed one; named so in the file */
};

struct smk_capture;

struct smk_capture_spec {
    enum smk_capture_kind kind;
    char id[SMK_CAPTURE_ID_SIZE]; /* from smk_capture_new_id */
    uint64_t number;      /* of the chunks' headers: the same in each process of a family; 0: a random one */
    const char *name;             /* copied; NULL: none */
    const char *rule, *cause;     /* what fired it, and on what; copied; NULL: nobody's rule */
    uint32_t categories;
    uint64_t duration_ns; /* 0: until smk_capture_end */
    uint64_t before_ns;   /* snapshot: how far back at most; 0: all that there is */
    uint64_t after_ns;    /* snapshot: how much of what comes */
    uint64_t end_tick;    /* snapshot of a process that has ended (box.h): when; 0: now */
    uint64_t max_bytes;   /* of the whole capture; 0: SMK_MAX_BYTES_DEFAULT */
    uint64_t rotate_bytes;    /* a segment's size; 0: no rotation by size; at least SMK_ROTATE_BYTES_MIN */
    uint64_t rotate_every_ns; /* a segment's length; 0: none; at least SMK_ROTATE_EVERY_MIN_NS */
    const struct smk_sink *sink;
    void *sink_arg; /* lives until `finished` was called */
    /* Called exactly once, after the sink's last close. */
    void (*finished)(void *arg, struct smk_capture *capture, enum smk_reason reason);
    void *finished_arg;
    /* Both may be NULL; the writer calls them, with finished_arg. `may_end`, after the gate was closed: false
     * as long as the end has to wait for others, who wake the writer; it never blocks. `facts`: more to say at
     * the end of the last segment. */
    bool (*may_end)(void *arg, enum smk_reason reason);
    void (*facts)(void *arg, smk_add_fact add, void *table);
};

#define SMK_MAX_BYTES_DEFAULT   (UINT64_C(256) << 20)
#define SMK_MAX_BYTES_MIN       (UINT64_C(256) << 10)
#define SMK_ROTATE_BYTES_MIN    (UINT64_C(256) << 10)
#define SMK_ROTATE_EVERY_MIN_NS UINT64_C(100000000)

enum smk_capture_state {
    SMK_CAPTURE_STARTING,
    SMK_CAPTURE_RECORDING,
    SMK_CAPTURE_FINISHING,
    SMK_CAPTURE_DONE
};

struct smk_capture_progress {
    enum smk_capture_state state;
    enum smk_reason reason;
    int io_error; /* errno of what ended it, 0 */
    uint64_t bytes, events, lost;
    uint32_t segments;
    uint64_t started_unix_ns, ended_unix_ns; /* 0: not yet */
    uint64_t complete_from_ns;               /* monotonic; 0: not yet */
};

/* A fresh id: [0-9a-z-], in order of time, unique over processes and restarts. */
void smk_capture_new_id(char id[SMK_CAPTURE_ID_SIZE]);

/* "default,-net,+alloc", "all", "lock,net": into bits. 0, or SMK_E_INVALID with the allowed names.
 * `len` bytes; an empty text is an error. Names without a sign before any other replace the default. */
int smk_categories_parse(const char *text, size_t len, uint32_t *categories);
/* "lock,net"; the result is cut to `size`. */
void smk_categories_format(uint32_t categories, char *text, size_t size);

/* Begins. 0 and *capture; SMK_E_INVALID, SMK_E_LIMIT (too many at once), SMK_E_NOMEM, SMK_E_INERT. The
 * sink is opened by the writer: an error there ends the capture at once with IO_ERROR or NO_SPACE. */
int smk_capture_begin(const struct smk_capture_spec *spec, struct smk_capture **capture);

/* Asks it to end; does not wait. The first reason counts. */
void smk_capture_end(struct smk_capture *capture, enum smk_reason reason);

/* Waits until it is DONE, at most `ns`. True when it is. */
bool smk_capture_wait(struct smk_capture *capture, uint64_t ns);

void smk_capture_get_progress(const struct smk_capture *capture, struct smk_capture_progress *progress);

/* One more reference. */
void smk_capture_hold(struct smk_capture *capture);

/* The starter's reference ends; `finished` may still come. */
void smk_capture_release(struct smk_capture *capture);

/* In a fork's child: the public capture.h's slot. */
void smk_program_capture_reset_in_child(void);

/* Ends all of them with EXIT and waits, at most `ns`, for their files. From the destructor. */
void smk_captures_shutdown(uint64_t ns);

/* ---- the flight recorder ----------------------------------------------------------------------------- */

/* On: these categories are recorded all the time, and the buffer is kept tidy so that it holds the
 * latest of every thread. 0 categories: off. */
int smk_recorder_set(uint32_t categories);
uint32_t smk_recorder_categories(void);

/* How far back the buffer is complete now, ns; 0: nothing. */
uint64_t smk_recorder_window_ns(void);

#endif
