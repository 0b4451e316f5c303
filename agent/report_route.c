/* report_route.c: GET /debug/traces/ID/report: the analysis, inside the process that it is about.
 *
 * On a thread of its own, one at a time, within report_memory and report_time: what needs more is for
 * `stallmark report` outside. The thread owns the job until it posts it back; the loop may take the
 * exchange out of it before, and then tells it to give up.
 *
 * The thread begins with the agent and waits at its desk: to start one takes the host's allocator, and that may
 * be what hangs. A thread that is at work when its agent ends goes when it is through, and takes its desk along.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "analysis/report.h"
#include "base/atomic.h"
#include "base/errors.h"
#include "base/sys.h"
#include "captures.h"
#include "control.h"
#include "core/fds.h"
#include "core/ownthread.h"
#include "core/thread.h"
#include "download.h"
#include "heap.h"
#include "log.h"
#include "routes.h"
#include "stallmark/reader.h"
#include "store.h"

#define FILES_MAX  16 /* segments of one capture */
#define FRACTION   4  /* the tables of the reader get a quarter less than all */
#define GRACE_NS   UINT64_C(2000000000)
#define OUTPUT_MAX (1u << 20)

const struct smk_parameter smk_report_parameters[] = {
    {"format", "text or json; else by Accept"},
    {NULL, NULL},
};

struct report_job {
    struct smk_job job;
    struct smk_exchange *exchange; /* the loop's; NULL: nobody waits any more */
    struct smk_timer *timer;       /* the loop's */
    uint32_t give_up;              /* atomic */
    bool json;
    char path[1024]; /* as `stallmark report` would be given it */
    uint64_t max_memory, max_ns;
    uint64_t memory; /* the thread's: bytes in use */
    bool too_large;  /* the thread's: memory was refused */
    int files[FILES_MAX];
    uint32_t file_count;
    char *output;
    size_t len, room;
    int rc;
    char why[512];
};

enum { DESK_EMPTY, DESK_WORK, DESK_TAKEN, DESK_CLOSED };

struct desk {
    uint32_t state; /* atomic, futex */
    struct report_job *job;
};

static struct desk *desk; /* the loop's; NULL: there is no thread */
static uint32_t busy; /* atomic: a job exists */
static struct report_job *current; /* the loop's: the job, until it is back or the loop ends */

static void free_job(struct report_job *job)
{
    for (uint32_t i = 0; i < job->file_count; i++)
        smk_fd_close(job->files[i]);
    smk_heap_free(job->output);
    smk_heap_free(job);
    smk_store_release(&busy, 0); /* pairs with: smk_handle_report */
}

/* ---- the thread ------------------------------------------------------------------------------------------------ */

