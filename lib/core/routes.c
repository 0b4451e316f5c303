#include "core/routes.h"

#include <string.h>

#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/intern.h"
#include "core/notable.h"
#include "core/request.h"

#define OWN_SHARDS  4u /* those of the first threads, which alone add to theirs */
#define SHARDS      (OWN_SHARDS + 4u)
#define PROBE_LIMIT 64u
#define KINDS       (SMK_WAIT_OTHER + 1)

/* All atomic. */
struct figures {
    uint64_t failed, refused;
    struct smk_histogram latency;
};

/* Open addressing: a place belongs to the route whose id stands in keys, for ever. Behind the last place
 * stands "other". It is mapped at the first arming, and its pages are taken as routes come. */
static SMK_ALIGNED(SMK_CACHE_LINE) struct {
    uint32_t capacity;
    uint32_t mask;            /* places - 1: a power of two, twice the capacity */
    uint32_t *keys;           /* atomic; NULL: nothing was armed yet, or no memory */
    struct figures *figures;  /* SHARDS times places + 1 */
    uint32_t *in_flight;      /* places + 1; lock */
    uint64_t *strangers;      /* atomic bits: strings that a stranger chose */
    uint32_t other;           /* id of "other" */
    uint32_t used, names;     /* atomic */
    uint64_t names_refused, unlisted;
} table = {.capacity = SMK_ROUTES_DEFAULT};

static struct smk_histogram waits[SHARDS][KINDS];

/* For making the table, and for who looks: never on the host's threads while they work. */
static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_ROUTES);

static size_t places_of(uint32_t capacity)
{
    size_t places = 2;
    while (places < 2 * (size_t)capacity)
        places <<= 1;
    return places;
}

static size_t figures_bytes(size_t places) { return sizeof(struct figures) * SHARDS * (places + 1); }

/* Under `lock`. What could be mapped stays for the next time. */
static int make_table(void)
{
    size_t places = places_of(table.capacity);
    table.mask = (uint32_t)places - 1;
    table.other = smk_intern(&smk_strings, "other", 5);
    if (!table.figures)
        table.figures = smk_sys_map(figures_bytes(places));
    if (!table.in_flight)
        table.in_flight = smk_sys_map((places + 1) * sizeof *table.in_flight);
    if (!table.strangers)
        table.strangers = smk_sys_map(SMK_STRINGS_MAX / 8 + sizeof *table.strangers);
    uint32_t *keys = NULL;
    if (table.figures && table.in_flight && table.strangers)
        keys = smk_sys_map(places * sizeof *keys);
    if (!keys)
        return smk_fail(SMK_E_NOMEM, "no memory for %u routes", table.capacity);
    smk_store_release(&table.keys, keys); /* pairs with: keys_now */
    return 0;
}

int smk_routes_prepare(void)
{
    int rc = 0;
    smk_lock(&lock);
    if (!table.keys)
        rc = make_table();
    smk_unlock(&lock);
    return rc;
}

int smk_routes_set_capacity(uint32_t capacity)
{
    int rc = 0;
    if (capacity == 0 || capacity > SMK_ROUTES_LIMIT)
        return smk_fail(SMK_E_INVALID, "%u routes; allowed is 1 to %u", capacity, SMK_ROUTES_LIMIT);
    smk_lock(&lock);
    if (table.figures || table.in_flight || table.strangers)
        rc = places_of(capacity) == places_of(table.capacity)
                 ? 0
                 : smk_fail(SMK_E_BUSY, "the table of routes exists already");
    if (rc == 0)
        smk_store_relaxed(&table.capacity, capacity);
    smk_unlock(&lock);
    return rc;
}

/* Nothing of the parent's counts here, but the names are still there. */
void smk_routes_reset_in_child(void)
{
    size_t places = places_of(table.capacity);
    smk_lock_reset(&lock);
    memset(waits, 0, sizeof waits);
    table.used = 0;
    table.names_refused = table.unlisted = 0;
    if (!table.keys)
        return;
    smk_sys_discard(table.keys, places * sizeof *table.keys);
    smk_sys_discard(table.figures, figures_bytes(places));
}

SMK_INLINE uint32_t *keys_now(void) { return smk_load_acquire(&table.keys); } /* pairs with: make_table */

/* ---- names ---------------------------------------------------------------------------------------------- */

static bool is_strangers(uint32_t string)
{
    return string <= SMK_STRINGS_MAX && smk_load_relaxed(&table.strangers[string / 64]) >> string % 64 & 1;
}

