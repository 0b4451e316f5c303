#include "core/loops.h"

#include <string.h>

#include "core/clock.h"
#include "core/gate.h"
#include "core/record.h"
#include "core/site.h"

/* With one of these a poll is seen (source/hook_poll.c). */
#define POLLS_SEEN (SMK_CAT_POLL | SMK_CAT_LOOP | SMK_CAT_REQUEST)

/* Shorter callbacks that began in time are only counted. */
#define SHORT_NS UINT64_C(20000)
#define LATE_NS  UINT64_C(1000000)

uint64_t smk_loops_since SMK_HOT_DATA;
static uint64_t short_ticks, late_ticks; /* atomic: the two above */

static struct smk_histogram figures[SMK_LOOP_FIGURES];

void smk_loops_gate_changes(uint32_t from, uint32_t to)
{
    if ((from & POLLS_SEEN) != 0 || (to & POLLS_SEEN) == 0)
        return;
    smk_store_relaxed(&smk_loops_since, smk_ticks());
    smk_store_relaxed(&short_ticks, smk_ns_to_ticks(SHORT_NS));
    smk_store_relaxed(&late_ticks, smk_ns_to_ticks(LATE_NS));
}

void smk_loops_away(struct smk_loop_now *loop, uint64_t ticks)
{
    if (loop->polled < smk_loops_seen_since())
        return;
    smk_histogram_add(&figures[SMK_LOOP_AWAY], smk_ticks_to_ns(ticks), 1);
    if (ticks > loop->longest)
        smk_store_relaxed(&loop->longest, ticks);
}

void smk_loop_figure_get(enum smk_loop_figure figure, struct smk_histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
    smk_histogram_collect(histogram, &figures[figure]);
}

void smk_loops_reset_in_child(void) { memset(figures, 0, sizeof figures); }

/* ---- callbacks that have a name -------------------------------------------------------------------------- */

static void publish(struct smk_thread *t, uint32_t site, uint64_t since)
{
    smk_store_relaxed(&t->callback.since, 0);
    smk_release_fence(); /* pairs with: callback_of */
    smk_store_relaxed(&t->callback.site, site);
    smk_store_release(&t->callback.since, since); /* pairs with: callback_of */
}

smk_callback smk_abi_callback_begin(smk_site *site, const void *base, uint64_t due)
{
    smk_callback callback = {0};
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return callback;
    callback = (smk_callback){site, smk_ticks(), 0, base, t->callback.since, t->callback.site, 0};
    callback.why = due == SMK_ABI_DUE_READY ? SMK_CALLBACK_READY : due ? SMK_CALLBACK_TIMER : SMK_CALLBACK_UNDUE;
    uint64_t ready = due == SMK_ABI_DUE_READY ? t->loop.polled : due;
    /* What was said before the gate opened is out of date; a callback inside another one is its call. */
    if (ready >= smk_loops_seen_since() && ready < callback.begin && callback.outer_since == 0)
        callback.delay = callback.begin - ready;
    publish(t, smk_site_id(site), callback.begin);
    smk_store_relaxed(&t->callback.ever, 1);
    return callback;
}

void smk_abi_callback_end(const smk_callback *callback)
{
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return;
    uint64_t now = smk_ticks(), took = now - callback->begin;
    publish(t, callback->outer_site, callback->outer_since);
    if (!smk_gate_open(SMK_CAT_LOOP))
        return;
    smk_histogram_add(&figures[SMK_LOOP_CALLBACKS], smk_ticks_to_ns(took), 1);
    if (callback->why != SMK_CALLBACK_UNDUE)
        smk_histogram_add(&figures[SMK_LOOP_LATE], smk_ticks_to_ns(callback->delay), 1);
    if (took < smk_load_relaxed(&short_ticks) && callback->delay < smk_load_relaxed(&late_ticks))
        return;
    uint32_t id = smk_site_id(callback->site);
    uint64_t *rec = smk_reserve(t, 6, SMK_EV_LOOP_CALLBACK);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = took;
    rec[3] = callback->delay;
    rec[4] = callback->why;
    rec[5] = (uint64_t)(uintptr_t)callback->base;
    smk_commit(t, rec, smk_record_head(SMK_EV_LOOP_CALLBACK, 6, 0, id));
}

uint64_t smk_abi_due(uint64_t ns) { return smk_ticks() + smk_ns_to_ticks(ns); }

