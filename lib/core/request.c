/* request.c: begin, end and movement of requests; handoffs; regions of requests. */
#include "core/request.h"

#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "core/ended.h"
#include "core/gate.h"
#include "core/init.h"
#include "core/intern.h"
#include "core/notable.h"
#include "core/record.h"
#include "core/request_cost.h"
#include "core/routes.h"
#include "core/site.h"
#include "core/slots.h"
#include "core/traceparent.h"

#define ID_BLOCK 64 /* request ids a thread reserves at once: the shared counter is touched seldom */
#define SPARE    64 /* one of so many places in the table may be kept by a thread between two requests */

static struct {
    struct smk_flight *array;
    struct smk_slots slots;
    uint64_t next_id;         /* atomic */
    uint64_t ended, unlisted; /* atomic; ended: by threads without a slot */
    uint64_t dropped;         /* atomic: begun and ended as others are, but were none */
} flights;

uint32_t smk_requests_marked SMK_HOT_DATA;

int smk_requests_init(uint32_t capacity)
{
    uint32_t *next = smk_sys_map(capacity * sizeof *next);
    flights.array = smk_sys_map((size_t)capacity * sizeof *flights.array);
    if (!flights.array || !next)
        return smk_fail(SMK_E_NOMEM, "no memory for %u requests in flight", capacity);
    smk_slots_init(&flights.slots, next, capacity);
    return 0;
}

static bool add_counts(struct smk_thread *t, void *stats)
{
    struct smk_requests_stats *sum = stats;
    sum->begun += smk_load_relaxed(&t->requests.begun) + smk_load_relaxed(&t->requests.found);
    sum->ended += smk_load_relaxed(&t->requests.ended);
    return true;
}

void smk_requests_stats(struct smk_requests_stats *stats)
{
    *stats = (struct smk_requests_stats){.ended = smk_load_relaxed(&flights.ended),
                                         .unlisted = smk_load_relaxed(&flights.unlisted),
                                         .capacity = flights.slots.capacity};
    smk_threads_each_slot(add_counts, stats);
    uint64_t dropped = smk_load_relaxed(&flights.dropped);
    stats->begun -= smk_min_u64(dropped, stats->begun);
    stats->ended -= smk_min_u64(dropped, stats->ended);
    stats->in_flight = stats->begun > stats->ended ? (uint32_t)(stats->begun - stats->ended) : 0;
}

static bool each_listed_here(bool (*visit)(const struct smk_flight *flight, void *arg), void *arg)
{
    uint32_t used = smk_load_acquire(&flights.slots.used); /* pairs with: smk_slots_take */
    bool more = flights.array != NULL;
    for (uint32_t i = 0; more && i < used; i++) {
        const struct smk_flight *flight = &flights.array[i];
        struct smk_flight copy = {.id = smk_load_acquire(&flight->id)}; /* pairs with: enlist */
        if (copy.id == 0)
            continue;
        copy.begin = smk_load_relaxed(&flight->begin);
        copy.route = smk_load_relaxed(&flight->route);
        copy.tid = smk_load_relaxed(&flight->tid);
        copy.status = smk_load_relaxed(&flight->status);
        smk_acquire_fence(); /* pairs with: end_once, and enlist for the next */
        if (smk_load_relaxed(&flight->id) == copy.id)
            more = visit(&copy, arg);
    }
    return more;
}

void smk_requests_each(bool (*visit)(const struct smk_flight *flight, void *arg), void *arg)
{
    const struct smk_source_calls *sources = smk_core_sources();
    if (each_listed_here(visit, arg) && sources && sources->requests)
        sources->requests(visit, arg);
}

void smk_requests_reset_in_child(void)
{
    for (uint32_t i = 0; i < flights.slots.used; i++)
        flights.array[i].id = 0;
    smk_slots_init(&flights.slots, flights.slots.next, flights.slots.capacity);
    flights.ended = flights.unlisted = flights.dropped = 0;
}

/* A multiple of the block is never given out: a thread whose next id is one needs another block. A signal
 * handler that comes in between takes its own id from the same block, or gets a block first; ours is
 * then left unused. */
