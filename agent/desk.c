#define _GNU_SOURCE
#include "desk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/atomic.h"
#include "base/errors.h"
#include "base/sys.h"
#include "control.h"
#include "core/fds.h"
#include "core/ownthread.h"
#include "core/thread.h"
#include "heap.h"
#include "log.h"

#define FRACTION 4 /* the tables of the reader get a quarter less than all */
#define GRACE_NS UINT64_C(2000000000)

enum { DESK_EMPTY, DESK_WORK, DESK_TAKEN, DESK_CLOSED };

struct desk {
    uint32_t state; /* atomic, futex */
    struct smk_desk_job *job;
};

static struct desk *desk; /* the loop's; NULL: there is no thread */
static uint32_t busy; /* atomic: a job exists */
static struct smk_desk_job *current; /* the loop's: the job, until it is back or the loop ends */

static void free_job(struct smk_desk_job *job)
{
    for (uint32_t i = 0; i < job->file_count; i++)
        smk_fd_close(job->files[i]);
    job->drop(job);
    smk_heap_free(job);
    smk_desk_leave();
}

/* ---- the thread ------------------------------------------------------------------------------------------------ */

void *smk_desk_resize(void *arg, void *old, size_t old_bytes, size_t bytes)
{
    struct smk_desk_job *job = arg;
    if (bytes == 0) {
        job->memory -= old ? old_bytes : 0;
        smk_heap_free(old);
        return NULL;
    }
    uint64_t memory = job->memory - (old ? old_bytes : 0) + bytes;
    void *data = memory <= job->max_memory ? smk_heap_realloc(old, bytes) : NULL;
    if (data)
        job->memory = memory;
    else
        job->too_large = true;
    return data;
}

bool smk_desk_progress(void *arg, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    return !smk_load_relaxed(&((struct smk_desk_job *)arg)->give_up);
}

static int open_trace(struct smk_desk_job *job, smk_trace **trace)
{
    char names[SMK_DESK_FILES][32];
    const char *paths[SMK_DESK_FILES];
    const smk_open_options options = {.size = sizeof options,
                                      .max_memory = job->max_memory - job->max_memory / FRACTION,
                                      .resize = smk_desk_resize,
                                      .resize_arg = job};
    if (job->file_count == 1)
        return smk_trace_open_fd(trace, job->files[0], &options);
    for (uint32_t i = 0; i < job->file_count; i++) {
        snprintf(names[i], sizeof names[i], "/proc/self/fd/%d", job->files[i]);
        paths[i] = names[i];
    }
    return smk_trace_open_segments(trace, paths, job->file_count, &options);
}

static int make(struct smk_desk_job *job)
{
    smk_trace *trace = NULL;
    int rc = open_trace(job, &trace);
    if (rc == 0)
        rc = job->make(job, trace);
    if (rc < 0)
        snprintf(job->why, sizeof job->why, "%s", smk_last_error());
    smk_trace_close(trace);
    return rc;
}

/* The desk is empty before the job is back: behind that the loop may bring the next one. */
static void do_work(struct desk *mine)
{
    struct smk_desk_job *job = mine->job;
    uint32_t work = DESK_WORK, taken = DESK_TAKEN;
    if (!smk_cas_acq_rel(&mine->state, &work, DESK_TAKEN)) /* pairs with: smk_desk_close */
        return; /* closed just now: the job is the loop's again */
    job->rc = make(job);
    smk_cas_acq_rel(&mine->state, &taken, DESK_EMPTY); /* pairs with: bring, smk_desk_close */
    if (!smk_control_post(&job->job))
        free_job(job); /* the agent has ended */
}