uint32_t smk_route_string(const char *name, uint32_t len)
{
    uint32_t string = smk_intern_find(&smk_strings, name, len);
    if (SMK_LIKELY(string != 0) || !keys_now())
        return string;
    if (smk_add_relaxed(&table.names, 1) < SMK_ROUTES_NAMES_PER_ROUTE * smk_load_relaxed(&table.capacity))
        string = smk_intern(&smk_strings, name, len);
    else
        smk_sub_relaxed(&table.names, 1);
    if (string == 0) {
        smk_add_relaxed(&table.names_refused, 1);
        return table.other;
    }
    smk_or_relaxed(&table.strangers[string / 64], UINT64_C(1) << string % 64);
    return string;
}

/* ---- what ended ----------------------------------------------------------------------------------------- */

#define OTHER_PLACE (table.mask + 1)

/* Ids are given out one after the other: what spreads them need not be more than one multiplication. */
SMK_INLINE uint32_t spread(uint32_t route) { return route * UINT32_C(0x9e3779b1) >> 16; }
SMK_STATIC_ASSERT(4 * SMK_ROUTES_LIMIT <= 1u << 16, "it reaches every place");

/* Where the route's figures are; OTHER_PLACE: it has none of its own. `add`: give it a place if there is room. */
static uint32_t place_of(uint32_t *keys, uint32_t route, bool add)
{
    for (uint32_t probe = 0; route != 0 && route != table.other && probe < PROBE_LIMIT; probe++) {
        uint32_t place = (spread(route) + probe) & table.mask;
        uint32_t key = smk_load_relaxed(&keys[place]);
        if (key == 0 && add && smk_load_relaxed(&table.used) < smk_load_relaxed(&table.capacity)) {
            if (smk_add_relaxed(&table.used, 1) < smk_load_relaxed(&table.capacity) &&
                smk_cas_relaxed(&keys[place], &key, route))
                return place;
            smk_sub_relaxed(&table.used, 1); /* the room went, or another was first, perhaps with the same */
        }
        if (key == route)
            return place;
        if (key == 0)
            break;
    }
    return OTHER_PLACE;
}

enum smk_outcome smk_outcome_of(uint32_t status)
{
    if (status >= 500 && status < 600)
        return SMK_OUTCOME_FAILED;
    return status >= 400 && status < 500 ? SMK_OUTCOME_REFUSED : SMK_OUTCOME_GOOD;
}

/* A server's loop is mostly among its first threads. */
SMK_INLINE unsigned shard_of(const struct smk_thread *t)
{
    uint32_t index = t ? t->index : OWN_SHARDS;
    return SMK_LIKELY(index < OWN_SHARDS) ? index : OWN_SHARDS + index % (SHARDS - OWN_SHARDS);
}

SMK_INLINE void add(unsigned shard, struct smk_histogram *histogram, uint64_t ns, uint64_t times)
{
    if (SMK_LIKELY(shard < OWN_SHARDS))
        smk_histogram_add_own(histogram, ns, times);
    else
        smk_histogram_add(histogram, ns, times);
}

SMK_INLINE struct figures *figures_at(unsigned shard, uint32_t place)
{
    return &table.figures[(size_t)shard * (table.mask + 2) + place];
}

/* All cases. */
static SMK_NOINLINE void ended(const struct smk_thread *t, uint32_t *keys, uint32_t route, uint64_t ticks,
                               enum smk_outcome outcome, uint32_t times)
{
    bool may_add = outcome != SMK_OUTCOME_REFUSED || !is_strangers(route);
    uint32_t place = place_of(keys, route, may_add);
    unsigned shard = shard_of(t);
    struct figures *figures = figures_at(shard, place);
    if (SMK_UNLIKELY(place == OTHER_PLACE) && may_add && route != table.other)
        smk_add_relaxed(&table.unlisted, times);
    if (SMK_UNLIKELY(outcome != SMK_OUTCOME_GOOD))
        smk_add_relaxed(outcome == SMK_OUTCOME_FAILED ? &figures->failed : &figures->refused, times);
    add(shard, &figures->latency, smk_ticks_to_ns(ticks), times);
}

/* Nearly always it went well, and the route has its figures where it would be alone. */
SMK_HOT void smk_route_ended(const struct smk_thread *t, uint32_t route, uint64_t ticks, enum smk_outcome outcome,
                             uint32_t times)
{
    uint32_t *keys = keys_now();
    if (SMK_UNLIKELY(!keys))
        return;
    uint32_t place = spread(route) & table.mask;
    if (SMK_LIKELY(t && t->index < OWN_SHARDS && outcome == SMK_OUTCOME_GOOD && route != 0 &&
                   smk_load_relaxed(&keys[place]) == route))
        smk_histogram_add_own(&figures_at(t->index, place)->latency, smk_ticks_to_ns(ticks), times);
    else
        ended(t, keys, route, ticks, outcome, times);
}

