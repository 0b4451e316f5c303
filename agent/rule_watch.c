/* rule_watch.c: ten times a second while there are rules: what has happened since (core/notable.h), which requests
 * and waits still go on beyond a rule's limit, and what a level is. Nothing of this runs on the host's threads, which
 * compare with a limit and no more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_state.h"
#include "base/atomic.h"
#include "base/hash.h"
#include "base/sys.h"
#include "control.h"
#include "core/clock.h"
#include "core/intern.h"
#include "core/notable.h"
#include "core/request.h"
#include "core/thread.h"
#include "core/trigger.h"
#include "heap.h"
#include "rule_family.h"
#include "rule_levels.h"
#include "rule_run.h"
#include "rule_signal.h"
#include "rules.h"

#define LOOK_NS     UINT64_C(100000000)
#define USUAL_EVERY 10u /* looks */
#define AGAIN_EVERY 10u
#define NOTED_NS    UINT64_C(1000000)

/* What is usual for a route; its quantiles as of at most a second ago. */
struct usual {
    uint32_t route; /* + 1; 0: free */
    uint32_t few;   /* too few requests to say */
    uint64_t p50, p90, p99, p999;
};

#define USUALS 1024u /* places, a power of two */

static struct {
    struct smk_timer *timer;
    bool flights, waits, relative, levels;
    struct usual *usuals; /* NULL: no rule is relative */
    uint32_t looks;
    uint64_t unix_ns, ticks; /* of this look */
} watch;

/* ---- causes ------------------------------------------------------------------------------------------------------ */

static const char *name_of(uint32_t route, uint32_t *len)
{
    const char *name = route ? smk_intern_get(&smk_strings, route, len) : NULL;
    if (name)
        return name;
    *len = 5;
    return "other";
}

/* Names are interned for good, so that what a route's name once was it is for ever. */
static bool concerns(struct smk_rule_live *live, uint32_t route)
{
    if (!live->rule.route[0])
        return true;
    unsigned place = route % SMK_RULE_ROUTES;
    if (live->routes[place].route != route + 1) {
        uint32_t len;
        const char *name = name_of(route, &len);
        live->routes[place].route = route + 1;
        live->routes[place].matches = smk_rule_glob(live->rule.route, name, len);
    }
    return live->routes[place].matches;
}

static uint64_t unix_of(uint64_t ticks)
{
    uint64_t age = watch.ticks > ticks ? smk_ticks_to_ns(watch.ticks - ticks) : 0;
    return watch.unix_ns - age;
}

static void set_what(struct smk_cause *cause, uint32_t route)
{
    uint32_t len;
    const char *name = name_of(route, &len);
    snprintf(cause->what, sizeof cause->what, "%.*s", (int)len, name);
}

/* ---- what is usual ----------------------------------------------------------------------------------------------- */

static struct usual *usual_of(uint32_t route, bool add)
{
    for (uint32_t probe = 0; watch.usuals && probe < USUALS; probe++) {
        struct usual *usual = &watch.usuals[(smk_hash_word(route) + probe) % USUALS];
        if (usual->route == route + 1)
            return usual;
        if (usual->route == 0) {
            if (add)
                usual->route = route + 1;
            return add ? usual : NULL;
        }
    }
    return NULL;
}

static bool look_at_route(const struct smk_route_view *view, void *arg)
{
    struct usual *usual = usual_of(view->route, true);
    (void)arg;
    if (!usual)
        return false;
    usual->few = smk_histogram_count(&view->latency) < smk_agent.settings.rule_samples;
    usual->p50 = smk_histogram_quantile(&view->latency, 500).high;
    usual->p90 = smk_histogram_quantile(&view->latency, 900).high;
    usual->p99 = smk_histogram_quantile(&view->latency, 990).high;
    usual->p999 = smk_histogram_quantile(&view->latency, 999).high;
    return true;
}

/* ns; UINT64_MAX: nothing is over it. */
static uint64_t threshold_of(const struct smk_rule *rule, uint32_t route)
{
    if (!rule->factor_milli)
        return rule->threshold;
    const struct usual *usual = usual_of(route, false);
    if (!usual || usual->few)
        return UINT64_MAX;
    uint64_t quantile = rule->per_mille == 500   ? usual->p50
                        : rule->per_mille == 900 ? usual->p90
                        : rule->per_mille == 990 ? usual->p99
                                                 : usual->p999;
    return (uint64_t)((__uint128_t)quantile * rule->factor_milli / 1000);
}

