/* desk.h: the one thread on which captures are read and analysed, inside the process that they are about.
 *
 * One job at a time, within report_memory and report_time: what needs more is for the command line outside. The
 * thread owns the job until it posts it back; the loop may take the exchange out of it before, and then tells it to
 * give up.
 *
 * The thread begins with the agent and waits at its desk: to start one takes the host's allocator, and that may
 * be what hangs. A thread that is at work when its agent ends goes when it is through, and takes its desk along.
 */
#ifndef SMK_AGENT_DESK_H
#define SMK_AGENT_DESK_H

#include "exchange.h"
#include "stallmark/reader.h"
#include "store.h"

#define SMK_DESK_FILES 16 /* segments of one capture */

struct smk_desk_job {
    struct smk_job job;
    struct smk_exchange *exchange; /* the loop's; NULL: nobody waits any more */
    struct smk_timer *timer;       /* the loop's */
    uint32_t give_up;              /* atomic */
    char path[1024]; /* as `stallmark report` would be given it */
    const char *instead; /* what to do where it is too large here; NULL: `stallmark report` on that path */
    uint64_t max_memory, max_ns;
    uint64_t memory; /* the thread's: bytes in use */
    bool too_large;  /* the thread's: memory was refused */
    int files[SMK_DESK_FILES];
    uint32_t file_count;
    int rc;
    char why[512];

    /* On the thread: 0, or an error with its smk_last_error(). */
    int (*make)(struct smk_desk_job *job, smk_trace *trace);
    /* On the loop, once, while somebody waits: answers the exchange. smk_desk_failed says how it went. */
    void (*answer)(struct smk_desk_job *job, struct smk_exchange *exchange);
    /* Frees what `make` made; the job is freed behind it. */
    void (*drop)(struct smk_desk_job *job);
};

struct smk_desk_failure {
    int status; /* 0: none */
    const char *title;
    char detail[2048];
};

/* On the loop: takes the desk; false: somebody sits there. */
bool smk_desk_take(void);
/* Who has the desk gives it back without having begun. */
void smk_desk_leave(void);
/* Who has the desk brings a job, zeroed but for its calls and out of smk_heap. It is the desk's from here on: answered
 * at once where it cannot be begun. */
void smk_desk_begin(struct smk_desk_job *job, struct smk_exchange *exchange, const struct smk_stored *stored);

void smk_desk_failed(const struct smk_desk_job *job, struct smk_desk_failure *failure);

/* For `make`: memory within the job's bounds (smk_resize_fn, the job is `arg`), and whether to go on. */
void *smk_desk_resize(void *job, void *old, size_t old_bytes, size_t bytes);
bool smk_desk_progress(void *job, uint64_t done, uint64_t total);

/* At the loop's beginning and its end, on it. */
void smk_desk_open(void);
void smk_desk_close(void);
/* In a fork's child nothing is being made. */
void smk_desk_reset_in_child(void);

#endif
