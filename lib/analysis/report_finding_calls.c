/* report_finding_calls.c: findings about waits in calls in a request's path (disk, sleep, memory), and about large
 * blocks that come and go, in words and in JSON. */
#include "analysis/json.h"
#include "analysis/report_state.h"
#include "analysis/wait_functions.h"

#include <string.h>

#include "format/events.h"

#define SHOWN       3u
#define LEAST_MILLE 50u
#define JSON_SHOWN  10u

static const struct smk_call_sum *sum_of(const struct smk_report *report, const struct smk_finding *finding)
{
    return &report->locks.others.sums[finding->sum];
}

static const char *certainty(const struct smk_report *report)
{
    return smk_report_incomplete(report) ? "at least" : "exact";
}

/* ---- waits ---------------------------------------------------------------------------------------------- */

static void say_function(const struct smk_report *report, struct smk_words *words, uint32_t number,
                         const struct smk_wait_function *function)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    const smk_stack_info *stack;
    uint32_t frame = 0;
    const struct smk_place *place = smk_report_own_place(report, function->stack, &stack, &frame);
    smk_report_label_text(words, number == 0 ? "Waiting in" : "");
    if (place)
        smk_report_place_text(report, words, place);
    else
        smk_words_say(words, "a place unknown (no stack was taken)");
    smk_words_to(words, SMK_FINDING_NOTE);
    smk_words_say(words, "%s x, %s", smk_words_count(a, function->count), smk_words_ns(b, function->ns));
    smk_report_thing_text(report, words, function);
    smk_words_say(words, "\n");
    if (place)
        smk_report_callers_text(report, words, SMK_FINDING_LABEL + 2, stack, frame);
}

static void say_longest(const struct smk_report *report, struct smk_words *words,
                        const struct smk_wait_function *function)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    const struct smk_wait_place *most = &function->most;
    smk_name_of_thread(name, report->trace, most->max_thread);
    smk_report_label_text(words, "Longest");
    smk_words_say(words, "from %s, %s, by ", smk_words_clock(a, smk_report_unix(report, most->max_begin)),
                  smk_words_ns(b, most->max));
    smk_words_name_cut(words, name, 32);
    if (most->max_request)
        smk_words_say(words, ", in request %llu",
                      (unsigned long long)smk_map_own(most->process, most->max_request));
    smk_words_say(words, "\n");
}

static bool writes(const char *call)
{
    static const char *const words[] = {"sync", "write", "put", "flush", "trunc", "alloc"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(words); i++)
        if (strstr(call, words[i]))
            return true;
    return false;
}

static const char *advice(const struct smk_finding *finding, const char *call)
{
    switch (finding->kind) {
    case SMK_FINDING_DISK:
        if (!writes(call))
            return "whether it can be kept in memory, or another thread can wait for the disk";
        return "whether the answer has to wait for it: another thread can write and flush, for many requests at once";
    case SMK_FINDING_SLEEP:
        return "what it waits for: a condition or a descriptor wakes when it is there, and no sooner or later";
    default:
        return "whether the memory can be kept for the next request, and not be given back";
    }
}

void smk_report_calls_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    const struct smk_call_sum *sum = sum_of(report, finding);
    struct smk_wait_function functions[SHOWN];
    char name[SMK_NAME_MAX], a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    uint64_t count = 0;
    uint32_t shown = smk_wait_functions(&report->locks.others, report->symbols, finding->sum, true, functions, SHOWN);
    for (uint32_t i = 0; i < finding->share_count; i++)
        count += finding->shares[i].waits;
    smk_name_of_call(name, report->trace, sum->call);
    smk_words_name_cut(words, name, 40);
    smk_report_slow_text(report, words, finding, NULL);
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "Requests waited %s %s for %s, %s together", smk_words_count(a, count),
                  count == 1 ? "time" : "times", smk_wait_kind_name(sum->kind), smk_words_ns(b, finding->cost));
    smk_words_say(words, ", %s on average.\n", smk_words_ns(a, count ? finding->cost / count : 0));
    if (finding->share_count > 1)
        smk_report_shares_text(report, words, finding, "Slowed", " waited for it");
    for (uint32_t i = 0; i < shown; i++)
        if (i == 0 || smk_per_mille(functions[i].ns, finding->cost) >= LEAST_MILLE)
            say_function(report, words, i, &functions[i]);
    if (shown)
        say_longest(report, words, &functions[0]);
    smk_report_label_text(words, "Look at");
    smk_words_say(words, "%s\n", advice(finding, name));
}