static SMK_COLD uint64_t new_block(struct smk_thread *t, uint64_t next)
{
    for (;;) {
        if (next % ID_BLOCK != 0) {
            if (smk_local_cas(&t->requests.next, &next, next + 1))
                return next;
        } else {
            uint64_t block = smk_add_relaxed(&flights.next_id, ID_BLOCK);
            if (smk_local_cas(&t->requests.next, &next, block + 1))
                next = block + 1;
        }
    }
}

SMK_INLINE uint64_t new_id(struct smk_thread *t)
{
    uint64_t next = smk_load_relaxed(&t->requests.next);
    if (SMK_LIKELY(next % ID_BLOCK != 0 && smk_local_cas(&t->requests.next, &next, next + 1)))
        return next;
    return new_block(t, next);
}

/* The place of the last request that ended here, without a locked instruction: most threads end one and then begin
 * the next. Threads keep at most a part of the table. */
static uint32_t take_place(struct smk_thread *t)
{
    uint64_t spare = smk_load_relaxed(&t->requests.spare);
    if (SMK_LIKELY(spare != 0) && smk_local_cas(&t->requests.spare, &spare, 0))
        return (uint32_t)spare - 1;
    return flights.array ? smk_slots_take(&flights.slots) : SMK_NO_SLOT;
}

static void give_place(struct smk_thread *t, uint32_t slot)
{
    uint64_t none = 0;
    if (!t || t->index >= flights.slots.capacity / SPARE || !smk_local_cas(&t->requests.spare, &none, slot + 1))
        smk_slots_give(&flights.slots, slot);
}

static uint32_t enlist(struct smk_thread *t, const smk_request *request)
{
    uint32_t slot = take_place(t);
    if (slot == SMK_NO_SLOT) {
        smk_add_relaxed(&flights.unlisted, 1);
        return slot;
    }
    struct smk_flight *flight = &flights.array[slot];
    smk_store_relaxed(&flight->begin, request->begin);
    smk_store_relaxed(&flight->route, request->route);
    smk_store_relaxed(&flight->tid, t->tid);
    smk_store_relaxed(&flight->status, 0);
    smk_store_relaxed(&flight->moved, SMK_MOVED_NOT);
    smk_store_release(&flight->id, request->id); /* pairs with: each_listed_here */
    return slot;
}

/* The request's place in the table, or NULL: it has none, or somebody ended it already. */
static struct smk_flight *flight_of(const smk_request *request)
{
    if (!flights.array || request->slot >= flights.slots.capacity)
        return NULL;
    struct smk_flight *flight = &flights.array[request->slot];
    return smk_load_acquire(&flight->id) == request->id ? flight : NULL;
}

void smk_request_trace(struct smk_thread *t, uint64_t id, const char *traceparent)
{
    struct smk_traceparent parent;
    if (!traceparent || !smk_traceparent_parse(traceparent, &parent))
        return;
    uint64_t *rec = smk_reserve(t, 6, SMK_EV_REQUEST_TRACE);
    if (!rec)
        return;
    rec[1] = smk_ticks();
    rec[2] = id;
    rec[3] = parent.trace_high;
    rec[4] = parent.trace_low;
    rec[5] = parent.parent;
    smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_TRACE, 6, 0, parent.flags));
}

smk_request smk_abi_request_begin(const char *route, const char *traceparent)
{
    smk_request request = {0};
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return request;
    if (SMK_UNLIKELY(!smk_load_relaxed(&smk_requests_marked)))
        smk_store_relaxed(&smk_requests_marked, 1);
    request.id = new_id(t);
    request.route = smk_string_id(route);
    request.begin = smk_ticks();
    request.slot = enlist(t, &request);
    t->request = request.id;
    smk_cost_begin(t, request.id, request.begin);
    smk_local_count(&t->requests.begun);
    uint64_t *rec = smk_reserve(t, 3, SMK_EV_REQUEST_BEGIN);
    if (rec) {
        rec[1] = request.begin;
        rec[2] = request.id;
        smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_BEGIN, 3, 0, request.route));
    }
    smk_request_trace(t, request.id, traceparent);
    return request;
}

void smk_abi_request_status(const smk_request *request, int status)
{
    struct smk_flight *flight = flight_of(request);
    if (flight)
        smk_store_relaxed(&flight->status, (uint32_t)status);
}