/* ---- limits of the record path ----------------------------------------------------------------------------------- */

static void lower(uint64_t *limit, uint64_t ns)
{
    if (ns != UINT64_MAX)
        *limit = smk_min_u64(*limit, smk_ns_to_ticks(ns));
}

/* Of a relative rule: the lowest of the routes that it is about. */
static void lower_for(struct smk_rule_live *live, uint64_t *limit)
{
    if (!live->rule.factor_milli)
        lower(limit, live->rule.threshold);
    for (uint32_t i = 0; live->rule.factor_milli && watch.usuals && i < USUALS; i++)
        if (watch.usuals[i].route && concerns(live, watch.usuals[i].route - 1))
            lower(limit, threshold_of(&live->rule, watch.usuals[i].route - 1));
}

static void set_limits(void)
{
    struct smk_notable_limits limits = {.request = UINT64_MAX, .loop = UINT64_MAX, .status = UINT32_MAX};
    for (unsigned kind = 0; kind <= SMK_WAIT_OTHER; kind++)
        limits.wait[kind] = UINT64_MAX;
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        if (live->broken)
            continue;
        if (live->rule.on == SMK_RULE_REQUEST)
            lower_for(live, &limits.request);
        else if (live->rule.on == SMK_RULE_LOOP)
            lower(&limits.loop, live->rule.threshold);
        else if (live->rule.on == SMK_RULE_WAIT)
            lower(&limits.wait[live->rule.wait_kind], live->rule.threshold);
        else if (live->rule.on == SMK_RULE_STATUS && live->rule.least < limits.status)
            limits.status = live->rule.least;
    }
    smk_notables_want(&limits);
}

/* ---- requests that were counted while they ran ------------------------------------------------------------------- */

static bool has(const struct smk_rule_seen *seen, uint64_t id)
{
    for (uint32_t at = (uint32_t)smk_hash_word(id) % SMK_RULE_SEEN; seen->ids[at]; at = (at + 1) % SMK_RULE_SEEN)
        if (seen->ids[at] == id)
            return true;
    return false;
}

/* False: there are too many to follow. */
static bool add(struct smk_rule_seen *seen, uint64_t id)
{
    uint32_t at = (uint32_t)smk_hash_word(id) % SMK_RULE_SEEN;
    if (seen->count >= SMK_RULE_SEEN / 2)
        return false;
    while (seen->ids[at])
        at = (at + 1) % SMK_RULE_SEEN;
    seen->ids[at] = id;
    seen->count++;
    return true;
}

static bool was_counted(const struct smk_rule_live *live, uint64_t id)
{
    return (live->seen->count && has(live->seen, id)) || (live->seen_before->count && has(live->seen_before, id));
}

/* By place of the thread: another one in the same place may have its wait counted twice, and no more. */
static bool wait_seen(struct smk_rule_live *live, uint32_t thread, uint64_t since)
{
    uint64_t *place = &live->waits[thread % SMK_RULE_WAITS];
    bool seen = *place == since;
    *place = since;
    return seen;
}

/* Its end is noted a little after it came. */
static bool wait_was_counted(const struct smk_rule_live *live, const struct smk_notable *n)
{
    uint64_t since = live->waits[n->thread % SMK_RULE_WAITS], began = n->ended - n->ticks;
    return since && began >= since && smk_ticks_to_ns(began - since) < NOTED_NS;
}

static void tell_what_lasts(void)
{
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        struct smk_cause lasts = live->lasts;
        live->lasts.time_unix_ns = 0;
        if (lasts.time_unix_ns)
            smk_rule_lasted(live, &lasts);
    }
}

/* ---- what has ended ---------------------------------------------------------------------------------------------- */

static bool request_matches(struct smk_rule_live *live, const struct smk_notable *n, uint64_t ns)
{
    if (!concerns(live, n->what))
        return false;
    if (live->rule.on == SMK_RULE_STATUS)
        return n->status >= live->rule.least && n->status <= live->rule.most;
    return live->rule.on == SMK_RULE_REQUEST && ns > threshold_of(&live->rule, n->what);
}