uint64_t smk_abi_due_again(uint64_t due, uint64_t ns)
{
    uint64_t now = smk_ticks(), next = due + smk_ns_to_ticks(ns);
    return due && next >= now ? next : now + smk_ns_to_ticks(ns);
}

/* ---- to look at ------------------------------------------------------------------------------------------ */

/* In the poll that its loop looks from. */
static bool is_looking(const struct smk_thread *t, const struct smk_wait_now *wait, bool waits)
{
    return waits && wait->kind == SMK_WAIT_POLL && wait->sp == smk_load_relaxed(&t->loop.sp) &&
           wait->pc == smk_load_relaxed(&t->loop.pc);
}

static uint64_t callback_of(const struct smk_thread *t, uint32_t *site)
{
    uint64_t since = smk_load_acquire(&t->callback.since); /* pairs with: publish */
    *site = smk_load_relaxed(&t->callback.site);
    smk_acquire_fence(); /* pairs with: publish */
    return smk_load_relaxed(&t->callback.since) == since ? since : 0;
}

/* What a thread waits for when it has nothing to do, other than by its loop's poll. */
static bool may_be_rest(const struct smk_thread *t, const struct smk_loop_view *view)
{
    return view->waits && smk_load_relaxed(&t->request) == 0 && smk_load_relaxed(&t->callback.ever) == 0 &&
           (view->wait.kind == SMK_WAIT_COND || view->wait.kind == SMK_WAIT_POLL || view->wait.kind == SMK_WAIT_JOIN);
}

/* Since when it has not looked. The slot changes while we look: what we saw counts if its poll, before and after,
 * was the same. */
static uint64_t busy_since(const struct smk_thread *t, struct smk_loop_view *view)
{
    view->waits = smk_wait_read(t, &view->wait);
    uint64_t polled = smk_load_relaxed(&t->loop.polled);
    if (polled < smk_loops_seen_since() || !smk_load_relaxed(&t->loop.polls) ||
        is_looking(t, &view->wait, view->waits))
        return 0;
    view->waits = smk_wait_read(t, &view->wait);
    if (is_looking(t, &view->wait, view->waits) || smk_load_relaxed(&t->loop.polled) != polled)
        return 0;
    return may_be_rest(t, view) ? 0 : polled;
}

bool smk_loop_get(struct smk_thread *t, uint32_t serial, struct smk_loop_view *view)
{
    bool named = smk_load_relaxed(&t->callback.ever) != 0;
    if (!named && (!smk_load_relaxed(&t->loop.polls) || smk_load_relaxed(&t->loop.looks) < SMK_LOOP_LOOKS_LEAST))
        return false;
    *view = (struct smk_loop_view){.thread = t,
                                   .serial = smk_load_relaxed(&t->serial),
                                   .tid = smk_load_relaxed(&t->tid),
                                   .longest = smk_load_relaxed(&t->loop.longest)};
    view->since = busy_since(t, view);
    view->entered = callback_of(t, &view->site);
    if (view->entered == 0)
        view->site = 0;
    else if (view->since == 0 || view->since > view->entered)
        view->since = view->entered; /* whose poll is not seen */
    if (view->since == 0)
        view->waits = false;
    return smk_load_acquire(&t->state) == SMK_THREAD_LIVE && view->serial == serial; /* pairs with: fill_slot */
}

struct each {
    struct smk_loop_view *view;
    bool (*visit)(const struct smk_loop_view *view, void *arg);
    void *arg;
};

static bool look_at(struct smk_thread *t, void *arg)
{
    const struct each *each = arg;
    return !smk_loop_get(t, smk_load_relaxed(&t->serial), each->view) || each->visit(each->view, each->arg);
}

void smk_loops_each(struct smk_loop_view *view, bool (*visit)(const struct smk_loop_view *view, void *arg), void *arg)
{
    struct each each = {view, visit, arg};
    smk_threads_each(look_at, &each);
}

void smk_loops_record_stall(struct smk_thread *own, const struct smk_loop_view *view, uint32_t stack, uint32_t how,
                            uint64_t now)
{
    uint64_t *rec = smk_gate_open(SMK_CAT_LOOP) ? smk_reserve(own, 6, SMK_EV_LOOP_STALL) : NULL;
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - smk_min_u64(view->since, now);
    rec[3] = view->tid;
    rec[4] = view->site;
    rec[5] = how;
    smk_commit(own, rec, smk_record_head(SMK_EV_LOOP_STALL, 6, 0, stack));
}
