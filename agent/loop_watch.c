#include "loop_watch.h"

#include <string.h>

#include "agent_state.h"
#include "base/sys.h"
#include "control.h"
#include "core/clock.h"
#include "core/gate.h"
#include "core/init.h"
#include "core/loops.h"
#include "core/pool.h"
#include "core/site.h"
#include "source/sched.h"
#include "threads_view.h"

#define LOOK_LEAST_NS UINT64_C(5000000)
#define LOOK_MOST_NS  UINT64_C(50000000)
#define LOOK_SHARE    100u /* of the time that looking may take */
#define STATUS_LOOPS  256u /* shown */
#define STATUS_STACKS 4u   /* threads whose stacks are named for one status: each takes files of symbols */

/* A stall that was told of. */
struct stall {
    uint32_t serial; /* 0: free */
    uint64_t since;  /* ticks */
    uint32_t stack, how;
    bool seen;       /* at this look */
};

static struct {
    struct smk_timer *timer;
    struct smk_thread *own; /* the slot that our records are in; NULL: none was needed yet */
    uint32_t own_serial;
    bool looking;
    struct stall stalls[SMK_WATCHED_MAX];
    uint64_t told, untold; /* stalls; those for which there was no room */
    uint64_t longest_ns;
} watch;

/* ---- where it is ------------------------------------------------------------------------------------------- */

/* The wait that the stack was taken from must still be the same. */
static uint32_t stack_of_wait(const struct smk_loop_view *view)
{
    struct smk_wait_now now;
    const struct smk_source_calls *sources = smk_core_sources();
    if (!sources || !sources->blocked_stack || view->wait.fp == 0)
        return 0;
    uint32_t stack = sources->blocked_stack(view->wait.pc, view->wait.sp, view->wait.fp);
    bool same = smk_wait_read(view->thread, &now) && now.since == view->wait.since && now.pc == view->wait.pc;
    return same ? stack : 0;
}

static void find_place(const struct smk_loop_view *view, struct stall *stall, uint64_t now)
{
    stall->stack = view->waits ? stack_of_wait(view) : 0;
    stall->how = SMK_STALL_WAITS;
    if (stall->stack)
        return;
    uint64_t recent = now - smk_min_u64(smk_ns_to_ticks(SMK_WATCH_SAMPLE_NS), now);
    stall->stack = smk_sched_last_sample(view->tid, smk_max_u64(recent, view->since));
    stall->how = stall->stack ? SMK_STALL_SAMPLED : SMK_STALL_NAMED;
}

/* Records of ours need a thread of the file; it is made when there is something to tell. */
static struct smk_thread *own_slot(void)
{
    if (!watch.own) {
        watch.own = smk_thread_adopt((uint32_t)smk_control_tid(), "stallmark watch");
        watch.own_serial = watch.own ? watch.own->serial : 0;
    }
    return watch.own;
}

/* ---- looking ------------------------------------------------------------------------------------------------- */

static struct stall *stall_of(const struct smk_loop_view *view, bool *known)
{
    struct stall *room = NULL;
    for (uint32_t i = 0; i < SMK_WATCHED_MAX; i++) {
        struct stall *stall = &watch.stalls[i];
        *known = stall->serial == view->serial && stall->since == view->since;
        if (*known)
            return stall;
        if (stall->serial == 0)
            room = stall;
    }
    return room;
}

static bool look_at(const struct smk_loop_view *view, void *arg)
{
    bool known;
    uint64_t now = smk_ticks();
    uint64_t ns = view->since && view->since < now ? smk_ticks_to_ns(now - view->since) : 0;
    (void)arg;
    if (ns < smk_agent.settings.loop_stall)
        return true;
    watch.longest_ns = smk_max_u64(watch.longest_ns, ns);
    struct stall *stall = stall_of(view, &known);
    if (!stall) {
        watch.untold++;
        return true;
    }
    stall->seen = true;
    if (known)
        return true;
    *stall = (struct stall){.serial = view->serial, .since = view->since, .seen = true};
    find_place(view, stall, now);
    watch.told++;
    struct smk_thread *own = own_slot();
    if (own)
        smk_loops_record_stall(own, view, stall->stack, stall->how, now);
    return true;
}

static void forget_ended(void)
{
    for (uint32_t i = 0; i < SMK_WATCHED_MAX; i++) {
        if (!watch.stalls[i].seen)
            watch.stalls[i].serial = 0;
        watch.stalls[i].seen = false;
    }
}