static bool matches(struct smk_rule_live *live, const struct smk_notable *n, uint64_t ns)
{
    switch (n->kind) {
    case SMK_NOTABLE_REQUEST:
        return request_matches(live, n, ns);
    case SMK_NOTABLE_WAIT:
        return live->rule.on == SMK_RULE_WAIT && live->rule.wait_kind == n->what && ns > live->rule.threshold;
    case SMK_NOTABLE_LOOP:
        return live->rule.on == SMK_RULE_LOOP && ns > live->rule.threshold;
    }
    return false;
}

static bool counted_before(const struct smk_rule_live *live, const struct smk_notable *n)
{
    return live->rule.on == SMK_RULE_REQUEST ? was_counted(live, n->request)
                                             : live->rule.on == SMK_RULE_WAIT && wait_was_counted(live, n);
}

static void take_notable(const struct smk_notable *n)
{
    uint64_t ns = smk_ticks_to_ns(n->ticks);
    struct smk_cause cause = {.time_unix_ns = unix_of(n->ended),
                              .value = ns,
                              .request = n->request,
                              .tid = n->tid,
                              .status = n->status};
    if (n->kind == SMK_NOTABLE_REQUEST)
        set_what(&cause, n->what);
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        if (!live->broken && matches(live, n, ns)) {
            if (counted_before(live, n))
                smk_rule_lasted(live, &cause);
            else
                smk_rule_matched(live, &cause);
        }
}

/* As many as there is room for: a flood does not keep us here. */
static void take_notables(void)
{
    struct smk_notable notable;
    for (unsigned i = 0; i < SMK_NOTABLES && smk_notable_take(&notable); i++)
        take_notable(&notable);
}

/* ---- what goes on ------------------------------------------------------------------------------------------------ */

static void look_at_flight_for(struct smk_rule_live *live, const struct smk_flight *flight, uint64_t ns)
{
    bool counted = was_counted(live, flight->id);
    if (!concerns(live, flight->route) || ns <= threshold_of(&live->rule, flight->route) ||
        !add(live->seen, flight->id))
        return;
    struct smk_cause cause = {.time_unix_ns = watch.unix_ns,
                              .value = ns,
                              .request = flight->id,
                              .tid = flight->tid,
                              .status = flight->status,
                              .running = true};
    set_what(&cause, flight->route);
    if (counted)
        smk_rule_lasts(live, &cause);
    else
        smk_rule_matched(live, &cause);
}

static bool look_at_flight(const struct smk_flight *flight, void *arg)
{
    uint64_t ns = watch.ticks > flight->begin ? smk_ticks_to_ns(watch.ticks - flight->begin) : 0;
    (void)arg;
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        if (live->broken)
            continue;
        if (live->rule.on == SMK_RULE_REQUEST)
            look_at_flight_for(live, flight, ns);
        else if (live->rule.on == SMK_RULE_QUEUE && concerns(live, flight->route))
            live->in_flight++;
    }
    return true;
}

static void swap_seen(void)
{
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        live->in_flight = 0;
        if (live->broken || !live->seen)
            continue;
        struct smk_rule_seen *oldest = live->seen_before;
        live->seen_before = live->seen;
        live->seen = oldest;
        if (oldest->count)
            memset(oldest, 0, sizeof *oldest);
    }
}

/* A level fires when it is reached, and again when it was left in between. Where something stood in its way it is
 * tried once a second while it lasts. */
void smk_rule_level(struct smk_rule_live *live, bool above, uint64_t value)
{
    struct smk_cause cause = {.time_unix_ns = watch.unix_ns, .value = value, .running = true};
    bool begins = above && !live->above, again = above && live->missed && watch.looks % AGAIN_EVERY == 0;
    uint64_t fired = live->guard.fired;
    live->above = above;
    if (!begins && !again)
        return;
    smk_rule_matched(live, &cause);
    live->missed = !smk_rule_family_is_member() && live->guard.fired == fired && !live->rule.count_in_ns;
}

static void look_at_flights(void)
{
    swap_seen();
    smk_requests_each(look_at_flight, NULL);
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        if (!live->broken && live->rule.on == SMK_RULE_QUEUE)
            smk_rule_level(live, live->in_flight > live->rule.threshold, live->in_flight);
}

