/* diff_sides.c: what the two sides are, and what each lacks, before anything is said about the difference. */
#include "analysis/diff_state.h"
#include "analysis/json.h"

#include <stdio.h>
#include <string.h>

#include "format/events.h"
#include "format/tables.h"

static const char *const side_names[2] = {"BEFORE", "AFTER"};

static const char *not_whole(const smk_trace_info *info)
{
    if (!info->from_start)
        return info->to_end ? "its beginning is missing" : "its beginning and its end are missing";
    return info->to_end ? "it is damaged" : "its end is missing";
}

static void say_side(const struct smk_diff *diff, struct smk_words *words, unsigned side)
{
    const struct smk_report *report = diff->report[side];
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
    uint64_t requests = report->latency.ended;
    smk_words_say(words, "%-8s", side_names[side]);
    smk_words_name_cut(words, smk_program_of(smk_trace_process_at(report->trace, 0)), 40);
    if (report->info->processes > 1)
        smk_words_say(words, ", %u processes", report->info->processes);
    else
        smk_words_say(words, "[%u]", smk_trace_process_at(report->trace, 0)->pid);
    smk_words_say(words, "  %s  %s", smk_words_date(a, smk_report_unix(report, report->from)),
                  smk_words_ns(b, smk_diff_length(diff, side)));
    smk_words_say(words, "   %s %s", smk_words_count(a, requests), requests == 1 ? "request" : "requests");
    uint64_t rate = smk_diff_a_second(diff, side, requests) / 1000;
    smk_words_say(words, ", %s a second   %u %s\n", smk_words_count(c, rate), report->findings.count,
                  report->findings.count == 1 ? "finding" : "findings");
}

static void say_missing_lines(struct smk_words *words, unsigned side, const char *missing)
{
    while (missing && *missing) {
        char line[256];
        size_t len = strcspn(missing, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)smk_min_u64(len, sizeof(line) - 1), missing);
        smk_words_say(words, "%s did not see: ", side_names[side]);
        smk_words_name(words, line);
        smk_words_say(words, "\n");
        missing += len + (missing[len] == '\n');
    }
}

static void say_lacks(const struct smk_diff *diff, struct smk_words *words, unsigned side)
{
    const struct smk_report *report = diff->report[side];
    const struct smk_report *other = diff->report[1 - side];
    char text[SMK_UNIT_MAX];
    if (report->info->lost)
        smk_words_say(words, "%s lost %s events: its counts and times are at least so much.\n", side_names[side],
                      smk_words_count(text, report->info->lost));
    if (!report->info->complete)
        smk_words_say(words, "%s is not whole: %s.\n", side_names[side], not_whole(report->info));
    for (uint32_t bit = 1; bit && bit <= report->info->categories; bit <<= 1)
        for (uint32_t i = 0; i < report->gaps.count; i++)
            if (report->gaps.array[i].category == bit) {
                smk_words_say(words, "%s did not record %s all the time: nothing is claimed about it.\n",
                              side_names[side], smk_category_name(bit));
                break;
            }
    for (uint32_t bit = 1; bit && bit <= other->info->categories; bit <<= 1)
        if ((other->info->categories & bit) && !(report->info->categories & bit))
            smk_words_say(words, "%s did not record %s, %s did: nothing is said about it.\n", side_names[side],
                          smk_category_name(bit), side_names[1 - side]);
    if (strcmp(smk_report_scheduler(report), "not recorded") == 0)
        smk_words_say(words, "%s has no scheduler source: nothing is said about ready time.\n", side_names[side]);
    say_missing_lines(words, side, smk_trace_fact(report->trace, SMK_FACT_MISSING));
}

void smk_diff_sides_text(const struct smk_diff *diff, struct smk_words *words)
{
    say_side(diff, words, 0);
    say_side(diff, words, 1);
    say_lacks(diff, words, 0);
    say_lacks(diff, words, 1);
    const char *before = smk_report_scheduler(diff->report[0]), *after = smk_report_scheduler(diff->report[1]);
    if (strcmp(before, after) != 0)
        smk_words_say(words, "Their scheduler sources differ: ready times are not of one kind.\n");
    if (strcmp(smk_program_of(smk_trace_process_at(diff->report[0]->trace, 0)),
               smk_program_of(smk_trace_process_at(diff->report[1]->trace, 0))) != 0)
        smk_words_say(words, "They are of two programs.\n");
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

static void put_side(const struct smk_diff *diff, struct smk_json_text *json, unsigned side)
{
    const struct smk_report *report = diff->report[side];
    char date[SMK_UNIT_MAX];
    smk_put_json_object(json, side ? "after" : "before");
    smk_put_json_string(json, "program", smk_program_of(smk_trace_process_at(report->trace, 0)));
    smk_put_json_number(json, "processes", report->info->processes);
    smk_put_json_string(json, "from", smk_words_date(date, smk_report_unix(report, report->from)));
    smk_put_json_number(json, "length_ns", smk_diff_length(diff, side));
    smk_put_json_number(json, "requests", report->latency.ended);
    smk_put_json_number(json, "findings", report->findings.count);
    smk_put_json_number(json, "events_lost", report->info->lost);
    smk_put_json_bool(json, "complete", report->info->complete);
    smk_put_json_number(json, "gaps", report->gaps.count);
    smk_put_json_string(json, "scheduler", smk_report_scheduler(report));
    smk_put_json_string(json, "missing", smk_trace_fact(report->trace, SMK_FACT_MISSING));
    smk_put_json_object_end(json);
}

void smk_diff_sides_json(const struct smk_diff *diff, struct smk_json_text *json)
{
    put_side(diff, json, 0);
    put_side(diff, json, 1);
}
