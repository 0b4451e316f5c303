/* A report's words about callbacks that the program names, and about loops that were seen held. */
#include "analysis/json.h"
#include "analysis/report_state.h"
#include "format/events.h"

#define WIDTH    28u
#define COLUMN   11u
#define INDENT   3u
#define THREAD   17u /* behind the time */
#define WORTH_SAYING 1000000u /* ns: no callback took so long, or began so late: nothing is said of them */

static const char *const hows[] = {[SMK_STALL_WAITS] = "waits", [SMK_STALL_SAMPLED] = "runs, sampled",
                                   [SMK_STALL_NAMED] = "runs"};

static const char *how_name(uint32_t how) { return how < SMK_ARRAY_LEN(hows) ? hows[how] : "unknown"; }

/* ---- text ------------------------------------------------------------------------------------------------ */

static bool is_worth_saying(const struct smk_callback_row *row)
{
    return row->took.max >= WORTH_SAYING || row->late.max >= WORTH_SAYING || row->ready_max >= WORTH_SAYING;
}

static void say_callback(const struct smk_report *report, struct smk_words *words, const struct smk_callback_row *row)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    struct smk_dist late = row->late;
    smk_name_of_site(name, report->trace, row->site);
    smk_words_name_cut(words, name, WIDTH - 2);
    smk_words_right(words, WIDTH + COLUMN, smk_words_count(text, row->took.count));
    smk_words_right(words, WIDTH + 2 * COLUMN, smk_words_ns(text, row->took.total));
    smk_words_right(words, WIDTH + 3 * COLUMN, smk_words_ns(text, row->took.max));
    smk_words_right(words, WIDTH + 4 * COLUMN, smk_words_ns(text, row->ready_max));
    if (late.count) {
        smk_words_right(words, WIDTH + 5 * COLUMN, smk_words_ns(text, smk_dist_quantile(&late, 500)));
        smk_words_right(words, WIDTH + 6 * COLUMN, smk_words_ns(text, late.max));
    }
    smk_words_say(words, "\n");
}

static void say_callbacks(const struct smk_report *report, struct smk_words *words)
{
    static const char *const names[] = {"times", "total", "max", "lay ready", "late, p50", "late, max"};
    uint32_t shown = 0, more = 0;
    for (uint32_t i = 0; i < report->callbacks.count; i++) {
        if (!is_worth_saying(&report->callbacks.rows[i]))
            continue;
        if (shown == 2 * report->top) {
            more++;
            continue;
        }
        if (shown++ == 0) {
            smk_words_say(words, "\ncallbacks");
            for (unsigned n = 0; n < SMK_ARRAY_LEN(names); n++)
                smk_words_right(words, WIDTH + COLUMN * (n + 1), names[n]);
            smk_words_say(words, "   (that took 20 us or began 1 ms late; late: timers)\n");
        }
        say_callback(report, words, &report->callbacks.rows[i]);
    }
    if (more)
        smk_words_say(words, "and %u more\n", more);
}

static void say_stall(const struct smk_report *report, struct smk_words *words, const struct smk_stall_seen *stall)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    const smk_stack_info *stack = stall->stack ? smk_trace_stack(report->trace, stall->stack) : NULL;
    uint32_t frame = stack ? smk_symbols_own_frame(report->symbols, stack) : 0;
    smk_words_to(words, INDENT);
    smk_words_say(words, "%s", smk_words_clock(text, smk_report_unix(report, stall->time)));
    smk_words_to(words, THREAD);
    smk_name_of_tid(name, report->trace, stall->process, stall->tid, stall->time);
    smk_words_name_cut(words, name, 24);
    smk_words_say(words, " for %s until then", smk_words_ns(text, stall->since));
    if (stall->site) {
        smk_name_of_site(name, report->trace, stall->site);
        smk_words_say(words, ", in ");
        smk_words_name_cut(words, name, 40);
    }
    smk_words_say(words, ", it %s", how_name(stall->how));
    const struct smk_place *place = stack && stack->depth ? smk_symbols_frame(report->symbols, stack,
                                                                              frame < stack->depth ? frame : 0) : NULL;
    if (place) {
        smk_words_say(words, " in ");
        smk_words_name_cut(words, place->function, 40);
    }
    smk_words_say(words, "\n");
}

