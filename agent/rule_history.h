/* rule_history.h: how long requests and waits took in the last hours, minute by minute, so that a rule can be tried
 * on what has been. Kept while anything records, whether there are rules or not. The control loop's.
 *
 * Bounded by the setting rule_history: the oldest minutes go first.
 */
#ifndef SMK_AGENT_RULE_HISTORY_H
#define SMK_AGENT_RULE_HISTORY_H

#include "rule.h"

#define SMK_HISTORY_MINUTES 1440u

void smk_history_begin(void);
void smk_history_end(void);
void smk_history_reset_in_child(void);
/* Closes a minute now; for tests. */
void smk_history_note(uint64_t now_unix_ns);

struct smk_backtest {
    bool known;               /* false: nothing is kept that would say */
    uint64_t from_unix_ns, to_unix_ns; /* of what there was to look at */
    uint32_t minutes;
    uint64_t requests;        /* or waits, that were looked at */
    uint64_t least, most;     /* of them matched: latencies are kept to an eighth */
    uint32_t fires;           /* with all its guard rails, had it been set then; estimated from `least` */
};

/* How often it would have matched and fired in the last `ns`. */
void smk_history_backtest(const struct smk_rule *rule, uint64_t ns, struct smk_backtest *result);

struct smk_history_stats {
    uint64_t bytes, bytes_max;
    uint32_t minutes;
};
void smk_history_get_stats(struct smk_history_stats *stats);

#endif
