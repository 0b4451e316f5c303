#include "rule_history.h"

#include <string.h>

#include "agent_state.h"
#include "base/sys.h"
#include "control.h"
#include "core/intern.h"
#include "core/routes.h"
#include "heap.h"
#include "rule_guard.h"

#define MINUTE_NS UINT64_C(60000000000)
#define WAITS     0x80000000u /* above: a kind of wait, and no route */
#define SERIES    512u        /* places for what was counted until the last minute; a power of two */
#define EVENTS    600u        /* matches of one minute that a backtest tries, evenly spread */
#define GOLDEN    6180u       /* its multiples, in ten thousandths, are chances as evenly spread as can be */

/* A minute of one route: a head, and then a pair of bucket and count for each bucket that has some. */
struct head {
    uint32_t series; /* route's string, or WAITS and the kind */
    uint32_t failed, refused, pairs;
};
struct pair {
    uint32_t bucket, count;
};

struct minute {
    struct minute *next; /* later */
    uint64_t end_unix_ns;
    uint32_t size;
    unsigned char data[];
};

struct series {
    uint32_t key; /* series + 1 */
    uint64_t failed, refused;
    struct smk_histogram then;
};

static struct {
    struct minute *first, *last;
    uint64_t bytes;
    uint32_t minutes;
    struct series *series; /* SERIES of them */
    struct smk_timer *timer;
    unsigned char *room; /* of the minute that is being closed */
    size_t room_size, used;
} history;

void smk_history_get_stats(struct smk_history_stats *stats)
{
    *stats = (struct smk_history_stats){
        .bytes = history.bytes, .bytes_max = smk_agent.settings.rule_history, .minutes = history.minutes};
}

/* ---- a minute is over -------------------------------------------------------------------------------------------- */

static struct series *series_of(uint32_t key)
{
    for (uint32_t probe = 0; history.series && probe < SERIES; probe++) {
        struct series *s = &history.series[(key * 2654435761u + probe) % SERIES];
        if (s->key == key + 1)
            return s;
        if (s->key == 0) {
            s->key = key + 1;
            return s;
        }
    }
    return NULL;
}

/* What was counted since the last minute. */
static void put_series(uint32_t key, const struct smk_histogram *now, uint64_t failed, uint64_t refused)
{
    struct series *s = series_of(key);
    if (!s)
        return;
    struct head head = {
        .series = key, .failed = (uint32_t)(failed - s->failed), .refused = (uint32_t)(refused - s->refused)};
    size_t begin = history.used, at = begin + sizeof head;
    for (uint32_t i = 0; i < SMK_HISTOGRAM_BUCKETS && at + sizeof(struct pair) <= history.room_size; i++) {
        struct pair pair = {i, (uint32_t)(now->buckets[i] - s->then.buckets[i])};
        if (pair.count == 0)
            continue;
        memcpy(history.room + at, &pair, sizeof pair);
        at += sizeof pair;
        head.pairs++;
    }
    s->then = *now;
    s->failed = failed;
    s->refused = refused;
    if (head.pairs == 0 || at > history.room_size)
        return;
    memcpy(history.room + begin, &head, sizeof head);
    history.used = at;
}

static bool put_route(const struct smk_route_view *view, void *arg)
{
    (void)arg;
    put_series(view->route, &view->latency, view->outcomes[SMK_OUTCOME_FAILED], view->outcomes[SMK_OUTCOME_REFUSED]);
    return true;
}

static void drop_first(void)
{
    struct minute *first = history.first;
    history.first = first->next;
    if (!history.first)
        history.last = NULL;
    history.bytes -= sizeof *first + first->size;
    history.minutes--;
    smk_heap_free(first);
}

static void keep(uint64_t now)
{
    struct minute *minute = smk_heap_alloc(sizeof *minute + history.used);
    if (!minute)
        return;
    *minute = (struct minute){.end_unix_ns = now, .size = (uint32_t)history.used};
    memcpy(minute->data, history.room, history.used);
    if (history.last)
        history.last->next = minute;
    else
        history.first = minute;
    history.last = minute;
    history.bytes += sizeof *minute + minute->size;
    history.minutes++;
    while (history.first && (history.bytes > smk_agent.settings.rule_history || history.minutes > SMK_HISTORY_MINUTES))
        drop_first();
}

static void put_all(void)
{
    static struct smk_route_view view; /* of 2 KiB; the control loop's */
    static struct smk_histogram waits;
    if (!history.series)
        history.series = smk_heap_zalloc(SERIES * sizeof *history.series);
    history.used = 0;
    smk_routes_each(&view, put_route, NULL);
    for (unsigned kind = SMK_WAIT_NONE + 1; kind <= SMK_WAIT_OTHER; kind++) {
        smk_waits_get((enum smk_wait_kind)kind, &waits);
        put_series(WAITS | kind, &waits, 0, 0);
    }
}

void smk_history_note(uint64_t now)
{
    history.room_size = smk_min_u64(smk_agent.settings.rule_history, 1u << 20);
    history.room = smk_heap_alloc(history.room_size);
    if (history.room) {
        put_all();
        if (history.used > 0)
            keep(now);
    }
    smk_heap_free(history.room);
    history.room = NULL;
}

static void minute_due(void *arg)
{
    (void)arg;
    smk_timer_set(history.timer, MINUTE_NS);
    smk_history_note(smk_sys_clock(CLOCK_REALTIME));
}

void smk_history_begin(void)
{
    memset(&history, 0, sizeof history);
    put_all(); /* without room for it: what was counted before is nobody's minute */
    history.timer = smk_timer_new(minute_due, NULL);
    smk_timer_set(history.timer, MINUTE_NS);
}

