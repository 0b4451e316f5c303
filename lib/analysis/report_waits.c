/* report_waits.c: a report's words about what threads waited for besides locks: by call, with the functions that
 * waited, for what, and who woke them. What is idle, a loop or a worker that waits for work, stands apart: it is
 * no reason for anything. */
#include "analysis/json.h"
#include "analysis/report_state.h"
#include "analysis/wait_functions.h"

#include <stdio.h>

#include "format/events.h"

#define WIDTH     24u /* of the names of calls */
#define COLUMN    11u
#define PLACES    3u  /* functions of a call */
#define LEAST_MILLE 50u /* of a call's time, for a second function to be shown */
#define JSON_MAX  100u
#define JSON_PLACES 10u

/* The name of a condition or semaphore: given, or that of the static object; false: it has none. */
static bool name_object(char name[SMK_NAME_MAX], const struct smk_report *report, uint32_t process, uint64_t address)
{
    struct smk_object object;
    const char *given = smk_trace_process_lock_name(report->trace, process, address);
    if (given && given[0]) {
        snprintf(name, SMK_NAME_MAX, "%.500s", given);
        return true;
    }
    if (!smk_symbols_object(report->symbols, process, address, &object))
        return false;
    if (object.offset)
        snprintf(name, SMK_NAME_MAX, "%.480s+0x%llx", object.name, (unsigned long long)object.offset);
    else
        snprintf(name, SMK_NAME_MAX, "%.500s", object.name);
    return true;
}

/* What was waited for most; false: nothing says it. */
static bool name_thing(char name[SMK_NAME_MAX], const struct smk_report *report,
                       const struct smk_wait_function *function)
{
    const char *what = function->thing_what ? smk_trace_string(report->trace, function->thing_what) : NULL;
    if (what && what[0]) {
        snprintf(name, SMK_NAME_MAX, "%.500s", what);
        return true;
    }
    if (function->thing_object == 0)
        return false;
    if (!name_object(name, report, function->most.process, function->thing_object))
        snprintf(name, SMK_NAME_MAX, "0x%llx", (unsigned long long)function->thing_object);
    return true;
}

static bool name_waker(char name[SMK_NAME_MAX], const struct smk_report *report,
                       const struct smk_wait_function *function)
{
    const struct smk_wait_place *most = &function->most;
    if (most->waker == 0)
        return false;
    smk_name_of_tid(name, report->trace, most->process, most->waker, most->max_begin + most->max);
    return true;
}

/* ---- text ----------------------------------------------------------------------------------------------- */

static void right(struct smk_words *words, unsigned column, const char *text)
{
    smk_words_right(words, WIDTH + COLUMN * (column + 1), text);
}

void smk_report_thing_text(const struct smk_report *report, struct smk_words *words,
                           const struct smk_wait_function *function)
{
    char name[SMK_NAME_MAX];
    if (name_thing(name, report, function)) {
        smk_words_say(words, ", for ");
        smk_words_name_cut(words, name, 64);
        if (function->things > 1)
            smk_words_say(words, " and others");
    }
    if (name_waker(name, report, function)) {
        smk_words_say(words, "; the longest was ended by ");
        smk_words_name_cut(words, name, 40);
    }
}

/* "98 % in write_and_flush log.c:31, for audit.log". */
static void say_function(const struct smk_report *report, struct smk_words *words, const struct smk_call_sum *sum,
                         const struct smk_wait_function *function)
{
    char text[SMK_UNIT_MAX];
    const smk_stack_info *stack;
    uint32_t frame = 0;
    const struct smk_place *place = smk_report_own_place(report, function->stack, &stack, &frame);
    smk_words_right(words, 9, smk_words_mille(text, smk_per_mille(function->ns, sum->ns)));
    smk_words_say(words, " in ");
    if (place)
        smk_report_place_text(report, words, place);
    else
        smk_words_say(words, "a place unknown (no stack was taken)");
    smk_report_thing_text(report, words, function);
    smk_words_say(words, "\n");
    if (place)
        smk_report_callers_text(report, words, 13, stack, frame);
}

