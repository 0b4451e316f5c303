/* report_regions.c: what threads did in their regions, of a report: a second pass over the trace, where it has regions
 * at all; in words and in JSON. */
#include "analysis/json.h"
#include "analysis/report_state.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "format/tables.h"

#define SHOWN_STATES 4u
#define LEAST_MILLE  10u
#define JSON_PATHS   500u
#define PATH_WIDTH   48u

/* ---- the pass ------------------------------------------------------------------------------------------- */

struct pass {
    struct smk_report *report;
    uint64_t until; /* ns of CLOCK_MONOTONIC; 0: without end */
    bool too_long;
};

static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    (void)request;
    smk_region_states_event(&((struct pass *)arg)->report->region_states, event);
}

static void on_span(void *arg, const struct smk_span *span)
{
    smk_region_states_span(&((struct pass *)arg)->report->region_states, span);
}

static void on_gap(void *arg, const smk_gap *gap)
{
    smk_region_states_gap(&((struct pass *)arg)->report->region_states, gap);
}

static bool go_on(void *arg, uint64_t time)
{
    struct pass *pass = arg;
    (void)time;
    pass->too_long = pass->until && smk_sys_clock(CLOCK_MONOTONIC) > pass->until;
    return !pass->too_long;
}

static bool take_windows(struct smk_report *report)
{
    uint32_t count = report->info->processes;
    report->regions_from = smk_mem_new(&report->mem, count * sizeof(*report->regions_from));
    for (uint32_t i = 0; report->regions_from && i < count; i++)
        report->regions_from[i] = report->windows[i].from;
    return report->regions_from != NULL;
}

/* Where it takes too long, or too much memory, the report has no states of regions, and all else. */
void smk_report_region_states(struct smk_report *report, const struct smk_report_options *options, uint64_t begun)
{
    static const struct smk_timeline_calls calls = {
        .event = on_event, .span = on_span, .gap = on_gap, .go_on = go_on};
    struct pass pass = {.report = report, .until = options->max_ns ? begun + options->max_ns : 0};
    struct smk_timeline_options timeline = {.resize = options->resize,
                                            .resize_arg = options->resize_arg,
                                            .max_memory = options->max_memory / 4,
                                            .progress = options->progress,
                                            .progress_arg = options->progress_arg};
    if (report->regions.ended + report->regions.open == 0 || !take_windows(report))
        return;
    smk_mem_init(&report->regions_mem, options->resize, options->resize_arg, options->max_memory / 4);
    smk_region_states_init(&report->region_states, &report->regions_mem);
    report->region_states.from = report->regions_from;
    bool whole = smk_timeline_run(report->trace, &timeline, &calls, &pass) == 0 && !pass.too_long &&
                 smk_region_states_finish(&report->region_states) && smk_mem_failed(&report->regions_mem) == 0;
    if (!whole)
        smk_region_states_free(&report->region_states);
    smk_error_clear();
}

/* ---- text ----------------------------------------------------------------------------------------------- */

static uint64_t sum_of(const uint64_t does[SMK_DOES_COUNT])
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SMK_DOES_COUNT; i++)
        sum += does[i];
    return sum;
}

/* "lock 61 %, running 30 %, disk 8.2 %": those that took most. */
static void say_states(struct smk_words *words, const uint64_t does[SMK_DOES_COUNT])
{
    uint64_t left[SMK_DOES_COUNT], all = sum_of(does);
    char text[SMK_UNIT_MAX];
    memcpy(left, does, sizeof(left));
    for (unsigned shown = 0; shown < SHOWN_STATES; shown++) {
        unsigned most = 0;
        for (unsigned i = 1; i < SMK_DOES_COUNT; i++)
            if (left[i] > left[most])
                most = i;
        uint32_t mille = smk_per_mille(left[most], all);
        if (left[most] == 0 || (shown && mille < LEAST_MILLE))
            return;
        smk_words_say(words, "%s%s %s", shown ? ", " : "", smk_does_name(most), smk_words_mille(text, mille));
        left[most] = 0;
    }
}

static void say_path(const struct smk_report *report, struct smk_words *words, uint32_t path)
{
    const struct smk_region_states *states = &report->region_states;
    uint32_t sites[SMK_REGION_DEPTH], count = smk_region_path_sites(states, path, sites, SMK_REGION_DEPTH);
    char name[SMK_NAME_MAX], joined[2 * SMK_NAME_MAX] = "", text[SMK_UNIT_MAX];
    size_t len = 0;
    for (uint32_t i = 0; i < count && len < SMK_NAME_MAX; i++) {
        smk_name_of_site(name, report->trace, sites[i]);
        len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%s%.64s", i ? " / " : "", name);
    }
    smk_words_name_cut(words, joined, PATH_WIDTH);
    smk_words_right(words, PATH_WIDTH + 10, smk_words_ns(text, states->paths[path].whole_ns));
    smk_words_right(words, PATH_WIDTH + 20, smk_words_ns(text, states->paths[path].own_ns));
    smk_words_say(words, "   ");
    say_states(words, states->paths[path].whole);
    smk_words_say(words, "\n");
}

void smk_report_region_states_text(const struct smk_report *report, struct smk_words *words)
{
    const struct smk_region_states *states = &report->region_states;
    uint32_t shown = smk_min_u64(states->count, 2 * report->top);
    if (!shown)
        return;
    smk_words_say(words, "\nregion paths");
    smk_words_right(words, PATH_WIDTH + 10, "total");
    smk_words_right(words, PATH_WIDTH + 20, "own");
    smk_words_say(words, "   what its threads did\n");
    for (uint32_t i = 0; i < shown; i++)
        say_path(report, words, states->by_time[i].path);
    if (states->count > shown)
        smk_words_say(words, "and %u more\n", states->count - shown);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void put_states(struct smk_json_text *json, const char *key, const uint64_t does[SMK_DOES_COUNT])
{
    smk_put_json_object(json, key);
    for (unsigned i = 0; i < SMK_DOES_COUNT; i++)
        if (does[i])
            smk_put_json_number(json, smk_does_name(i), does[i]);
    smk_put_json_object_end(json);
}

void smk_report_region_json(const struct smk_report *report, struct smk_json_text *json,
                            const struct smk_region_stats *region)
{
    uint64_t does[SMK_DOES_COUNT];
    if (region->of_request)
        return;
    smk_region_states_of(&report->region_states, region->site, does);
    put_states(json, "states_ns", does);
}

void smk_report_region_states_json(const struct smk_report *report, struct smk_json_text *json)
{
    const struct smk_region_states *states = &report->region_states;
    char name[SMK_NAME_MAX];
    uint32_t sites[SMK_REGION_DEPTH];
    smk_put_json_array(json, "region_paths");
    for (uint32_t i = 0; i < states->count && i < JSON_PATHS; i++) {
        const struct smk_region_path *path = &states->paths[states->by_time[i].path];
        uint32_t count = smk_region_path_sites(states, states->by_time[i].path, sites, SMK_REGION_DEPTH);
        smk_put_json_object(json, NULL);
        smk_put_json_array(json, "path");
        for (uint32_t k = 0; k < count; k++) {
            smk_name_of_site(name, report->trace, sites[k]);
            smk_put_json_string(json, NULL, name);
        }
        smk_put_json_array_end(json);
        smk_put_json_number(json, "times", path->times);
        smk_put_json_number(json, "total_ns", path->whole_ns);
        smk_put_json_number(json, "own_ns", path->own_ns);
        put_states(json, "states_ns", path->whole);
        put_states(json, "own_states_ns", path->own);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}
