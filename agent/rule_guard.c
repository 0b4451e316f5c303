#include "rule_guard.h"

#include "base/errors.h"
#include "heap.h"

#define DAY_NS UINT64_C(86400000000000)

const char *smk_suppression_name(unsigned kind)
{
    static const char *const names[] = {
#define X(NAME, name, what) name,
        SMK_SUPPRESSIONS(X)
#undef X
    };
    return kind < SMK_ARRAY_LEN(names) ? names[kind] : "unknown";
}

const char *smk_rule_state_name(enum smk_rule_state state)
{
    static const char *const names[] = {"running", "cooling down", "throttled", "finished", "broken"};
    return names[state];
}

int smk_guard_init(struct smk_guard *guard, const struct smk_rule *rule)
{
    uint32_t room = rule->window_most > rule->day_most ? rule->window_most : rule->day_most;
    *guard = (struct smk_guard){.room = room};
    guard->firings = smk_heap_zalloc(room * sizeof *guard->firings);
    if (rule->count_in_ns)
        guard->matches = smk_heap_zalloc(rule->count * sizeof *guard->matches);
    if (guard->firings && (guard->matches || !rule->count_in_ns))
        return 0;
    smk_guard_free(guard);
    return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
}

void smk_guard_free(struct smk_guard *guard)
{
    smk_heap_free(guard->firings);
    smk_heap_free(guard->matches);
    *guard = (struct smk_guard){0};
}

/* A time that lies ahead counts as now. */
static uint64_t age(uint64_t then, uint64_t now) { return now > then ? now - then : 0; }

bool smk_guard_match(struct smk_guard *guard, const struct smk_rule *rule, uint64_t now)
{
    if (!guard->matches)
        return true;
    guard->matches[guard->match_next] = now;
    guard->match_next = (guard->match_next + 1) % rule->count;
    if (guard->match_count < rule->count)
        guard->match_count++;
    /* The oldest of the last N stands where the next one goes. */
    if (guard->match_count < rule->count || age(guard->matches[guard->match_next], now) > rule->count_in_ns)
        return false;
    guard->match_count = guard->match_next = 0;
    return true;
}

/* The firing that was `back` before the last one; 0: the last one. */
static uint64_t firing(const struct smk_guard *guard, uint32_t back)
{
    return guard->firings[(guard->firing_next + guard->room - 1 - back) % guard->room];
}

static uint32_t within(const struct smk_guard *guard, uint64_t now, uint64_t ns)
{
    uint32_t count = 0;
    while (count < guard->firing_count && age(firing(guard, count), now) < ns)
        count++;
    return count;
}

uint32_t smk_guard_in_window(const struct smk_guard *guard, const struct smk_rule *rule, uint64_t now)
{
    return rule->window_in_ns ? within(guard, now, rule->window_in_ns)
                              : (uint32_t)smk_min_u64(guard->fired, SMK_RULE_COUNT_MOST);
}

uint32_t smk_guard_in_day(const struct smk_guard *guard, uint64_t now) { return within(guard, now, DAY_NS); }

void smk_guard_fired(struct smk_guard *guard, uint64_t now)
{
    guard->fired++;
    guard->firings[guard->firing_next] = now;
    guard->firing_next = (guard->firing_next + 1) % guard->room;
    if (guard->firing_count < guard->room)
        guard->firing_count++;
}

/* What holds it back, and for how long from now on. */
static enum smk_suppression held(const struct smk_guard *guard, const struct smk_rule *rule, uint64_t now,
                                 uint64_t *left)
{
    *left = UINT64_MAX;
    if (!rule->window_in_ns && guard->fired >= rule->window_most)
        return SMK_SUPPRESSED_FINISHED;
    if (guard->firing_count > 0 && age(firing(guard, 0), now) < rule->cooldown_ns) {
        *left = rule->cooldown_ns - age(firing(guard, 0), now);
        return SMK_SUPPRESSED_COOLDOWN;
    }
    if (rule->window_in_ns && within(guard, now, rule->window_in_ns) >= rule->window_most) {
        *left = rule->window_in_ns - age(firing(guard, rule->window_most - 1), now);
        return SMK_SUPPRESSED_WINDOW;
    }
    if (within(guard, now, DAY_NS) >= rule->day_most) {
        *left = DAY_NS - age(firing(guard, rule->day_most - 1), now);
        return SMK_SUPPRESSED_DAY;
    }
    *left = 0;
    return SMK_SUPPRESSED_NONE;
}

enum smk_suppression smk_guard_judge(const struct smk_guard *guard, const struct smk_rule *rule, uint64_t now,
                                     uint32_t chance)
{
    uint64_t left;
    enum smk_suppression why = held(guard, rule, now, &left);
    if (why == SMK_SUPPRESSED_NONE && chance < rule->skip)
        why = SMK_SUPPRESSED_SKIPPED;
    return why;
}

enum smk_rule_state smk_guard_state(const struct smk_guard *guard, const struct smk_rule *rule, uint64_t now,
                                    uint64_t *again)
{
    uint64_t left;
    enum smk_suppression why = held(guard, rule, now, &left);
    *again = left == 0 || left == UINT64_MAX ? left : now + left;
    return why == SMK_SUPPRESSED_NONE       ? SMK_RULE_RUNNING
           : why == SMK_SUPPRESSED_COOLDOWN ? SMK_RULE_COOLING
           : why == SMK_SUPPRESSED_FINISHED ? SMK_RULE_FINISHED
                                            : SMK_RULE_THROTTLED;
}