static void *desk_main(void *arg)
{
    struct desk *mine = arg;
    smk_thread_hide();
    smk_sys_set_thread_name("stallmark-rep");
    for (uint32_t state; (state = smk_load_acquire(&mine->state)) != DESK_CLOSED;) /* pairs with: smk_desk_close */
        if (state == DESK_WORK) /* pairs with: bring */
            do_work(mine);
        else
            smk_sys_futex_wait(&mine->state, DESK_EMPTY, UINT64_MAX);
    smk_sys_unmap(mine, sizeof *mine);
    return NULL;
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

static void say_too_much(const struct smk_desk_job *job, const char *why, struct smk_desk_failure *failure)
{
    char memory[32], time[32];
    smk_format_bytes(job->max_memory, memory, sizeof memory);
    smk_format_duration(job->max_ns, time, sizeof time);
    failure->status = 422;
    failure->title = "too large to be analysed here";
    snprintf(failure->detail, sizeof failure->detail,
             "%s%sreport_memory is %s, report_time %s; outside of this process there is no such limit: %s%s", why,
             why[0] ? "; " : "", memory, time, job->instead ? job->instead : "stallmark report ",
             job->instead ? "" : job->path);
}

/* The thread may be writing its own why while it is told to give up. */
void smk_desk_failed(const struct smk_desk_job *job, struct smk_desk_failure *failure)
{
    bool gives_up = smk_load_relaxed(&job->give_up);
    *failure = (struct smk_desk_failure){.status = 0};
    if (gives_up || job->too_large || job->rc == SMK_E_LIMIT) {
        say_too_much(job, gives_up ? "" : job->why, failure);
    } else if (job->rc != 0) {
        failure->status = 422;
        failure->title = "not to be analysed";
        snprintf(failure->detail, sizeof failure->detail, "%s", job->why);
    }
}

static void answer(struct smk_desk_job *job)
{
    struct smk_exchange *exchange = job->exchange;
    job->exchange = NULL;
    if (exchange)
        job->answer(job, exchange);
}

static void run_done(struct smk_job *base)
{
    struct smk_desk_job *job = (struct smk_desk_job *)base;
    current = NULL;
    smk_timer_free(job->timer);
    answer(job);
    free_job(job);
}

static void abandoned(struct smk_exchange *exchange)
{
    struct smk_desk_job *job = exchange->handler;
    job->exchange = NULL;
    smk_store_relaxed(&job->give_up, 1);
}

/* The thread looks at the time itself, but may sit in a slow disk. */
static void timer_due(void *arg)
{
    struct smk_desk_job *job = arg;
    smk_store_relaxed(&job->give_up, 1);
    answer(job);
}

/* ---- what is read ------------------------------------------------------------------------------------------------ */

static int copy_memory(struct smk_desk_job *job, const struct smk_tape *tape)
{
    uint8_t data[16384];
    int fd = smk_fd_keep(smk_sys_memfd());
    if (fd < 0)
        return smk_fail_errno(-fd, "a copy of the capture");
    job->files[job->file_count++] = fd;
    uint64_t at = 0;
    for (size_t n; (n = smk_tape_read_memory(tape, at, data, sizeof data)) > 0; at += n)
        if (smk_sys_pwrite(fd, data, n, at) != (ssize_t)n)
            return smk_fail(SMK_E_IO, "the capture could not be copied");
    return 0;
}

static int open_files(struct smk_desk_job *job, const struct smk_stored *stored)
{
    char name[SMK_FILE_NAME_MAX];
    if (stored->memory)
        return copy_memory(job, stored->memory);
    for (uint32_t i = 0; i < stored->count; i++) {
        smk_store_name(stored->id, stored->rotates, &stored->segments[i], name);
        int fd = smk_sys_openat(smk_store_directory()->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
        if (fd < 0)
            return smk_fail_errno(-fd, "%s", name);
        job->files[job->file_count++] = smk_fd_keep(fd);
    }
    return 0;
}

static void bring(struct smk_desk_job *job)
{
    desk->job = job;
    smk_store_release(&desk->state, DESK_WORK); /* pairs with: desk_main */
    smk_sys_futex_wake(&desk->state, 1);
}

static int start(struct smk_desk_job *job, const struct smk_stored *stored)
{
    job->max_memory = smk_agent.settings.report_memory;
    job->max_ns = smk_agent.settings.report_time;
    bool partial = stored->segments && stored->segments[stored->count - 1].partial;
    if (stored->memory || !smk_store_path(stored->id, stored->rotates, partial, job->path, sizeof job->path))
        snprintf(job->path, sizeof job->path, "%s.stall", stored->id);
    if (!desk)
        return smk_fail(SMK_E_NOMEM, "the report's thread could not be started");
    if (stored->count > SMK_DESK_FILES)
        return smk_fail(SMK_E_LIMIT, "it has %u segments; %d are analysed here", (unsigned)stored->count,
                        SMK_DESK_FILES);
    int rc = open_files(job, stored);
    if (rc < 0)
        return rc;
    job->job.run = run_done;
    job->timer = smk_timer_new(timer_due, job);
    if (!job->timer)
        return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    smk_timer_set(job->timer, job->max_ns + GRACE_NS);
    bring(job);
    return 0;
}

void smk_desk_begin(struct smk_desk_job *job, struct smk_exchange *exchange, const struct smk_stored *stored)
{
    job->exchange = exchange;
    exchange->handler = job;
    exchange->abandoned = abandoned;
    exchange->answer.slow = true;
    int rc = start(job, stored);
    if (rc == 0) {
        current = job;
        return;
    }
    job->rc = rc;
    snprintf(job->why, sizeof job->why, "%s", smk_last_error());
    smk_timer_free(job->timer);
    answer(job);
    free_job(job);
}

bool smk_desk_take(void) { return !smk_exchange_acq_rel(&busy, 1); /* pairs with: smk_desk_leave */ }

void smk_desk_leave(void) { smk_store_release(&busy, 0); /* pairs with: smk_desk_take */ }

void smk_desk_open(void)
{
    desk = smk_sys_map(sizeof *desk);
    if (!desk || smk_start_own_thread(desk_main, desk) == 0)
        return;
    smk_sys_unmap(desk, sizeof *desk);
    desk = NULL;
}

/* The thread may need longer than the loop has, and may hand the job to the next one: nothing of this loop is
 * left in it. Whoever waits is told by the loop. */
void smk_desk_close(void)
{
    struct smk_desk_job *job = current;
    bool untouched = false;
    current = NULL;
    if (desk) {
        /* pairs with: desk_main, do_work */
        untouched = smk_exchange_acq_rel(&desk->state, DESK_CLOSED) == DESK_WORK;
        smk_sys_futex_wake(&desk->state, 1); /* its memory may be gone: then nobody is woken */
    }
    desk = NULL;
    if (!job)
        return;
    if (job->exchange)
        job->exchange->abandoned = NULL;
    job->exchange = NULL;
    smk_timer_free(job->timer);
    job->timer = NULL;
    smk_store_relaxed(&job->give_up, 1);
    if (untouched)
        free_job(job); /* the thread will not see it any more */
}

void smk_desk_reset_in_child(void)
{
    busy = 0;
    current = NULL;
    desk = NULL;
}