static void count_end(struct smk_thread *t)
{
    if (t)
        smk_local_count(&t->requests.ended);
    else
        smk_add_relaxed(&flights.ended, 1);
}

/* It has no place in the table: nobody can tell a second end of it. */
static bool is_unlisted(struct smk_thread *t, const smk_request *request)
{
    if (request->slot != SMK_NO_SLOT)
        return false;
    count_end(t);
    return true;
}

/* Whoever clears the id has ended it: a second end, or one from another thread, does nothing. */
static bool end_once(struct smk_thread *t, const smk_request *request, uint32_t *status, uint32_t *moved)
{
    struct smk_flight *flight = flight_of(request);
    *status = 0;
    *moved = SMK_MOVED_ON; /* as far as anybody knows */
    if (!flight)
        return is_unlisted(t, request);
    *status = smk_load_relaxed(&flight->status);
    *moved = smk_load_relaxed(&flight->moved);
    uint64_t id = request->id;
    if (!smk_cas_acq_rel(&flight->id, &id, 0))
        return false;
    give_place(t, request->slot);
    count_end(t);
    return true;
}

/* A rule may want to know. `ended` in ticks. */
static SMK_COLD void note(const struct smk_thread *t, const smk_request *request, uint64_t ended, uint64_t ticks,
                          uint32_t status)
{
    smk_notable_put(&(struct smk_notable){.kind = SMK_NOTABLE_REQUEST,
                                          .ended = ended,
                                          .ticks = ticks,
                                          .request = request->id,
                                          .what = request->route,
                                          .tid = t ? t->tid : 0,
                                          .status = status});
}

static SMK_COLD void keep_ended(const struct smk_thread *t, const smk_request *request, uint64_t end, uint64_t ticks,
                                uint32_t status, uint32_t more)
{
    const struct smk_ended ended = {.id = request->id,
                                    .end = end,
                                    .ticks = ticks,
                                    .route = request->route,
                                    .tid = t ? t->tid : 0,
                                    .status = status,
                                    .more = more};
    smk_ended_keep(&ended);
}

SMK_INLINE void note_ended(const struct smk_thread *t, const smk_request *request, uint64_t end, uint64_t ticks,
                           uint32_t status, uint32_t more)
{
    if (smk_ended_counts(end, ticks))
        keep_ended(t, request, end, ticks, status, more);
}

void smk_abi_request_end(const smk_request *request)
{
    uint32_t status, moved;
    struct smk_thread *t = smk_thread_self();
    if (!end_once(t, request, &status, &moved))
        return;
    if (!t)
        return; /* in a destructor after the thread's end: the table's entry is free all the same */
    if (t->request == request->id)
        t->request = 0;
    uint64_t now = smk_ticks();
    smk_route_ended(t, request->route, now - request->begin, smk_outcome_of(status), 1);
    if (smk_is_notable_request(now - request->begin, status))
        note(t, request, now, now - request->begin, status);
    note_ended(t, request, now, now - request->begin, status, 0);
    if (!smk_gate_open(SMK_CAT_REQUEST))
        return;
    if (moved != SMK_MOVED_ON)
        smk_cost_end(t, request, moved == SMK_MOVED_NOT, now);
    uint64_t *rec = smk_reserve(t, 5, SMK_EV_REQUEST_END);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = request->id;
    rec[3] = now - request->begin;
    rec[4] = status;
    smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_END, 5, 0, request->route));
}

static void record_movement(struct smk_thread *t, unsigned event, uint64_t id)
{
    if (!smk_gate_open(SMK_CAT_REQUEST))
        return;
    uint64_t *rec = smk_reserve(t, 3, event);
    if (!rec)
        return;
    rec[1] = smk_ticks();
    rec[2] = id;
    smk_commit(t, rec, smk_record_head(event, 3, 0, 0));
}

uint64_t smk_abi_request_enter(const smk_request *request)
{
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return 0;
    uint64_t previous = t->request;
    t->request = request->id;
    struct smk_flight *flight = flight_of(request);
    if (flight) {
        uint32_t moved = smk_load_relaxed(&flight->tid) == t->tid ? SMK_MOVED_AWAY : SMK_MOVED_ON;
        if (moved > smk_load_relaxed(&flight->moved))
            smk_store_relaxed(&flight->moved, moved);
        smk_store_relaxed(&flight->tid, t->tid);
    }
    record_movement(t, SMK_EV_REQUEST_ENTER, request->id);
    return previous;
}

