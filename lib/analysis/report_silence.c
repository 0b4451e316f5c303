/* report_silence.c: what a report says where it has no finding: what was seen all the same, what may have been
 * missed, and how to catch what did not happen meanwhile. */
#include "analysis/report_state.h"

#include <string.h>

#include "format/tables.h"

/* A latency that none of these requests had, and that a reader remembers: three times p99, up to 1, 2, 4 or 8 and
 * noughts. */
static uint64_t slow_ms(struct smk_dist *all)
{
    uint64_t least = smk_max_u64(3 * smk_dist_quantile(all, 990), all->max) / 1000000, step = 1;
    while (step < UINT64_MAX / 80) {
        for (uint64_t n = 1; n <= 8; n *= 2)
            if (n * step > least)
                return n * step;
        step *= 10;
    }
    return step;
}

/* "; not seen: io_uring, and 2 more": the first sentence, up to its colon, of what was unavailable. */
static void say_not_seen(const struct smk_report *report, struct smk_words *words)
{
    const char *missing = smk_trace_fact(report->trace, SMK_FACT_MISSING);
    char line[64];
    uint32_t count = 0;
    for (; missing && *missing; count++) {
        size_t len = strcspn(missing, "\n"), cut = smk_min_u64(strcspn(missing, ":\n"), sizeof(line) - 1);
        if (count == 0) {
            memcpy(line, missing, cut);
            line[cut] = '\0';
        }
        missing += len + (missing[len] == '\n');
    }
    if (count == 0)
        return;
    smk_words_say(words, "; not seen: ");
    smk_words_name_cut(words, line, sizeof(line));
    if (count > 1)
        smk_words_say(words, ", and %u more", count - 1);
}

/* What threads waited for, and how much of it because there was nothing to do. */
static void say_waited(const struct smk_report *report, struct smk_words *words)
{
    const struct smk_call_waits *others = &report->locks.others;
    uint64_t count = 0, ns = 0, idle = 0;
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    for (uint32_t i = 0; i < others->sum_count; i++) {
        count += others->sums[i].count;
        ns += others->sums[i].idle ? 0 : others->sums[i].ns;
        idle += others->sums[i].idle ? others->sums[i].ns : 0;
    }
    smk_words_say(words, "; %s waits for locks, %s together", smk_words_count(a, report->locks.total_waits),
                  smk_words_ns(b, report->locks.total_ns));
    if (count == 0)
        return;
    smk_words_say(words, "; %s others, %s", smk_words_count(a, count), smk_words_ns(b, ns));
    smk_words_say(words, " and %s idle", smk_words_ns(a, idle));
}

void smk_report_no_findings_text(const struct smk_report *report, struct smk_words *words)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
    struct smk_dist all = report->latency.all; /* the values are its own; they only get sorted */
    smk_words_say(words, "\nno findings: ");
    if (report->events == 0 && report->locks.total_waits == 0) {
        smk_words_say(words, "nothing happened: no event was recorded. What threads had already begun to wait "
                             "for when the recording began is seen only by the flight recorder.\n");
        return;
    }
    if (all.count)
        smk_words_say(words, "%s %s, p50 %s, p99 %s", smk_words_count(a, all.count),
                      all.count == 1 ? "request" : "requests", smk_words_ns(b, smk_dist_quantile(&all, 500)),
                      smk_words_ns(c, smk_dist_quantile(&all, 990)));
    else
        smk_words_say(words, "no requests were seen");
    if (all.count)
        smk_words_say(words, ", max %s", smk_words_ns(a, all.max));
    say_waited(report, words);
    smk_words_say(words, "; %s",
                  report->info->lost              ? "events were lost"
                  : report->gaps.count            ? "not all was recorded"
                  : smk_report_incomplete(report) ? "the file is not whole"
                                                  : "nothing lost");
    say_not_seen(report, words);
    smk_words_say(words, ".\n");
    uint64_t pid = smk_report_fact(report, SMK_FACT_PID);
    if (all.count && pid)
        smk_words_say(words, "To catch a slow one: stallmark rules %llu add 'when request > %llums'\n",
                      (unsigned long long)pid, (unsigned long long)slow_ms(&all));
}
