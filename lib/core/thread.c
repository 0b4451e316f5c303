/* thread.c: see thread.h. A thread's end is seen by a destructor of thread-specific data. */
#define _GNU_SOURCE
#include "core/thread.h"

#include <fcntl.h>
#include <pthread.h>

#include "base/errors.h"
#include "base/sys.h"
#include "core/gate.h"
#include "core/hidden.h"
#include "core/ownthread.h"
#include "core/readers.h"
#include "core/record.h"
#include "core/limits.h"
#include "core/slots.h"
#include "core/writer.h"

SMK_TLS struct smk_thread_local smk_tls;

static struct {
    struct smk_thread *array;
    struct smk_slots slots;
    uint32_t serials;
    uint64_t live, untraced, late;
    pthread_key_t key;
    bool key_ok;
    uint32_t *by_tid; /* atomic: index + 1 of the slot of thread id % BY_TID; 0: none, or two that share it */
} threads;

#define BY_TID 65536u

/* ---- slots ------------------------------------------------------------------------------------------ */

static void record_exit(struct smk_thread *t)
{
    uint64_t *rec = smk_gate_open(SMK_CAT_SCHED) ? smk_reserve(t, 2, SMK_EV_THREAD_EXIT) : NULL;
    if (!rec)
        return;
    rec[1] = smk_ticks();
    smk_commit(t, rec, smk_record_head(SMK_EV_THREAD_EXIT, 2, 0, 0));
}

/* What is left of a slot is its losses, for whoever reads. */
static void let_go(struct smk_thread *t)
{
    uint32_t index = (uint32_t)(t - threads.array) + 1;
    smk_cas_acq_rel(&threads.by_tid[smk_load_relaxed(&t->tid) % BY_TID], &index, 0);
    smk_sub_relaxed(&threads.live, 1);
    if (smk_readers_any())
        smk_store_release(&t->state, SMK_THREAD_EXITED); /* pairs with: smk_threads_each */
    else
        smk_thread_recycle(t);
}

/* Destructors of other keys that run after ours may still record: the first times we only ask to be
 * called again. There are PTHREAD_DESTRUCTOR_ITERATIONS rounds, 4; the last stays unused, for threads
 * that record for the first time in a destructor. */
#define ENDINGS_PUT_OFF 2

static void thread_ended(void *arg)
{
    struct smk_thread *t = arg;
    if (smk_tls.endings < ENDINGS_PUT_OFF && pthread_setspecific(threads.key, t) == 0) {
        smk_tls.endings++;
        return;
    }
    smk_wait_drop(t); /* of a call in which it was cancelled */
    if (smk_load_relaxed(&t->state) == SMK_THREAD_LIVE)
        record_exit(t);
    smk_tls.self = NULL;
    smk_tls.dead = 1;
    smk_signal_fence();
    if (smk_load_relaxed(&t->state) != SMK_THREAD_LIVE)
        return;
    smk_pool_thread_exit(t);
    if (smk_load_relaxed(&t->tid) == (uint32_t)smk_sys_getpid()) {
        smk_host_main_ended();
        smk_writer_wake();
    }
    let_go(t);
}

int smk_threads_init(uint32_t capacity)
{
    uint32_t *next = smk_sys_map(capacity * sizeof *next);
    threads.array = smk_sys_map((size_t)capacity * sizeof *threads.array);
    threads.by_tid = smk_sys_map(BY_TID * sizeof *threads.by_tid);
    if (!threads.array || !threads.by_tid || !next)
        return smk_fail(SMK_E_NOMEM, "no memory for %u threads", capacity);
    smk_slots_init(&threads.slots, next, capacity);
    threads.key_ok = pthread_key_create(&threads.key, thread_ended) == 0;
    return 0;
}

void smk_threads_wipe_on_fork(void)
{
    if (threads.array)
        smk_sys_wipe_on_fork(threads.array, (size_t)threads.slots.capacity * sizeof *threads.array);
}

/* ---- registration ------------------------------------------------------------------------------------ */