void smk_abi_request_leave(const smk_request *request, uint64_t previous)
{
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return;
    t->request = previous;
    record_movement(t, SMK_EV_REQUEST_LEAVE, request->id);
    if (previous)
        record_movement(t, SMK_EV_REQUEST_ENTER, previous);
}

/* ---- found on sockets ------------------------------------------------------------------------------------ */

SMK_HOT void smk_request_begins(struct smk_thread *t, smk_request *request, uint32_t route, uint64_t arrived,
                                uint64_t now)
{
    uint64_t id = new_id(t);
    smk_store_relaxed(&request->begin, arrived);
    smk_store_relaxed(&request->route, route);
    request->slot = SMK_NO_SLOT;
    smk_store_release(&request->id, id); /* pairs with: smk_conns_requests */
    t->request = t->loop.found = id;
    smk_cost_begin(t, id, now);
    smk_local_count(&t->requests.found);
    uint64_t *rec = smk_reserve(t, 3, SMK_EV_REQUEST_BEGIN);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = id;
    smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_BEGIN, 3, 0, route));
}

void smk_request_found(struct smk_thread *t, smk_request *request, uint32_t route, uint64_t arrived, uint64_t now)
{
    smk_request_begins(t, request, route, arrived, now);
    request->slot = enlist(t, request);
}

/* The thread no longer works for it, if it did. */
static void let_go(struct smk_thread *t, uint64_t id)
{
    if (t->request == id)
        t->request = 0;
    if (t->loop.found == id)
        t->loop.found = 0;
}

/* As end_once, of one that whoever found it alone ends. */
static bool end_found(struct smk_thread *t, const smk_request *request, uint32_t *moved)
{
    *moved = SMK_MOVED_NOT;
    if (SMK_UNLIKELY(request->slot != SMK_NO_SLOT)) {
        struct smk_flight *flight = flight_of(request);
        if (!flight)
            return false;
        *moved = smk_load_relaxed(&flight->moved);
        smk_store_relaxed(&flight->id, 0);
        smk_release_fence(); /* pairs with: each_listed_here */
        give_place(t, request->slot);
    }
    count_end(t);
    return true;
}

/* rec[0] comes with the commit. */
SMK_INLINE void commit_answered(struct smk_thread *t, uint64_t *rec, const smk_request *request,
                                const struct smk_request_answer *answer, uint64_t duration, uint64_t now)
{
    rec[1] = now;
    rec[2] = request->id;
    rec[3] = duration;
    rec[4] = answer->status;
    rec[5] = now - smk_min_u64(answer->wrote, now);
    rec[6] = answer->delay;
    rec[7] = answer->more;
    smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_ANSWERED, 8, 0, request->route));
}

/* All cases. */
static SMK_NOINLINE void answered(struct smk_thread *t, const smk_request *request,
                                  const struct smk_request_answer *answer, uint64_t duration, uint64_t now)
{
    uint32_t moved;
    if (!end_found(t, request, &moved))
        return;
    smk_route_ended(t, request->route, duration, answer->outcome, answer->more + 1);
    if (smk_is_notable_request(duration, answer->status))
        note(t, request, now, duration, answer->status);
    note_ended(t, request, answer->wrote, duration, answer->status, answer->more);
    if (!t)
        return;
    let_go(t, request->id);
    if (!smk_gate_open(SMK_CAT_REQUEST))
        return;
    if (moved != SMK_MOVED_ON)
        smk_cost_end(t, request, false, now);
    uint64_t *rec = smk_reserve(t, 8, SMK_EV_REQUEST_ANSWERED);
    if (rec)
        commit_answered(t, rec, request, answer, duration, now);
}

/* It is in no table, nobody wants to hear of it, and there is room for its record, though a signal handler may take
 * that in between. */
