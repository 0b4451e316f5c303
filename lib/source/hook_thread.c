/* hook_thread.c: the start and the names of threads. Their end is seen by core/thread.c.
 *
 * While armed, a thread begins in our trampoline, which registers it, records its start and jumps to the
 * host's function: nothing of ours stays on its stack, and attributes, stack size and results are the
 * host's. Disarmed, pthread_create is libc's.
 */
#define _GNU_SOURCE
#include "source/hook_thread.h"

#include "core/gate.h"
#include "core/init.h"
#include "core/record.h"
#include "core/site.h"
#include "core/slots.h"
#include "source/resolve.h"
#include "source/start.h"

/* What the creator tells the new thread. Not in memory of the host's, and not on a stack: the creator goes
 * on at once. */
struct starting {
    void *(*run)(void *);
    void *arg;
    uint32_t parent; /* tid */
};

static struct starting table[SMK_THREADS_STARTING_MAX];
static uint32_t next_free[SMK_THREADS_STARTING_MAX];
static struct smk_slots slots = {.top = SMK_NO_SLOT, .next = next_free, .capacity = SMK_THREADS_STARTING_MAX};
static uint64_t unseen; /* atomic */

uint64_t smk_hook_thread_unseen(void) { return smk_load_relaxed(&unseen); }

/* The child has none of the threads that were starting. */
void smk_hook_thread_reset_in_child(void) { smk_slots_init(&slots, next_free, SMK_THREADS_STARTING_MAX); }

/* ---- the start ------------------------------------------------------------------------------------------ */

static void record_start(struct smk_thread *t, uint32_t parent)
{
    char name[SMK_NAME_MAX];
    smk_name_load(&t->name, name);
    uint32_t id = smk_string_id(name);
    uint64_t *rec = smk_reserve(t, 3, SMK_EV_THREAD_START);
    if (!rec)
        return;
    rec[1] = smk_ticks();
    rec[2] = parent;
    smk_commit(t, rec, smk_record_head(SMK_EV_THREAD_START, 3, 0, id));
}

static SMK_NOINLINE void begins(uint32_t parent)
{
    struct smk_thread *t = smk_thread_self();
    if (t && smk_gate_open(SMK_CAT_SCHED))
        record_start(t, parent);
}

/* Nothing here has an address, so that the last call is a jump. */
static void *trampoline(void *arg)
{
    uint32_t index = (uint32_t)(uintptr_t)arg;
    void *(*run)(void *) = table[index].run;
    void *hosts = table[index].arg;
    uint32_t parent = table[index].parent;
    smk_slots_give(&slots, index);
    begins(parent);
    return run(hosts);
}

static SMK_NOINLINE int create_seen(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                                    void *arg)
{
    uint32_t index = smk_slots_take(&slots);
    if (index == SMK_NO_SLOT) {
        smk_add_relaxed(&unseen, 1);
        return SMK_REAL(pthread_create)(thread, attr, run, arg);
    }
    struct smk_thread *self = smk_thread_self();
    table[index] = (struct starting){run, arg, self ? self->tid : 0};
    int code = SMK_REAL(pthread_create)(thread, attr, trampoline, (void *)(uintptr_t)index);
    if (code != 0)
        smk_slots_give(&slots, index);
    return code;
}

SMK_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    smk_start_check(SMK_START_AT_LIFE);
    if (!smk_gate_open(SMK_CAT_SCHED | SMK_CAT_LOCK) || smk_tls.quiet)
        return SMK_REAL(pthread_create)(thread, attr, run, arg);
    return create_seen(thread, attr, run, arg);
}

/* ---- names ---------------------------------------------------------------------------------------------- */

void smk_hook_thread_named(const char *name)
{
    if (smk_tls.self && !smk_tls.quiet) /* else it reads its name from the kernel when it becomes known */
        smk_abi_thread_name(name);
}

struct naming {
    uint64_t handle;
    const char *name;
};

static bool name_if_it_is(struct smk_thread *t, void *arg)
{
    const struct naming *naming = arg;
    if (smk_load_relaxed(&t->handle) != naming->handle)
        return true;
    smk_name_store(&t->name, naming->name);
    return false;
}

/* The name of another thread goes into its slot; the event is its own thread's to write, so there is
 * none. */
SMK_EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
    int code = SMK_REAL(pthread_setname_np)(thread, name);
    if (code != 0 || smk_tls.quiet || smk_core_inert())
        return code;
    if (pthread_equal(thread, pthread_self()))
        smk_hook_thread_named(name);
    else
        smk_threads_each(name_if_it_is, &(struct naming){(uint64_t)thread, name});
    return code;
}