void smk_report_calls_json(const struct smk_report *report, struct smk_json_text *json,
                           const struct smk_finding *finding)
{
    const struct smk_call_sum *sum = sum_of(report, finding);
    struct smk_wait_function functions[JSON_SHOWN];
    char name[SMK_NAME_MAX];
    uint32_t shown =
        smk_wait_functions(&report->locks.others, report->symbols, finding->sum, true, functions, JSON_SHOWN);
    smk_put_json_string(json, "certainty", certainty(report));
    smk_put_json_number(json, "cost_ns", finding->cost);
    smk_name_of_call(name, report->trace, sum->call);
    smk_put_json_string(json, "call", name);
    smk_put_json_string(json, "wait_kind", smk_wait_kind_name(sum->kind));
    smk_report_shares_json(json, report, finding);
    smk_put_json_array(json, "waiting_in");
    for (uint32_t i = 0; i < shown; i++)
        smk_report_wait_function_json(json, report, &functions[i]);
    smk_put_json_array_end(json);
}

/* ---- blocks that come and go ---------------------------------------------------------------------------- */

void smk_report_churn_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    const struct smk_alloc_sum *sum = &report->memory.allocs[finding->alloc];
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    const smk_stack_info *stack;
    uint32_t frame = 0;
    const struct smk_place *place = smk_report_own_place(report, sum->stack, &stack, &frame);
    smk_words_say(words, "memory that is got and given back cost the CPU");
    smk_words_to(words, SMK_FINDING_FIGURE);
    smk_words_say(words, "%s in %s", smk_words_ns(a, finding->cost), smk_words_ns(b, report->to - report->from));
    smk_words_to(words, SMK_FINDING_CERTAINTY);
    smk_words_say(words, "estimated\n");
    smk_name_of_call(name, report->trace, sum->call);
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "%s blocks of %s on average lived for %s; ", smk_words_count(a, sum->count),
                  smk_words_bytes(b, sum->bytes / sum->count), smk_words_ns(c, sum->lived / sum->ended));
    smk_words_say(words, "the kernel makes and clears their pages each time.\n");
    smk_report_label_text(words, "Got in");
    if (place)
        smk_report_place_text(report, words, place);
    smk_words_to(words, SMK_FINDING_NOTE);
    smk_words_say(words, "by ");
    smk_words_name_cut(words, name, 32);
    smk_words_say(words, ", %s together\n", smk_words_bytes(a, sum->bytes));
    if (place)
        smk_report_callers_text(report, words, SMK_FINDING_LABEL + 2, stack, frame);
    smk_report_label_text(words, "Look at");
    smk_words_say(words, "keeping such blocks in a pool, or a threshold of the allocator (M_MMAP_THRESHOLD, "
                         "M_TRIM_THRESHOLD)\n");
}

void smk_report_churn_json(const struct smk_report *report, struct smk_json_text *json,
                           const struct smk_finding *finding)
{
    const struct smk_alloc_sum *sum = &report->memory.allocs[finding->alloc];
    char name[SMK_NAME_MAX];
    smk_put_json_string(json, "certainty", "estimated");
    smk_put_json_number(json, "cost_ns", finding->cost);
    smk_name_of_call(name, report->trace, sum->call);
    smk_put_json_string(json, "call", name);
    smk_report_own_place_json(json, report, sum->stack);
    smk_put_json_number(json, "blocks", sum->count);
    smk_put_json_number(json, "bytes", sum->bytes);
    smk_put_json_number(json, "lived_mean_ns", sum->lived / sum->ended);
    smk_report_stack_json(json, "stack", report, sum->stack);
}