static void look_at_wait_for(struct smk_rule_live *live, const struct smk_thread *thread, uint64_t since, uint64_t ns)
{
    struct smk_cause cause = {.time_unix_ns = watch.unix_ns, .value = ns, .tid = smk_load_relaxed(&thread->tid),
                              .request = smk_load_relaxed(&thread->request), .running = true};
    if (ns <= live->rule.threshold)
        return;
    if (wait_seen(live, thread->index, since))
        smk_rule_lasts(live, &cause);
    else
        smk_rule_matched(live, &cause);
}

static bool look_at_thread(struct smk_thread *thread, void *arg)
{
    struct smk_wait_now wait;
    (void)arg;
    if (!smk_wait_read(thread, &wait) || watch.ticks < wait.since)
        return true;
    uint64_t ns = smk_ticks_to_ns(watch.ticks - wait.since);
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        if (!live->broken && live->rule.on == SMK_RULE_WAIT && live->rule.wait_kind == wait.kind)
            look_at_wait_for(live, thread, wait.since, ns);
    return true;
}

static void look_at_triggers(void)
{
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        struct smk_cause cause = {.time_unix_ns = watch.unix_ns};
        if (live->broken || (live->rule.on != SMK_RULE_TRIGGER && live->rule.on != SMK_RULE_SIGNAL))
            continue;
        uint64_t count = smk_trigger_count(live->trigger, &cause.tid);
        for (uint64_t i = 0; live->triggered != count && i < SMK_RULE_COUNT_MOST; i++, live->triggered++)
            smk_rule_matched(live, &cause);
        live->triggered = count;
    }
}

/* ---- a look ------------------------------------------------------------------------------------------------------ */

static void refresh_usuals(void)
{
    static struct smk_route_view view; /* 2 KiB; the control loop's */
    if (!watch.usuals)
        watch.usuals = smk_heap_zalloc(USUALS * sizeof *watch.usuals);
    if (watch.usuals)
        smk_routes_each(&view, look_at_route, NULL);
    set_limits();
}

void smk_rules_look(void)
{
    watch.unix_ns = smk_sys_clock(CLOCK_REALTIME);
    watch.ticks = smk_ticks();
    if (watch.relative && watch.looks % USUAL_EVERY == 0)
        refresh_usuals();
    watch.looks++;
    smk_rule_family_look_begins();
    take_notables();
    if (watch.flights)
        look_at_flights();
    if (watch.waits)
        smk_threads_each(look_at_thread, NULL);
    tell_what_lasts();
    if (watch.levels)
        smk_rule_levels_look(watch.looks);
    look_at_triggers();
    if (watch.looks % AGAIN_EVERY == 0)
        smk_rules_look_at_signals();
    smk_rule_family_look_ends();
    smk_rules_tell(false);
    smk_rule_run_look();
}

static void due(void *arg)
{
    (void)arg;
    smk_timer_set(watch.timer, LOOK_NS);
    smk_rules_look();
}

static void note_wants(const struct smk_rule *rule)
{
    watch.flights |= rule->on == SMK_RULE_REQUEST || rule->on == SMK_RULE_QUEUE;
    watch.relative |= rule->factor_milli != 0;
    watch.waits |= rule->on == SMK_RULE_WAIT;
    watch.levels |= rule->on == SMK_RULE_CPU || rule->on == SMK_RULE_RSS || rule->on == SMK_RULE_RUNNABLE;
}

/* Commands that run are looked after until they have ended, so the timer goes on once there was a rule. */
void smk_rules_watch(void)
{
    bool any = false;
    smk_rules_look_at_signals();
    watch.flights = watch.relative = watch.waits = watch.levels = false;
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        if (!live->broken) {
            note_wants(&live->rule);
            any = true;
        }
    set_limits();
    if (!any || watch.timer)
        return;
    watch.timer = smk_timer_new(due, NULL);
    smk_timer_set(watch.timer, LOOK_NS);
}

void smk_rules_unwatch(void)
{
    smk_notables_want(NULL);
    smk_timer_free(watch.timer);
    smk_heap_free(watch.usuals);
    smk_rule_levels_end();
    smk_rule_signals_keep(0);
    memset(&watch, 0, sizeof watch);
}

void smk_rules_watch_reset_in_child(void) { memset(&watch, 0, sizeof watch); }