static SMK_COLD void note_wait(const struct smk_thread *t, enum smk_wait_kind kind, uint64_t ticks)
{
    smk_notable_put(&(struct smk_notable){.kind = SMK_NOTABLE_WAIT,
                                          .ended = smk_ticks(),
                                          .ticks = ticks,
                                          .request = t ? t->request : 0,
                                          .what = kind,
                                          .tid = t ? t->tid : 0,
                                          .thread = t ? t->index : 0});
}

void smk_wait_ended(const struct smk_thread *t, enum smk_wait_kind kind, uint64_t ticks)
{
    unsigned shard = shard_of(t);
    if ((unsigned)kind >= KINDS)
        return;
    add(shard, &waits[shard][kind], smk_ticks_to_ns(ticks), 1);
    if (SMK_UNLIKELY(ticks > smk_load_relaxed(&smk_notable_limits.wait[kind])))
        note_wait(t, kind, ticks);
}

/* ---- to look at ----------------------------------------------------------------------------------------- */

static bool count_flight(const struct smk_flight *flight, void *keys)
{
    table.in_flight[place_of(keys, flight->route, false)]++;
    return true;
}

/* Under `lock`. */
static void view_place(struct smk_route_view *view, uint32_t place, uint32_t route)
{
    *view = (struct smk_route_view){.route = route, .in_flight = table.in_flight[place]};
    for (unsigned shard = 0; shard < SHARDS; shard++) {
        const struct figures *figures = figures_at(shard, place);
        view->outcomes[SMK_OUTCOME_FAILED] += smk_load_relaxed(&figures->failed);
        view->outcomes[SMK_OUTCOME_REFUSED] += smk_load_relaxed(&figures->refused);
        smk_histogram_collect(&view->latency, &figures->latency);
    }
    uint64_t count = smk_histogram_count(&view->latency);
    uint64_t others = view->outcomes[SMK_OUTCOME_FAILED] + view->outcomes[SMK_OUTCOME_REFUSED];
    view->outcomes[SMK_OUTCOME_GOOD] = count > others ? count - others : 0;
}

void smk_routes_each(struct smk_route_view *view, bool (*visit)(const struct smk_route_view *view, void *arg),
                     void *arg)
{
    uint32_t *keys = keys_now();
    if (!keys)
        return;
    smk_lock(&lock);
    memset(table.in_flight, 0, (table.mask + 2) * sizeof *table.in_flight);
    smk_requests_each(count_flight, keys);
    bool more = true;
    for (uint32_t place = 0; more && place <= table.mask; place++) {
        uint32_t route = smk_load_relaxed(&keys[place]);
        if (route == 0)
            continue;
        view_place(view, place, route);
        more = visit(view, arg);
    }
    if (more) {
        view_place(view, OTHER_PLACE, 0);
        visit(view, arg);
    }
    smk_unlock(&lock);
}

bool smk_route_get(uint32_t route, struct smk_route_view *view)
{
    uint32_t *keys = keys_now();
    uint32_t place = keys ? place_of(keys, route, false) : 0;
    if (!keys || (route != 0 && place == OTHER_PLACE))
        return false;
    smk_lock(&lock);
    memset(table.in_flight, 0, (table.mask + 2) * sizeof *table.in_flight);
    smk_requests_each(count_flight, keys);
    view_place(view, place, route);
    smk_unlock(&lock);
    return true;
}

void smk_waits_get(enum smk_wait_kind kind, struct smk_histogram *sum)
{
    memset(sum, 0, sizeof *sum);
    for (unsigned shard = 0; (unsigned)kind < KINDS && shard < SHARDS; shard++)
        smk_histogram_collect(sum, &waits[shard][kind]);
}

void smk_routes_stats(struct smk_routes_stats *stats)
{
    uint32_t capacity = smk_load_relaxed(&table.capacity);
    *stats = (struct smk_routes_stats){.routes = smk_load_relaxed(&table.used),
                                       .capacity = capacity,
                                       .names = smk_load_relaxed(&table.names),
                                       .names_max = SMK_ROUTES_NAMES_PER_ROUTE * capacity,
                                       .names_refused = smk_load_relaxed(&table.names_refused),
                                       .unlisted = smk_load_relaxed(&table.unlisted)};
}