void smk_history_end(void)
{
    smk_timer_free(history.timer);
    while (history.first)
        drop_first();
    smk_heap_free(history.series);
    memset(&history, 0, sizeof history);
}

void smk_history_reset_in_child(void) { memset(&history, 0, sizeof history); }

/* ---- a rule is tried --------------------------------------------------------------------------------------------- */

struct trial {
    const struct smk_rule *rule;
    struct smk_backtest *result;
    struct smk_guard guard;
    uint64_t from;
    uint32_t tries;
};

static bool concerns(const struct smk_rule *rule, uint32_t series)
{
    uint32_t len = 5;
    if (rule->on == SMK_RULE_WAIT)
        return series == (WAITS | rule->wait_kind);
    if (series & WAITS)
        return false;
    const char *name = series ? smk_intern_get(&smk_strings, series, &len) : "other";
    return !rule->route[0] || (name && smk_rule_glob(rule->route, name, len));
}

/* Calls visit for each series of each minute that concerns the rule. */
static void each(struct trial *trial, void (*visit)(struct trial *trial, const struct minute *minute,
                                                    const struct head *head, const struct pair *pairs))
{
    for (const struct minute *minute = history.first; minute; minute = minute->next) {
        if (minute->end_unix_ns < trial->from)
            continue;
        for (size_t at = 0; at + sizeof(struct head) <= minute->size;) {
            struct head head;
            memcpy(&head, minute->data + at, sizeof head);
            at += sizeof head;
            if (concerns(trial->rule, head.series))
                visit(trial, minute, &head, (const struct pair *)(const void *)(minute->data + at));
            at += head.pairs * sizeof(struct pair);
        }
    }
}

/* A relative rule's threshold: the factor times the quantile of all of the route's requests in that time. */
struct usual {
    struct trial trial;
    uint32_t series;
    struct smk_histogram all;
};

static void collect(struct trial *trial, const struct minute *minute, const struct head *head, const struct pair *pairs)
{
    struct usual *usual = (struct usual *)trial;
    (void)minute;
    for (uint32_t i = 0; head->series == usual->series && i < head->pairs; i++)
        usual->all.buckets[pairs[i].bucket] += pairs[i].count;
}

/* UINT64_MAX: there are too few of them. */
static uint64_t threshold_of(const struct trial *trial, uint32_t series)
{
    static struct usual usual; /* 2 KiB; the control loop's */
    if (!trial->rule->factor_milli)
        return trial->rule->threshold;
    usual = (struct usual){.trial = *trial, .series = series};
    usual.all.max_ns = UINT64_MAX;
    each(&usual.trial, collect);
    if (smk_histogram_count(&usual.all) < smk_agent.settings.rule_samples)
        return UINT64_MAX;
    return smk_histogram_quantile(&usual.all, trial->rule->per_mille).high / 1000 * trial->rule->factor_milli;
}

static void count_matches(const struct smk_rule *rule, const struct head *head, const struct pair *pairs,
                          uint64_t threshold, struct smk_backtest *result, uint64_t *least)
{
    uint64_t most = 0, all = 0, low, high;
    for (uint32_t i = 0; i < head->pairs; i++) {
        smk_histogram_bounds(pairs[i].bucket, &low, &high);
        all += pairs[i].count;
        if (low > threshold)
            *least += pairs[i].count;
        if (high > threshold)
            most += pairs[i].count;
    }
    if (rule->on == SMK_RULE_STATUS) {
        *least = rule->least <= 500 && rule->most >= 599 ? head->failed : 0;
        most = (rule->most >= 500 ? head->failed : 0) + (rule->least < 500 ? head->refused : 0);
        *least += rule->least <= 400 && rule->most >= 499 ? head->refused : 0;
    }
    result->requests += all;
    result->least += *least;
    result->most += most;
}

/* Its matches lie somewhere in the minute: evenly, for want of better. */
static void try_minute(struct trial *trial, const struct minute *minute, const struct head *head,
                       const struct pair *pairs)
{
    uint64_t least = 0;
    count_matches(trial->rule, head, pairs, threshold_of(trial, head->series), trial->result, &least);
    uint64_t tries = smk_min_u64(least, EVENTS);
    for (uint64_t i = 0; i < tries; i++) {
        uint64_t at = minute->end_unix_ns - MINUTE_NS + i * (MINUTE_NS / tries);
        uint32_t chance = ++trial->tries * GOLDEN % 10000;
        if (smk_guard_match(&trial->guard, trial->rule, at) &&
            smk_guard_judge(&trial->guard, trial->rule, at, chance) == SMK_SUPPRESSED_NONE) {
            smk_guard_fired(&trial->guard, at);
            trial->result->fires++;
        }
    }
}

void smk_history_backtest(const struct smk_rule *rule, uint64_t ns, struct smk_backtest *result)
{
    uint64_t now = smk_sys_clock(CLOCK_REALTIME);
    struct trial trial = {.rule = rule, .result = result, .from = now > ns ? now - ns : 0};
    *result = (struct smk_backtest){.to_unix_ns = now};
    result->known = rule->on == SMK_RULE_REQUEST || rule->on == SMK_RULE_STATUS || rule->on == SMK_RULE_WAIT;
    if (!result->known || smk_guard_init(&trial.guard, rule) < 0)
        return;
    smk_history_note(now);
    for (const struct minute *minute = history.first; minute; minute = minute->next) {
        if (minute->end_unix_ns < trial.from)
            continue;
        if (!result->minutes++)
            result->from_unix_ns = smk_max_u64(trial.from, minute->end_unix_ns - MINUTE_NS);
    }
    each(&trial, try_minute);
    smk_guard_free(&trial.guard);
}