SMK_INLINE bool is_plain(const struct smk_thread *t, const smk_request *request,
                         const struct smk_request_answer *answer, uint64_t duration, uint64_t now)
{
    return SMK_LIKELY(t && request->slot == SMK_NO_SLOT && smk_gate_open(SMK_CAT_REQUEST)) &&
           !smk_is_notable_request(duration, answer->status) && !smk_ended_counts(answer->wrote, duration) &&
           !smk_cost_is_slow(request, now) && smk_load_relaxed(&t->cur) + 64 <= smk_load_relaxed(&t->end);
}

SMK_HOT void smk_request_answered(struct smk_thread *t, const smk_request *request,
                                  const struct smk_request_answer *answer, uint64_t now)
{
    uint64_t duration = answer->wrote - smk_min_u64(request->begin, answer->wrote);
    if (SMK_UNLIKELY(!is_plain(t, request, answer, duration, now))) {
        answered(t, request, answer, duration, now);
        return;
    }
    count_end(t);
    let_go(t, request->id);
    uint64_t *rec = smk_reserve(t, 8, SMK_EV_REQUEST_ANSWERED);
    if (SMK_LIKELY(rec != NULL))
        commit_answered(t, rec, request, answer, duration, now);
    smk_route_ended(t, request->route, duration, answer->outcome, answer->more + 1);
}

void smk_request_dropped(struct smk_thread *t, const smk_request *request)
{
    uint32_t moved;
    if (!end_found(t, request, &moved))
        return;
    smk_add_relaxed(&flights.dropped, 1);
    if (!t)
        return;
    let_go(t, request->id);
    record_movement(t, SMK_EV_REQUEST_DROPPED, request->id);
}

void smk_request_left(struct smk_thread *t, uint64_t now)
{
    uint64_t id = t->loop.found;
    t->loop.found = 0;
    if (t->request != id)
        return; /* the program's own mark has taken its place */
    t->request = 0;
    uint64_t *rec = smk_gate_open(SMK_CAT_REQUEST) ? smk_reserve(t, 3, SMK_EV_REQUEST_LEAVE) : NULL;
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = id;
    smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_LEAVE, 3, 0, 0));
}

smk_request_region smk_abi_request_region_begin(const smk_request *request, smk_site *site)
{
    smk_request_region region = {0};
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return region;
    uint32_t site_id = smk_site_id(site);
    uint64_t *rec = smk_reserve(t, 4, SMK_EV_REQUEST_REGION_BEGIN);
    if (!rec)
        return region;
    region = (smk_request_region){site, request->id, new_id(t), smk_ticks()};
    rec[1] = region.begin;
    rec[2] = region.request;
    rec[3] = region.id;
    smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_REGION_BEGIN, 4, 0, site_id));
    return region;
}

void smk_abi_request_region_end(const smk_request_region *region)
{
    struct smk_thread *t = smk_thread_self();
    if (!t || !smk_gate_open(SMK_CAT_REGION))
        return;
    uint32_t site_id = smk_site_id(region->site);
    uint64_t *rec = smk_reserve(t, 5, SMK_EV_REQUEST_REGION_END);
    if (!rec)
        return;
    uint64_t now = smk_ticks();
    rec[1] = now;
    rec[2] = region->request;
    rec[3] = region->id;
    rec[4] = now - region->begin;
    smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_REGION_END, 5, 0, site_id));
}

smk_handoff smk_abi_handoff_begin(const smk_request *request, smk_site *site)
{
    smk_handoff handoff = {0};
    struct smk_thread *t = smk_thread_self();
    if (t)
        handoff = (smk_handoff){site, request->id, smk_ticks(), t->tid, 0};
    return handoff;
}

void smk_abi_handoff_end(const smk_handoff *handoff)
{
    struct smk_thread *t = smk_thread_self();
    if (!t || !smk_gate_open(SMK_CAT_REQUEST))
        return;
    uint32_t site_id = smk_site_id(handoff->site);
    uint64_t *rec = smk_reserve(t, 5, SMK_EV_HANDOFF);
    if (!rec)
        return;
    uint64_t now = smk_ticks();
    rec[1] = now;
    rec[2] = handoff->request;
    rec[3] = now - handoff->begin;
    rec[4] = handoff->from;
    smk_commit(t, rec, smk_record_head(SMK_EV_HANDOFF, 5, 0, site_id));
}