static void say_sum(const struct smk_report *report, struct smk_words *words, const struct smk_call_sum *sum)
{
    struct smk_wait_function functions[PLACES];
    const struct smk_call_waits *waits = &report->locks.others;
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    uint32_t index = (uint32_t)(sum - waits->sums);
    smk_report_sum_name(name, report, sum);
    smk_words_say(words, "%-7s ", smk_wait_kind_name(sum->kind));
    smk_words_name_cut(words, name, WIDTH - 8);
    right(words, 0, smk_words_count(text, sum->count));
    right(words, 1, smk_words_ns(text, sum->ns));
    right(words, 2, smk_words_ns(text, sum->ns / sum->count));
    right(words, 3, smk_words_ns(text, sum->max));
    right(words, 4, smk_words_count(text, sum->threads));
    smk_words_say(words, "\n");
    uint32_t count = smk_wait_functions(waits, report->symbols, index, false, functions, PLACES);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || smk_per_mille(functions[i].ns, sum->ns) >= LEAST_MILLE)
            say_function(report, words, sum, &functions[i]);
}

static void say_sums(const struct smk_report *report, struct smk_words *words, bool idle, const char *title)
{
    static const char *const names[] = {"times", "total", "mean", "max", "threads"};
    uint32_t shown = 0, all = report->calls_by_total ? report->locks.others.sum_count : 0;
    for (uint32_t i = 0; i < all && shown < report->top; i++) {
        const struct smk_call_sum *sum = report->calls_by_total[i];
        if (sum->idle != idle || sum->count == 0)
            continue;
        if (shown++ == 0) {
            smk_words_say(words, "\n%s", title);
            for (unsigned k = 0; k < SMK_ARRAY_LEN(names); k++)
                right(words, k, names[k]);
            smk_words_say(words, "%s\n", idle ? "   begun in no request: waiting for work" : "");
        }
        say_sum(report, words, sum);
    }
}

void smk_report_waits_text(const struct smk_report *report, struct smk_words *words)
{
    say_sums(report, words, false, "waits");
    say_sums(report, words, true, "idle waits");
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

void smk_report_wait_function_json(struct smk_json_text *json, const struct smk_report *report,
                                   const struct smk_wait_function *function)
{
    char name[SMK_NAME_MAX], date[SMK_UNIT_MAX];
    const struct smk_wait_place *most = &function->most;
    smk_put_json_object(json, NULL);
    smk_report_own_place_json(json, report, function->stack);
    smk_put_json_number(json, "ns", function->ns);
    smk_put_json_number(json, "count", function->count);
    smk_put_json_number(json, "max_ns", most->max);
    smk_put_json_string(json, "max_from", smk_words_date(date, smk_report_unix(report, most->max_begin)));
    smk_put_json_number(json, "max_from_ns", most->max_begin);
    smk_name_of_thread(name, report->trace, most->max_thread);
    smk_put_json_string(json, "max_thread", name);
    smk_put_json_string(json, "max_ended_by", name_waker(name, report, function) ? name : NULL);
    smk_put_json_string(json, "what", name_thing(name, report, function) ? name : NULL);
    smk_put_json_bool(json, "what_others", function->things > 1);
    smk_report_stack_json(json, "stack", report, function->stack);
    smk_put_json_object_end(json);
}

static void put_sum(struct smk_json_text *json, const struct smk_report *report, const struct smk_call_sum *sum)
{
    struct smk_wait_function functions[JSON_PLACES];
    const struct smk_call_waits *waits = &report->locks.others;
    char name[SMK_NAME_MAX];
    smk_name_of_call(name, report->trace, sum->call);
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "kind", smk_wait_kind_name(sum->kind));
    smk_put_json_string(json, "call", name);
    smk_put_json_bool(json, "idle", sum->idle);
    smk_put_json_bool(json, "answer", sum->answer);
    smk_put_json_number(json, "count", sum->count);
    smk_put_json_number(json, "total_ns", sum->ns);
    smk_put_json_number(json, "mean_ns", sum->ns / sum->count);
    smk_put_json_number(json, "max_ns", sum->max);
    smk_put_json_number(json, "threads", sum->threads);
    smk_put_json_array(json, "in");
    uint32_t index = (uint32_t)(sum - waits->sums);
    uint32_t count = smk_wait_functions(waits, report->symbols, index, false, functions, JSON_PLACES);
    for (uint32_t i = 0; i < count; i++)
        smk_report_wait_function_json(json, report, &functions[i]);
    smk_put_json_array_end(json);
    smk_put_json_object_end(json);
}

void smk_report_waits_json(const struct smk_report *report, struct smk_json_text *json)
{
    uint32_t all = report->calls_by_total ? report->locks.others.sum_count : 0;
    smk_put_json_array(json, "waits");
    for (uint32_t i = 0; i < all && i < JSON_MAX; i++)
        if (report->calls_by_total[i]->count)
            put_sum(json, report, report->calls_by_total[i]);
    smk_put_json_array_end(json);
}
