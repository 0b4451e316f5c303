#define _GNU_SOURCE
#include "aside.h"

#include "base/atomic.h"
#include "base/sys.h"
#include "core/ownthread.h"
#include "core/thread.h"

enum { ASIDE_EMPTY, ASIDE_WORK, ASIDE_TAKEN, ASIDE_CLOSED };
enum { JOB_WAITED_FOR, JOB_DONE, JOB_LEFT };

struct aside {
    uint32_t state; /* atomic, futex */
    struct smk_aside_job *job;
};

static struct aside *aside; /* the loop's; NULL: there is no thread */

/* ---- the thread ------------------------------------------------------------------------------------------------ */

/* There is room again before the job is said to be done: behind that the loop may bring the next one. */
static void do_work(struct aside *mine)
{
    struct smk_aside_job *job = mine->job;
    uint32_t work = ASIDE_WORK, taken = ASIDE_TAKEN, waited_for = JOB_WAITED_FOR;
    if (!smk_cas_acq_rel(&mine->state, &work, ASIDE_TAKEN)) /* pairs with: leave */
        return; /* taken back just now */
    job->run(job);
    smk_cas_acq_rel(&mine->state, &taken, ASIDE_EMPTY); /* pairs with: smk_aside_do, smk_aside_close */
    if (smk_cas_acq_rel(&job->state, &waited_for, JOB_DONE)) /* pairs with: smk_aside_do, leave */
        smk_sys_futex_wake(&job->state, 1); /* its memory may be gone: then nobody is woken */
    else
        job->drop(job);
}

static void *aside_main(void *arg)
{
    struct aside *mine = arg;
    smk_thread_hide();
    smk_sys_set_thread_name("stallmark-nam");
    for (uint32_t state; (state = smk_load_acquire(&mine->state)) != ASIDE_CLOSED;) /* pairs with: smk_aside_close */
        if (state == ASIDE_WORK) /* pairs with: smk_aside_do */
            do_work(mine);
        else
            smk_sys_futex_wait(&mine->state, ASIDE_EMPTY, UINT64_MAX);
    smk_sys_unmap(mine, sizeof *mine);
    return NULL;
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

static enum smk_aside leave(struct smk_aside_job *job)
{
    uint32_t waited_for = JOB_WAITED_FOR, work = ASIDE_WORK;
    if (!smk_cas_acq_rel(&job->state, &waited_for, JOB_LEFT)) /* pairs with: do_work */
        return SMK_ASIDE_DONE;
    /* pairs with: do_work */
    return smk_cas_acq_rel(&aside->state, &work, ASIDE_EMPTY) ? SMK_ASIDE_BUSY : SMK_ASIDE_LATE;
}

enum smk_aside smk_aside_do(struct smk_aside_job *job, uint64_t until_ns)
{
    if (!aside || smk_load_acquire(&aside->state) != ASIDE_EMPTY) /* pairs with: do_work */
        return SMK_ASIDE_BUSY;
    smk_store_relaxed(&job->state, JOB_WAITED_FOR);
    aside->job = job;
    smk_store_release(&aside->state, ASIDE_WORK); /* pairs with: aside_main */
    smk_sys_futex_wake(&aside->state, 1);
    while (smk_load_acquire(&job->state) == JOB_WAITED_FOR) { /* pairs with: do_work */
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        if (now >= until_ns)
            return leave(job);
        smk_sys_futex_wait(&job->state, JOB_WAITED_FOR, until_ns - now);
    }
    return SMK_ASIDE_DONE;
}

void smk_aside_open(void)
{
    aside = smk_sys_map(sizeof *aside);
    if (!aside || smk_start_own_thread(aside_main, aside) == 0)
        return;
    smk_sys_unmap(aside, sizeof *aside);
    aside = NULL;
}

/* What it is still at has been left to it. */
void smk_aside_close(void)
{
    if (aside) {
        smk_store_release(&aside->state, ASIDE_CLOSED); /* pairs with: aside_main */
        smk_sys_futex_wake(&aside->state, 1);           /* its memory may be gone: then nobody is woken */
    }
    aside = NULL;
}

void smk_aside_reset_in_child(void) { aside = NULL; }