/* The last ones, oldest first. */
static void say_stalls(const struct smk_report *report, struct smk_words *words)
{
    char text[SMK_UNIT_MAX];
    const struct smk_callbacks *callbacks = &report->callbacks;
    uint64_t shown = smk_min_u64(smk_min_u64(callbacks->stall_count, SMK_STALLS_KEPT), report->top);
    if (shown == 0)
        return;
    smk_words_say(words, "\nloops seen held %s %s while it lasted\n", smk_words_count(text, callbacks->stall_count),
                  callbacks->stall_count == 1 ? "time" : "times");
    for (uint64_t i = callbacks->stall_count - shown; i < callbacks->stall_count; i++)
        say_stall(report, words, &callbacks->stalls[i % SMK_STALLS_KEPT]);
}

void smk_report_callbacks_text(const struct smk_report *report, struct smk_words *words)
{
    say_callbacks(report, words);
    say_stalls(report, words);
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

static void put_callback(struct smk_json_text *json, const struct smk_report *report,
                         const struct smk_callback_row *row)
{
    char name[SMK_NAME_MAX];
    struct smk_dist took = row->took, late = row->late;
    smk_put_json_object(json, NULL);
    smk_name_of_site(name, report->trace, row->site);
    smk_put_json_string(json, "callback", name);
    smk_put_json_number(json, "times", took.count);
    smk_put_json_number(json, "total_ns", took.total);
    smk_put_json_number(json, "p99_ns", smk_dist_quantile(&took, 990));
    smk_put_json_number(json, "max_ns", took.max);
    smk_put_json_number(json, "lay_ready_max_ns", row->ready_max);
    smk_put_json_number(json, "timers", late.count);
    smk_put_json_number(json, "late_p50_ns", smk_dist_quantile(&late, 500));
    smk_put_json_number(json, "late_p99_ns", smk_dist_quantile(&late, 990));
    smk_put_json_number(json, "late_max_ns", late.max);
    smk_put_json_object_end(json);
}

static void put_stall(struct smk_json_text *json, const struct smk_report *report, const struct smk_stall_seen *stall)
{
    char name[SMK_NAME_MAX], date[SMK_UNIT_MAX];
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "at", smk_words_date(date, smk_report_unix(report, stall->time)));
    smk_put_json_number(json, "held_ns", stall->since);
    smk_name_of_tid(name, report->trace, stall->process, stall->tid, stall->time);
    smk_put_json_string(json, "thread", name);
    if (stall->site)
        smk_name_of_site(name, report->trace, stall->site);
    smk_put_json_string(json, "callback", stall->site ? name : NULL);
    smk_put_json_string(json, "it", how_name(stall->how));
    smk_report_stack_json(json, "stack", report, stall->stack);
    smk_put_json_object_end(json);
}

void smk_report_callbacks_json(const struct smk_report *report, struct smk_json_text *json)
{
    const struct smk_callbacks *callbacks = &report->callbacks;
    uint64_t kept = smk_min_u64(callbacks->stall_count, SMK_STALLS_KEPT);
    smk_put_json_array(json, "callbacks");
    for (uint32_t i = 0; i < callbacks->count; i++)
        put_callback(json, report, &callbacks->rows[i]);
    smk_put_json_array_end(json);
    smk_put_json_number(json, "loop_stalls_seen", callbacks->stall_count);
    smk_put_json_array(json, "loop_stalls");
    for (uint64_t i = callbacks->stall_count - kept; i < callbacks->stall_count; i++)
        put_stall(json, report, &callbacks->stalls[i % SMK_STALLS_KEPT]);
    smk_put_json_array_end(json);
}