static void look(void *arg)
{
    struct smk_loop_view view;
    uint64_t began = smk_sys_clock(CLOCK_MONOTONIC);
    (void)arg;
    watch.looking = smk_gate_open(SMK_CAT_LOOP);
    if (watch.looking)
        smk_loops_each(&view, look_at, NULL);
    forget_ended();
    if (!watch.looking)
        return;
    uint64_t every = smk_min_u64(smk_max_u64(smk_agent.settings.loop_stall / 2, LOOK_LEAST_NS), LOOK_MOST_NS);
    uint64_t took = smk_sys_clock(CLOCK_MONOTONIC) - began;
    smk_timer_set(watch.timer, smk_max_u64(every, took * LOOK_SHARE));
}

void smk_loop_watch_check(void)
{
    if (!watch.looking && watch.timer && smk_gate_open(SMK_CAT_LOOP))
        look(NULL);
}

/* ---- status -------------------------------------------------------------------------------------------------- */

/* Where the thread is at this moment, by the names of its functions. */
static void put_place(struct smk_json *json, const struct smk_loop_view *view)
{
    struct smk_threads_view threads;
    const struct smk_threads_wanted wanted = {.max = 1, .only = view->tid, .symbols = true};
    const struct smk_live_thread *thread = NULL;
    if (smk_threads_view_make(&threads, &wanted) == 0)
        thread = smk_threads_view_find(&threads, view->tid);
    smk_json_text(json, "state", thread ? thread->state : NULL);
    smk_json_text(json, "call", thread && thread->call[0] ? thread->call : NULL);
    smk_json_begin(json, "stack", '[');
    for (uint32_t i = 0; thread && i < thread->frame_count; i++)
        smk_json_text(json, NULL, thread->frames[i].function ? thread->frames[i].function : thread->frames[i].module);
    smk_json_end(json, ']');
    smk_json_text(json, "stack_unknown", thread && thread->stack_why[0] ? thread->stack_why : NULL);
    smk_threads_view_free(&threads);
}

struct putting {
    struct smk_json *json;
    uint32_t loops, stacks;
};

static bool put_loop(const struct smk_loop_view *view, void *arg)
{
    char name[SMK_NAME_MAX];
    struct smk_site_view site;
    struct putting *putting = arg;
    struct smk_json *json = putting->json;
    uint64_t now = smk_ticks();
    uint64_t busy = view->since && view->since < now ? smk_ticks_to_ns(now - view->since) : 0;
    bool named = view->site && smk_site_get(view->site, &site), held = busy >= smk_agent.settings.loop_stall;
    smk_name_load(&view->thread->name, name);
    smk_json_begin(json, NULL, '{');
    smk_json_text(json, "thread", name);
    smk_json_number(json, "tid", view->tid);
    smk_json_number(json, "busy_ns", busy);
    smk_json_flag(json, "held", held);
    smk_json_text(json, "callback", named ? site.name : NULL);
    if (named && view->entered < now)
        smk_json_number(json, "callback_ns", smk_ticks_to_ns(now - view->entered));
    smk_json_number(json, "longest_ns", smk_ticks_to_ns(view->longest));
    if (held && putting->stacks++ < STATUS_STACKS)
        put_place(json, view);
    smk_json_end(json, '}');
    return ++putting->loops < STATUS_LOOPS;
}

void smk_loop_watch_put_status(struct smk_json *json)
{
    struct smk_loop_view view;
    struct putting putting = {.json = json};
    smk_json_begin(json, "loops", '[');
    if (smk_load_relaxed(&smk_gate))
        smk_loops_each(&view, put_loop, &putting);
    smk_json_end(json, ']');
    smk_json_begin(json, "loop_stalls", '{');
    smk_json_flag(json, "watched", watch.looking);
    smk_json_number(json, "threshold_ns", smk_agent.settings.loop_stall);
    smk_json_number(json, "seen", watch.told);
    smk_json_number(json, "longest_seen_ns", watch.longest_ns);
    smk_json_number(json, "not_told", watch.untold);
    smk_json_end(json, '}');
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

void smk_loop_watch_begin(void)
{
    memset(&watch, 0, sizeof watch);
    watch.timer = smk_timer_new(look, NULL);
}

void smk_loop_watch_end(void)
{
    smk_timer_free(watch.timer);
    if (watch.own) {
        smk_pool_thread_exit(watch.own);
        smk_thread_disown(watch.own, watch.own_serial);
    }
    memset(&watch, 0, sizeof watch);
}

void smk_loop_watch_reset_in_child(void) { memset(&watch, 0, sizeof watch); }
