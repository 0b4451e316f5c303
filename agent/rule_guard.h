/* rule_guard.h: what keeps a rule from doing harm: how often it may match, and fire. No clock and no chance of its
 * own: both are given, so that a test can be a day.
 *
 * Times are ns since 1970, since they hold across restarts. A clock that was set back does not shut a rule out for
 * longer than it says: times that lie ahead count as now.
 */
#ifndef SMK_AGENT_RULE_GUARD_H
#define SMK_AGENT_RULE_GUARD_H

#include "rule.h"

/* Why a rule did not fire though its condition held. */
#define SMK_SUPPRESSIONS(X)                                                                        \
    X(NONE, "none", "it fired")                                                                    \
    X(COOLDOWN, "cooldown", "less than its cool-down since it last fired")                         \
    X(BUSY, "busy", "the capture of a rule is being recorded")                                     \
    X(WINDOW, "window", "as many as `at most` allows")                                             \
    X(DAY, "day", "as many as `per day` allows")                                                   \
    X(FINISHED, "finished", "as many as it may ever make")                                         \
    X(SKIPPED, "skipped", "by chance, as `skip` says")                                             \
    X(DISK, "disk", "the day's bytes are used up, or too little space is left")                    \
    X(REFUSED, "refused", "the capture could not begin")

enum smk_suppression {
#define X(NAME, name, what) SMK_SUPPRESSED_##NAME,
    SMK_SUPPRESSIONS(X)
#undef X
        SMK_SUPPRESSED_KINDS
};

const char *smk_suppression_name(unsigned kind);

/* Where it stands. */
enum smk_rule_state { SMK_RULE_RUNNING, SMK_RULE_COOLING, SMK_RULE_THROTTLED, SMK_RULE_FINISHED, SMK_RULE_BROKEN };

const char *smk_rule_state_name(enum smk_rule_state state);

struct smk_guard {
    uint64_t fired;    /* in all, those of earlier processes too */
    uint64_t *firings; /* the last `room` of them, a ring; room is the larger of window_most and day_most */
    uint64_t *matches; /* the last rule->count of them, a ring; NULL where each counts */
    uint32_t room, firing_count, firing_next;
    uint32_t match_count, match_next;
};

/* 0, or SMK_E_NOMEM. */
int smk_guard_init(struct smk_guard *guard, const struct smk_rule *rule);
void smk_guard_free(struct smk_guard *guard);

/* The condition held once more: true when `count N in TIME` is met; then it counts anew. */
bool smk_guard_match(struct smk_guard *guard, const struct smk_rule *rule, uint64_t now);

/* Whether it may fire now; `chance`: from 0 to 9,999. SMK_SUPPRESSED_NONE: it may. What others hold against it
 * (BUSY, DISK) is not asked here. */
enum smk_suppression smk_guard_judge(const struct smk_guard *guard, const struct smk_rule *rule, uint64_t now,
                                     uint32_t chance);

/* It fired. */
void smk_guard_fired(struct smk_guard *guard, uint64_t now);

/* Where it stands, and when it may fire again: 0: now, UINT64_MAX: never. */
enum smk_rule_state smk_guard_state(const struct smk_guard *guard, const struct smk_rule *rule, uint64_t now,
                                    uint64_t *again);

/* Firings within the rule's window, and within a day. */
uint32_t smk_guard_in_window(const struct smk_guard *guard, const struct smk_rule *rule, uint64_t now);
uint32_t smk_guard_in_day(const struct smk_guard *guard, uint64_t now);

#endif