static void *resize(void *arg, void *old, size_t old_bytes, size_t bytes)
{
    struct report_job *job = arg;
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

static int put(void *arg, const char *text, size_t len)
{
    struct report_job *job = arg;
    if (job->len + len + 1 > job->room) {
        size_t room = (job->len + len + 1) * 2;
        char *output = room <= OUTPUT_MAX ? smk_heap_realloc(job->output, room) : NULL;
        if (!output)
            return smk_fail(SMK_E_LIMIT, "the report is longer than 512 KiB");
        job->output = output;
        job->room = room;
    }
    memcpy(job->output + job->len, text, len);
    job->len += len;
    return 0;
}

static bool progress(void *arg, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    return !smk_load_relaxed(&((struct report_job *)arg)->give_up);
}

static int open_trace(struct report_job *job, smk_trace **trace)
{
    char names[FILES_MAX][32];
    const char *paths[FILES_MAX];
    const smk_open_options options = {.size = sizeof options,
                                      .max_memory = job->max_memory - job->max_memory / FRACTION,
                                      .resize = resize,
                                      .resize_arg = job};
    if (job->file_count == 1)
        return smk_trace_open_fd(trace, job->files[0], &options);
    for (uint32_t i = 0; i < job->file_count; i++) {
        snprintf(names[i], sizeof names[i], "/proc/self/fd/%d", job->files[i]);
        paths[i] = names[i];
    }
    return smk_trace_open_segments(trace, paths, job->file_count, &options);
}

static int make_report(struct report_job *job)
{
    smk_trace *trace = NULL;
    struct smk_report *report = NULL;
    const struct smk_report_options options = {.resize = resize,
                                               .resize_arg = job,
                                               .max_memory = job->max_memory,
                                               .max_ns = job->max_ns,
                                               .progress = progress,
                                               .progress_arg = job};
    int rc = open_trace(job, &trace);
    if (rc == 0)
        rc = smk_report_make(&report, trace, &options);
    if (rc == 0)
        rc = job->json ? smk_report_json(report, put, job) : smk_report_text(report, put, job);
    if (rc < 0)
        snprintf(job->why, sizeof job->why, "%s", smk_last_error());
    if (report)
        smk_report_free(report);
    smk_trace_close(trace);
    return rc;
}

/* The desk is empty before the job is back: behind that the loop may bring the next one. */
static void do_work(struct desk *mine)
{
    struct report_job *job = mine->job;
    uint32_t work = DESK_WORK, taken = DESK_TAKEN;
    if (!smk_cas_acq_rel(&mine->state, &work, DESK_TAKEN)) /* pairs with: smk_report_end */
        return; /* closed just now: the job is the loop's again */
    job->rc = make_report(job);
    smk_cas_acq_rel(&mine->state, &taken, DESK_EMPTY); /* pairs with: bring, smk_report_end */
    if (!smk_control_post(&job->job))
        free_job(job); /* the agent has ended */
}

static void *report_main(void *arg)
{
    struct desk *mine = arg;
    smk_thread_hide();
    smk_sys_set_thread_name("stallmark-rep");
    for (uint32_t state; (state = smk_load_acquire(&mine->state)) != DESK_CLOSED;) /* pairs with: smk_report_end */
        if (state == DESK_WORK) /* pairs with: bring */
            do_work(mine);
        else
            smk_sys_futex_wait(&mine->state, DESK_EMPTY, UINT64_MAX);
    smk_sys_unmap(mine, sizeof *mine);
    return NULL;
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

static void answer_too_much(const struct report_job *job, const char *why, struct smk_answer *answer)
{
    char memory[32], time[32];
    smk_format_bytes(job->max_memory, memory, sizeof memory);
    smk_format_duration(job->max_ns, time, sizeof time);
    smk_answer_problem(answer, 422, "too large to be analysed here",
                       "%s%sreport_memory is %s, report_time %s; outside of this process there is no such limit: "
                       "stallmark report %s",
                       why, why[0] ? "; " : "", memory, time, job->path);
}

static void answer(struct report_job *job)
{
    struct smk_exchange *exchange = job->exchange;
    bool too_much = job->rc == SMK_E_LIMIT || job->too_large || smk_load_relaxed(&job->give_up);
    job->exchange = NULL;
    if (!exchange)
        return;
    if (job->rc == 0) {
        char *text = job->output;
        job->output = NULL;
        smk_answer_memory(&exchange->answer, 200, job->json ? "application/json" : "text/plain; charset=utf-8", text,
                          job->len);
    } else if (too_much) {
        answer_too_much(job, job->why, &exchange->answer);
    } else {
        smk_answer_problem(&exchange->answer, 422, "not to be analysed", "%s", job->why);
    }
    smk_exchange_answer(exchange);
}

static void run_done(struct smk_job *base)
{
    struct report_job *job = (struct report_job *)base;
    current = NULL;
    smk_timer_free(job->timer);
    answer(job);
    free_job(job);
}

static void abandoned(struct smk_exchange *exchange)
{
    struct report_job *job = exchange->handler;
    job->exchange = NULL;
    smk_store_relaxed(&job->give_up, 1);
}

/* The thread looks at the time itself, but may sit in a slow disk. */
static void timer_due(void *arg)
{
    struct report_job *job = arg;
    struct smk_exchange *exchange = job->exchange;
    smk_store_relaxed(&job->give_up, 1);
    job->exchange = NULL;
    if (!exchange)
        return;
    answer_too_much(job, "", &exchange->answer); /* the thread may be writing its own why */
    smk_exchange_answer(exchange);
}

/* ---- what is read ------------------------------------------------------------------------------------------------ */

static int copy_memory(struct report_job *job, const struct smk_tape *tape)
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

static int open_files(struct report_job *job, const struct smk_stored *stored)
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

static void bring(struct report_job *job)
{
    desk->job = job;
    smk_store_release(&desk->state, DESK_WORK); /* pairs with: report_main */
    smk_sys_futex_wake(&desk->state, 1);
}

static int start(struct report_job *job, const struct smk_stored *stored)
{
    job->max_memory = smk_agent.settings.report_memory;
    job->max_ns = smk_agent.settings.report_time;
    bool partial = stored->segments && stored->segments[stored->count - 1].partial;
    if (stored->memory || !smk_store_path(stored->id, stored->rotates, partial, job->path, sizeof job->path))
        snprintf(job->path, sizeof job->path, "%s.stall", stored->id);
    if (!desk)
        return smk_fail(SMK_E_NOMEM, "the report's thread could not be started");
    if (stored->count > FILES_MAX)
        return smk_fail(SMK_E_LIMIT, "it has %u segments; %d are analysed here", (unsigned)stored->count, FILES_MAX);
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

static void begin(struct smk_exchange *exchange, const struct smk_stored *stored, bool json)
{
    struct report_job *job = smk_heap_zalloc(sizeof *job);
    if (!job) {
        smk_store_release(&busy, 0); /* pairs with: smk_handle_report */
        smk_answer_failure(&exchange->answer, smk_fail(SMK_E_NOMEM, "the agent's heap is full"));
        smk_exchange_answer(exchange);
        return;
    }
    job->json = json;
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

void smk_handle_report(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_running *running = smk_captures_find(match->id);
    const struct smk_stored *stored = running ? NULL : smk_download_find(exchange, match->id);
    int json = smk_route_wants_json(exchange, match);
    if (running)
        smk_captures_answer_recording(&exchange->answer, running);
    else if (stored && json < 0)
        smk_answer_failure(&exchange->answer, json);
    else if (stored && smk_exchange_acq_rel(&busy, 1)) { /* pairs with: free_job */
        smk_answer_header(&exchange->answer, "Retry-After", "2");
        smk_answer_problem(&exchange->answer, 503, "busy", "another report is being made; one at a time");
    } else if (stored) {
        begin(exchange, stored, json);
        return;
    }
    smk_exchange_answer(exchange);
}

void smk_report_begin(void)
{
    desk = smk_sys_map(sizeof *desk);
    if (!desk || smk_start_own_thread(report_main, desk) == 0)
        return;
    smk_sys_unmap(desk, sizeof *desk);
    desk = NULL;
}

/* The thread may need longer than the loop has, and may hand the job to the next one: nothing of this loop is
 * left in it. Whoever waits is told by the loop. */
void smk_report_end(void)
{
    struct report_job *job = current;
    bool untouched = false;
    current = NULL;
    if (desk) {
        /* pairs with: report_main, do_work */
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

void smk_report_reset_in_child(void)
{
    busy = 0;
    current = NULL;
    desk = NULL;
}
