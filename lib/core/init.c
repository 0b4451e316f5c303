#include "core/init.h"

#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/box.h"
#include "core/capture_state.h"
#include "core/clock.h"
#include "core/collect.h"
#include "core/drain.h"
#include "core/ended.h"
#include "core/facts.h"
#include "core/fds.h"
#include "core/gaps.h"
#include "core/gate.h"
#include "core/intern.h"
#include "core/locknames.h"
#include "core/notable.h"
#include "core/ownthread.h"
#include "core/loops.h"
#include "core/pool.h"
#include "core/readers.h"
#include "core/request.h"
#include "core/rest.h"
#include "core/routes.h"
#include "core/shed.h"
#include "core/stats.h"
#include "core/thread.h"
#include "core/writer.h"

#define SHUTDOWN_NS UINT64_C(2000000000)

/* Bytes of the tables of names, taken as they fill. */
#define STRINGS_BYTES (4u << 20)
#define SITES_BYTES   (4u << 20)
#define STACKS_BYTES  (16u << 20)

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_CORE);
static struct smk_core_config config;                /* lock */
static const char *inert_why = "not initialised yet"; /* atomic */
static bool initialised;                             /* lock */
static uint64_t process_id;
static const struct smk_source_calls *sources; /* atomic */

void smk_core_config_init(struct smk_core_config *c)
{
    *c = (struct smk_core_config){.pool_bytes = SMK_POOL_BYTES_DEFAULT,
                                  .threads = SMK_THREADS_DEFAULT,
                                  .requests = SMK_REQUESTS_DEFAULT};
}

static void new_process_id(void)
{
    uint32_t half = (uint32_t)smk_sys_clock(CLOCK_MONOTONIC);
    smk_sys_random(&half, sizeof half);
    process_id = (uint64_t)smk_sys_getpid() << 32 | half;
}

uint64_t smk_process_id(void) { return process_id; }

void smk_core_assume_process(uint64_t id) { process_id = id; }

bool smk_core_is_own_process(void) { return process_id >> 32 == (uint64_t)smk_sys_getpid(); }

static int make_tables(void)
{
    int rc = smk_threads_init(config.threads);
    if (rc == 0)
        rc = smk_requests_init(config.requests);
    if (rc == 0)
        rc = smk_locknames_init();
    if (rc == 0)
        rc = smk_intern_init(&smk_strings, SMK_STRINGS_MAX, STRINGS_BYTES);
    if (rc == 0)
        rc = smk_intern_init(&smk_sites, SMK_SITES_MAX, SITES_BYTES);
    if (rc == 0)
        rc = smk_intern_init(&smk_stacks, SMK_STACKS_MAX, STACKS_BYTES);
    return rc;
}

int smk_core_init(const struct smk_core_config *c)
{
    int rc = 0;
    smk_lock(&lock);
    if (!initialised) {
        initialised = true;
        if (c)
            config = *c;
        else
            smk_core_config_init(&config);
        smk_clock_init(config.slow_clock);
        smk_sys_barrier_prepare();
        new_process_id();
        rc = make_tables();
        smk_store_release(&inert_why, rc < 0 ? "no memory for its tables" : NULL); /* pairs with: smk_core_inert */
    }
    smk_unlock(&lock);
    return rc;
}

int smk_core_set_pool_bytes(uint64_t bytes)
{
    if (bytes < SMK_POOL_BYTES_MIN || bytes > SMK_POOL_BYTES_LIMIT)
        return smk_fail(SMK_E_INVALID, "the buffer's size: from 512 KiB to 4 GiB");
    smk_lock(&lock);
    bool late = smk_pool_ready();
    if (!late)
        config.pool_bytes = bytes;
    smk_unlock(&lock);
    return late ? smk_fail(SMK_E_BUSY, "the buffer exists already") : 0;
}

int smk_core_ready(void)
{
    int rc = 0;
    smk_lock(&lock);
    if (!smk_pool_ready()) {
        rc = smk_pool_init(config.pool_bytes);
        smk_facts_tell_box();
    }
    smk_unlock(&lock);
    if (rc == 0)
        smk_routes_prepare(); /* without it there are traces, and no figures by route */
    const struct smk_source_calls *calls = smk_core_sources();
    if (rc == 0 && calls && calls->prepare)
        calls->prepare();
    if (rc == 0 && smk_core_inert()) /* that is what a source found out */
        rc = smk_fail(SMK_E_INERT, "stallmark is inert in this process: %s", smk_core_inert());
    return rc;
}

void smk_core_go_inert(const char *why)
{
    smk_store_release(&inert_why, why); /* pairs with: smk_core_inert */
    smk_store_relaxed(&smk_gate, 0);
}

const char *smk_core_inert(void) { return smk_load_acquire(&inert_why); }

/* pairs with: smk_core_sources */
void smk_core_set_sources(const struct smk_source_calls *calls) { smk_store_release(&sources, calls); }
const struct smk_source_calls *smk_core_sources(void) { return smk_load_acquire(&sources); }

void smk_core_after_fork_in_child(void)
{
    smk_lock_reset(&lock);
    smk_captures_reset_in_child();
    smk_program_capture_reset_in_child();
    smk_readers_reset_in_child();
    smk_writer_reset_in_child();
    smk_shed_reset_in_child();
    smk_gaps_reset_in_child();
    smk_cost_reset_in_child();
    smk_collect_reset_in_child();
    smk_box_reset_in_child();
    smk_pool_forget();
    smk_drain_reset_in_child();
    smk_threads_reset_in_child();
    smk_own_threads_reset_in_child();
    smk_rest_reset_in_child();
    smk_requests_reset_in_child();
    smk_ended_reset_in_child();
    smk_routes_reset_in_child();
    smk_loops_reset_in_child();
    smk_notables_reset_in_child();
    smk_fds_close_in_child();
    smk_clock_reset_in_child();
    new_process_id();
    smk_add_relaxed(&smk_stats.forks, 1);
}

void smk_core_shutdown(void)
{
    smk_recorder_set(0);
    smk_captures_shutdown(SHUTDOWN_NS);
}
