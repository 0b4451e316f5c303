/* rule_metrics.c: what rules have done, for /metrics. */
#include "base/sys.h"
#include "core/notable.h"
#include "rule_text.h"
#include "rules.h"

static void put_states(struct smk_text *text)
{
    uint64_t now = smk_sys_clock(CLOCK_REALTIME), again;
    smk_text_metric(text, "rule_state", "gauge", "1 for the state in which a rule is.");
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        enum smk_rule_state is =
            live->broken ? SMK_RULE_BROKEN : smk_guard_state(&live->guard, &live->rule, now, &again);
        for (unsigned state = 0; state <= SMK_RULE_BROKEN; state++)
            smk_text_say(text, "stallmark_rule_state{rule=\"%s\",state=\"%s\"} %d\n", live->rule.name,
                         smk_rule_state_name((enum smk_rule_state)state), is == state);
    }
}

static void put_counts(struct smk_text *text)
{
    smk_text_metric(text, "rule_matched_total", "counter", "Times that a rule's condition held.");
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        smk_text_say(text, "stallmark_rule_matched_total{rule=\"%s\"} %llu\n", live->rule.name,
                     (unsigned long long)live->matched);
    smk_text_metric(text, "rule_fired_total", "counter",
                    "Times that a rule fired, those of earlier processes in the ledger too.");
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        smk_text_say(text, "stallmark_rule_fired_total{rule=\"%s\"} %llu\n", live->rule.name,
                     (unsigned long long)live->guard.fired);
    smk_text_metric(text, "rule_suppressed_total", "counter",
                    "Times that a rule did not fire though it matched, by reason.");
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        for (unsigned why = SMK_SUPPRESSED_NONE + 1; why < SMK_SUPPRESSED_KINDS; why++)
            smk_text_say(text, "stallmark_rule_suppressed_total{rule=\"%s\",reason=\"%s\"} %llu\n", live->rule.name,
                         smk_suppression_name(why), (unsigned long long)live->suppressed[why]);
}

void smk_rules_metrics(struct smk_text *text)
{
    struct smk_ledger_stats ledger;
    smk_ledger_get_stats(&ledger);
    if (smk_rules_first()) {
        put_states(text);
        put_counts(text);
    }
    smk_text_metric(text, "rule_cases_missed_total", "counter",
                    "Slow cases for which rules had no room to hear of them.");
    smk_text_say(text, "stallmark_rule_cases_missed_total %llu\n", (unsigned long long)smk_notables_missed());
    smk_text_metric(text, "ledger_failures_total", "counter", "Lines that could not be written into the ledger.");
    smk_text_say(text, "stallmark_ledger_failures_total %llu\n", (unsigned long long)ledger.failed);
}