static void fill_slot(struct smk_thread *t, uint32_t tid, const char *name, uint64_t handle)
{
    uint32_t serial = smk_add_relaxed(&threads.serials, 1) + 1;
    smk_store_relaxed(&t->serial, serial);
    smk_store_relaxed(&t->tid, tid);
    smk_name_store(&t->name, name);
    smk_store_relaxed(&t->cur, 0);
    smk_store_relaxed(&t->end, 0);
    smk_store_relaxed(&t->committed, 0);
    smk_store_relaxed(&t->sub_state, 0);
    smk_store_relaxed(&t->sub, SMK_NO_SUB);
    smk_store_relaxed(&t->in_slow, 0);
    t->stuck = 0;
    smk_store_relaxed(&t->request, 0);
    smk_store_relaxed(&t->wait.kind, 0);
    t->wait.depth = 0;
    t->loop = (struct smk_loop_now){0};
    t->callback = (struct smk_callback_now){0};
    t->ordinal = 0;
    smk_store_relaxed(&t->handle, handle);
    smk_store_relaxed(&t->adopted, handle ? SMK_ADOPTED_NOT : SMK_ADOPTED);
    smk_store_relaxed(&t->started, smk_ticks());
    smk_store_relaxed(&t->dropped, 0);
    smk_store_relaxed(&t->torn, 0);
    /* Not lost[]: the writer takes what stands there away, and a loss that was counted between that
     * and now must not vanish. */
}

/* The key comes from the constructor, so it is one of the first 32 and setting it needs no memory. */
static void watch_for_end(struct smk_thread *t)
{
    if (threads.key_ok)
        pthread_setspecific(threads.key, t);
}

/* The slot listed for a thread id, NULL: none is. */
static struct smk_thread *listed(uint32_t tid)
{
    uint32_t index = smk_load_acquire(&threads.by_tid[tid % BY_TID]); /* pairs with: list */
    struct smk_thread *t = index ? &threads.array[index - 1] : NULL;
    return t && smk_load_relaxed(&t->tid) == tid ? t : NULL;
}

/* Makes a live slot known by its thread's id. False when another one stands there. */
static bool list(struct smk_thread *t, uint32_t tid)
{
    uint32_t nobody = 0;
    return smk_cas_acq_rel(&threads.by_tid[tid % BY_TID], &nobody, /* pairs with: listed */
                           (uint32_t)(t - threads.array) + 1);
}

/* A slot that somebody made for this thread is now its own. */
static bool take_over(struct smk_thread *t)
{
    uint32_t adopted = SMK_ADOPTED;
    if (!t || !smk_cas_acq_rel(&t->adopted, &adopted, SMK_ADOPTED_NOT))
        return false;
    char comm[16] = "";
    smk_sys_get_thread_name(comm);
    smk_name_store(&t->name, comm);
    smk_store_relaxed(&t->handle, (uint64_t)pthread_self());
    return true;
}

static struct smk_thread *new_slot(uint32_t tid, const char *name, uint64_t handle)
{
    bool room = smk_load_relaxed(&threads.live) < smk_load_relaxed(&smk_limits.threads);
    uint32_t index = room ? smk_slots_take(&threads.slots) : SMK_NO_SLOT;
    if (index == SMK_NO_SLOT)
        return NULL;
    struct smk_thread *t = &threads.array[index];
    t->index = index;
    fill_slot(t, tid, name, handle);
    return t;
}

/* Its own slot: an adopted one, or a new one. */
static struct smk_thread *own_slot(void)
{
    char comm[16] = "";
    uint32_t tid = (uint32_t)smk_sys_gettid();
    struct smk_thread *t = listed(tid);
    if (take_over(t))
        return t;
    smk_sys_get_thread_name(comm);
    t = new_slot(tid, comm, (uint64_t)pthread_self());
    if (!t)
        return NULL;
    if (!list(t, tid) && take_over(listed(tid))) { /* adopted just now */
        smk_thread_recycle(t);
        return listed(tid);
    }
    smk_add_relaxed(&threads.live, 1);
    smk_store_release(&t->state, SMK_THREAD_LIVE); /* pairs with: smk_threads_each */
    return t;
}

struct smk_thread *smk_thread_adopt(uint32_t tid, const char *name)
{
    struct smk_thread *t = threads.array ? listed(tid) : NULL;
    if (t || !threads.array || smk_load_relaxed(&threads.by_tid[tid % BY_TID]))
        return t;
    t = new_slot(tid, name, 0);
    if (!t)
        return NULL;
    smk_add_relaxed(&threads.live, 1);
    smk_store_release(&t->state, SMK_THREAD_LIVE); /* pairs with: smk_threads_each */
    if (list(t, tid))
        return t;
    smk_sub_relaxed(&threads.live, 1);
    smk_thread_recycle(t);
    return listed(tid);
}

void smk_thread_disown(struct smk_thread *t, uint32_t serial)
{
    uint32_t adopted = SMK_ADOPTED;
    if (smk_load_relaxed(&t->serial) == serial && smk_cas_acq_rel(&t->adopted, &adopted, SMK_ADOPTED_GONE))
        let_go(t);
}

