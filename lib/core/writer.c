#include "core/writer.h"

#include <errno.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/capture.h"
#include "core/init.h"
#include "core/ownthread.h"
#include "core/rest.h"
#include "core/pass.h"
#include "core/shed.h"
#include "core/stats.h"
#include "core/thread.h"

#define LOOK_FOR_HOST_NS 100000000u
#define SHUTDOWN_NS      UINT64_C(2000000000)

static struct smk_lock pass_lock = SMK_LOCK_INIT(SMK_RANK_WRITER);
static uint32_t running; /* atomic */
static uint32_t pass_tid; /* atomic: of the thread that is in a pass; 0: none is */
static uint32_t wake;    /* atomic, futex: counts reasons to look */

static uint64_t locked_pass(void)
{
    smk_lock(&pass_lock);
    smk_store_relaxed(&pass_tid, (uint32_t)smk_sys_gettid());
    uint64_t ns = smk_pass();
    smk_store_relaxed(&pass_tid, 0);
    smk_unlock(&pass_lock);
    return ns;
}

bool smk_writer_is_here(void)
{
    return smk_load_relaxed(&pass_tid) == (uint32_t)smk_sys_gettid();
}

void smk_writer_pass_here(void)
{
    struct smk_sys_hushed hushed;
    uint8_t quiet = smk_tls.quiet;
    smk_tls.quiet = 1; /* what the writer does is not the host's */
    smk_sys_hush(&hushed);
    locked_pass();
    smk_sys_unhush(&hushed);
    smk_tls.quiet = quiet;
}

/* ---- the thread ----------------------------------------------------------------------------------------------- */

static uint64_t counted_tick(const struct smk_source_calls *sources)
{
    uint64_t cpu = smk_sys_clock(CLOCK_THREAD_CPUTIME_ID);
    uint64_t step = sources->tick();
    cpu = smk_sys_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
    smk_add_relaxed(&smk_stats.sources_cpu_ns, cpu);
    smk_shed_charge(cpu);
    return step;
}

/* Until the next pass is due or somebody wakes us; the sources look at their threads meanwhile. */
static void wait_for_pass(uint32_t seen, uint64_t ns)
{
    const struct smk_source_calls *sources = smk_core_sources();
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    uint64_t until = ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
    for (; now < until; now = smk_sys_clock(CLOCK_MONOTONIC)) {
        uint64_t step = sources && sources->tick ? counted_tick(sources) : UINT64_MAX;
        uint64_t left = until == UINT64_MAX ? UINT64_MAX : until - now;
        int rc = smk_sys_futex_wait(&wake, seen, smk_min_u64(step, left));
        smk_rest_if_refused();
        if (rc != -ETIMEDOUT)
            return;
    }
}

static void *writer_main(void *arg)
{
    (void)arg;
    smk_thread_hide();
    smk_sys_set_thread_name("stallmark-write");
    for (;;) {
        uint32_t seen = smk_load_acquire(&wake); /* pairs with: smk_writer_wake */
        uint64_t ns = locked_pass();
        if (smk_host_is_gone())
            break;
        if (smk_host_main_has_ended())
            ns = smk_min_u64(ns, LOOK_FOR_HOST_NS);
        if (ns > 0)
            wait_for_pass(seen, ns);
    }
    smk_store_release(&running, 0); /* pairs with: smk_writer_runs */
    smk_captures_shutdown(SHUTDOWN_NS);
    return NULL; /* as the last thread: libc calls exit(0) */
}

void smk_writer_wake(void)
{
    smk_add_acq_rel(&wake, 1); /* pairs with: writer_main */
    smk_sys_futex_wake(&wake, 1);
}

bool smk_writer_runs(void) { return smk_load_acquire(&running) != 0; }

int smk_writer_start(void)
{
    const struct smk_source_calls *sources = smk_core_sources();
    uint32_t idle = 0;
    if (!smk_cas_acq_rel(&running, &idle, 1))
        return 0;
    int rc = sources && sources->start_thread ? sources->start_thread(writer_main, NULL)
                                              : smk_start_own_thread(writer_main, NULL);
    if (rc < 0) {
        smk_store_release(&running, 0); /* pairs with: smk_writer_runs */
        return smk_fail_errno(-rc, "the writer thread could not be started");
    }
    return 0;
}

void smk_writer_reset_in_child(void)
{
    smk_lock_reset(&pass_lock);
    smk_store_relaxed(&running, 0);
    smk_store_relaxed(&pass_tid, 0);
    smk_pass_reset_in_child();
}