struct smk_thread *smk_thread_register(void)
{
    if (smk_tls.dead) {
        smk_add_relaxed(&threads.late, 1);
        return NULL;
    }
    if (smk_tls.quiet || smk_tls.registering || !threads.array)
        return NULL;
    uint64_t signals;
    smk_sys_block_signals(&signals); /* a handler that came now would go without a slot */
    smk_tls.registering = 1;
    struct smk_thread *t = own_slot();
    if (t) {
        watch_for_end(t);
        smk_tls.self = t;
    } else {
        smk_add_relaxed(&threads.untraced, 1);
        smk_tls.quiet = 1;
    }
    smk_tls.registering = 0;
    smk_sys_restore_signals(signals);
    return t;
}

void smk_thread_hide(void)
{
    smk_tls.quiet = 1;
    smk_hidden_add();
}

/* ---- for readers --------------------------------------------------------------------------------------- */

void smk_threads_each(bool (*visit)(struct smk_thread *thread, void *arg), void *arg)
{
    uint32_t used = smk_load_acquire(&threads.slots.used); /* pairs with: smk_slots_take */
    for (uint32_t i = 0; i < used; i++) {
        struct smk_thread *t = &threads.array[i];
        /* pairs with: smk_thread_register, thread_ended */
        if (smk_load_acquire(&t->state) != SMK_THREAD_FREE && !visit(t, arg))
            return;
    }
}

void smk_threads_each_slot(bool (*visit)(struct smk_thread *thread, void *arg), void *arg)
{
    uint32_t used = smk_load_acquire(&threads.slots.used); /* pairs with: smk_slots_take */
    for (uint32_t i = 0; i < used; i++)
        if (!visit(&threads.array[i], arg))
            return;
}

void smk_thread_recycle(struct smk_thread *t)
{
    smk_store_relaxed(&t->serial, 0); /* who counts a loss of its records now counts it elsewhere */
    smk_store_release(&t->state, SMK_THREAD_FREE); /* pairs with: smk_threads_each */
    smk_slots_give(&threads.slots, (uint32_t)(t - threads.array));
}

void smk_threads_stats(struct smk_threads_stats *stats)
{
    *stats = (struct smk_threads_stats){.live = smk_load_relaxed(&threads.live),
                                        .started = smk_load_relaxed(&threads.serials),
                                        .untraced = smk_load_relaxed(&threads.untraced),
                                        .late = smk_load_relaxed(&threads.late),
                                        .capacity = threads.slots.capacity};
}

void smk_threads_reset_in_child(void)
{
    for (uint32_t i = 0; i < threads.slots.used; i++) {
        threads.array[i].state = SMK_THREAD_FREE;
        threads.array[i].requests = (struct smk_thread_requests){0};
    }
    smk_slots_init(&threads.slots, threads.slots.next, threads.slots.capacity);
    threads.live = 0;
    if (threads.by_tid)
        smk_sys_discard(threads.by_tid, BY_TID * sizeof *threads.by_tid);
    smk_hidden_reset_in_child();
    if (smk_tls.self && threads.key_ok)
        pthread_setspecific(threads.key, NULL);
    smk_tls.self = NULL;
    smk_tls.registering = 0;
}

/* Which side of a sendfile it is. The kernel is asked by who looks, so that the thread need not for each call. */
static void settle(struct smk_wait_now *wait)
{
    if (wait->kind != SMK_WAIT_DISK || wait->holder == 0)
        return;
    int fd = (int)(wait->holder - 1);
    wait->holder = 0;
    if (smk_sys_status_flags(fd) & O_NONBLOCK)
        return;
    wait->kind = SMK_WAIT_NET;
    wait->object = (uint64_t)fd;
}

bool smk_wait_read(const struct smk_thread *thread, struct smk_wait_now *copy)
{
    const struct smk_wait_now *w = &thread->wait;
    for (int tries = 0; tries < 100; tries++) {
        uint32_t seq = smk_load_acquire(&w->seq); /* pairs with: smk_wait_publish */
        copy->seq = seq;
        copy->kind = smk_load_relaxed(&w->kind);
        copy->object = smk_load_relaxed(&w->object);
        copy->holder = smk_load_relaxed(&w->holder);
        copy->since = smk_load_relaxed(&w->since);
        copy->pc = smk_load_relaxed(&w->pc);
        copy->sp = smk_load_relaxed(&w->sp);
        copy->fp = smk_load_relaxed(&w->fp);
        smk_acquire_fence(); /* pairs with: smk_wait_publish */
        if (!(seq & 1) && smk_load_relaxed(&w->seq) == seq) {
            settle(copy);
            return copy->kind != 0;
        }
        smk_cpu_pause();
    }
    return false;
}
