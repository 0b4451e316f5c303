/* report_finding_pool.c: a pool whose workers all wait while requests queue, and threads that are woken for nothing,
 * in words and in JSON. */
#include "analysis/json.h"
#include "analysis/report_state.h"
#include "analysis/wait_functions.h"

#include <stdio.h>

#include "format/events.h"

/* ---- pool ----------------------------------------------------------------------------------------------- */

static const struct smk_pool_wait *most_waited(const struct smk_pool *pool)
{
    const struct smk_pool_wait *most = NULL;
    for (uint32_t i = 0; i < pool->wait_count; i++)
        if (!most || pool->waits[i].ns > most->ns)
            most = &pool->waits[i];
    return most;
}

/* "net recv", "lock cart_lock". */
static void name_wait(char name[SMK_NAME_MAX], const struct smk_report *report, const struct smk_pool_wait *wait)
{
    char what[SMK_NAME_MAX];
    const char *kind = "lock";
    if (wait->is_lock) {
        smk_name_of_lock(what, report->symbols, &report->locks.array[wait->id]);
    } else {
        smk_name_of_call(what, report->trace, report->locks.others.sums[wait->id].call);
        kind = smk_wait_kind_name(report->locks.others.sums[wait->id].kind);
    }
    snprintf(name, SMK_NAME_MAX, "%s %.480s", kind, what);
}

static uint32_t stack_of(const struct smk_report *report, const struct smk_pool_wait *wait)
{
    struct smk_wait_function most;
    if (!wait || wait->is_lock)
        return 0;
    return smk_wait_functions(&report->locks.others, report->symbols, wait->id, true, &most, 1) ? most.stack : 0;
}

static void say_workers(const struct smk_report *report, struct smk_words *words, const struct smk_pool *pool)
{
    const struct smk_pool_wait *most = most_waited(pool);
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    const smk_stack_info *stack;
    uint32_t frame = 0;
    const struct smk_place *place = smk_report_own_place(report, stack_of(report, most), &stack, &frame);
    if (!most)
        return;
    name_wait(name, report, most);
    smk_report_label_text(words, "Waiting in");
    if (place)
        smk_report_place_text(report, words, place);
    smk_words_to(words, SMK_FINDING_NOTE);
    smk_words_say(words, "mostly for ");
    smk_words_name_cut(words, name, 48);
    smk_words_say(words, ", %s in all\n", smk_words_ns(text, most->ns));
    if (place)
        smk_report_callers_text(report, words, SMK_FINDING_LABEL + 2, stack, frame);
}

void smk_report_pool_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    const struct smk_pool *pool = &report->pools.array[finding->pool];
    char name[SMK_NAME_MAX], a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX], d[SMK_UNIT_MAX];
    smk_words_say(words, "the queue of ");
    smk_name_of_site(name, report->trace, pool->site);
    smk_words_name_cut(words, name, 24);
    smk_report_slow_text(report, words, finding, NULL);
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "%s requests stood in it, %s on average, %s at most, %s together.\n",
                  smk_words_count(a, pool->count), smk_words_ns(b, pool->queued / pool->count),
                  smk_words_ns(c, pool->max), smk_words_ns(d, pool->queued));
    smk_words_to(words, SMK_FINDING_INDENT);
    if (pool->workers == 1)
        smk_words_say(words, "Meanwhile its worker was");
    else
        smk_words_say(words, "Meanwhile its %s workers were", smk_words_count(c, pool->workers));
    smk_words_say(words, " busy for %s of the time, and waited for %s of that.\n",
                  smk_words_mille(a, smk_per_mille(pool->busy, pool->lasted * pool->workers)),
                  smk_words_mille(b, smk_per_mille(pool->waited, pool->busy)));
    if (finding->share_count > 1)
        smk_report_shares_text(report, words, finding, "Slowed", " waited for it");
    say_workers(report, words, pool);
    smk_report_label_text(words, "Longest");
    smk_words_say(words, "from %s, %s, request %llu\n", smk_words_clock(a, smk_report_unix(report, pool->max_begin)),
                  smk_words_ns(b, pool->max), (unsigned long long)pool->max_request);
    smk_report_label_text(words, "Look at");
    smk_words_say(words, "what they wait for, and whether more than %u may wait for it at once\n", pool->workers);
}

void smk_report_pool_json(const struct smk_report *report, struct smk_json_text *json,
                          const struct smk_finding *finding)
{
    const struct smk_pool *pool = &report->pools.array[finding->pool];
    const struct smk_pool_wait *most = most_waited(pool);
    char name[SMK_NAME_MAX], date[SMK_UNIT_MAX];
    smk_put_json_string(json, "certainty", smk_report_incomplete(report) ? "at least" : "exact");
    smk_put_json_number(json, "cost_ns", finding->cost);
    smk_name_of_site(name, report->trace, pool->site);
    smk_put_json_string(json, "queue", name);
    smk_put_json_number(json, "workers", pool->workers);
    smk_put_json_number(json, "requests", pool->count);
    smk_put_json_number(json, "max_ns", pool->max);
    smk_put_json_string(json, "max_from", smk_words_date(date, smk_report_unix(report, pool->max_begin)));
    smk_put_json_number(json, "lasted_ns", pool->lasted);
    smk_put_json_mille(json, "busy", smk_per_mille(pool->busy, pool->lasted * pool->workers));
    smk_put_json_mille(json, "waited", smk_per_mille(pool->waited, pool->busy));
    if (most)
        name_wait(name, report, most);
    smk_put_json_string(json, "mostly", most ? name : NULL);
    smk_report_shares_json(json, report, finding);
    smk_report_own_place_json(json, report, stack_of(report, most));
}

/* ---- herd ----------------------------------------------------------------------------------------------- */

static void say_place(const struct smk_report *report, struct smk_words *words, const char *label, uint32_t id)
{
    const smk_stack_info *stack;
    uint32_t frame = 0;
    const struct smk_place *place = smk_report_own_place(report, id, &stack, &frame);
    smk_report_label_text(words, label);
    if (place)
        smk_report_place_text(report, words, place);
    else
        smk_words_say(words, "a place unknown (no stack was taken)");
}

static void name_condition(char name[SMK_NAME_MAX], const struct smk_report *report, const struct smk_herd *herd)
{
    struct smk_object object;
    if (smk_symbols_object(report->symbols, herd->process, herd->object, &object) && object.offset == 0)
        snprintf(name, SMK_NAME_MAX, "%.500s", object.name);
    else
        snprintf(name, SMK_NAME_MAX, "0x%llx", (unsigned long long)herd->object);
}

void smk_report_herd_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    const struct smk_herd *herd = &report->herds.array[finding->herd];
    char name[SMK_NAME_MAX], a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
    name_condition(name, report, herd);
    smk_words_say(words, "condition ");
    smk_words_name_cut(words, name, 26);
    smk_words_say(words, " wakes threads for nothing");
    smk_words_to(words, SMK_FINDING_FIGURE);
    smk_words_say(words, "%s in %s", smk_words_ns(a, finding->cost), smk_words_ns(b, report->to - report->from));
    smk_words_to(words, SMK_FINDING_CERTAINTY);
    smk_words_say(words, "estimated\n");
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "%s wakes of up to %s threads ended %s waits, ",
                  smk_words_count(a, herd->wake_count), smk_words_count(b, herd->most_waiters),
                  smk_words_count(c, herd->woken));
    smk_words_say(words, "of which %s (%s) began again at once.\n", smk_words_count(a, herd->useless),
                  smk_words_mille(b, smk_per_mille(herd->useless, herd->woken)));
    say_place(report, words, "Waiting in", herd->wait_stack);
    smk_words_say(words, "\n");
    say_place(report, words, "Woken in", herd->wake_stack);
    smk_name_of_thread(name, report->trace, herd->waker);
    smk_words_to(words, SMK_FINDING_NOTE);
    smk_words_say(words, "by ");
    smk_words_name_cut(words, name, 32);
    smk_words_say(words, "\n");
    smk_report_label_text(words, "When");
    smk_words_say(words, "from %s to %s\n", smk_words_clock(a, smk_report_unix(report, herd->first)),
                  smk_words_clock(b, smk_report_unix(report, herd->last)));
    smk_report_label_text(words, "Look at");
    smk_words_say(words, "waking one (pthread_cond_signal) for each thing there is to do\n");
}

void smk_report_herd_json(const struct smk_report *report, struct smk_json_text *json,
                          const struct smk_finding *finding)
{
    const struct smk_herd *herd = &report->herds.array[finding->herd];
    char name[SMK_NAME_MAX], date[SMK_UNIT_MAX];
    smk_put_json_string(json, "certainty", "estimated");
    smk_put_json_number(json, "cost_ns", finding->cost);
    name_condition(name, report, herd);
    smk_put_json_string(json, "condition", name);
    smk_put_json_number(json, "wakes", herd->wake_count);
    smk_put_json_number(json, "waiters_max", herd->most_waiters);
    smk_put_json_number(json, "woken", herd->woken);
    smk_put_json_number(json, "for_nothing", herd->useless);
    smk_put_json_string(json, "from", smk_words_date(date, smk_report_unix(report, herd->first)));
    smk_put_json_string(json, "to", smk_words_date(date, smk_report_unix(report, herd->last)));
    smk_report_stack_json(json, "waiting_stack", report, herd->wait_stack);
    smk_report_stack_json(json, "waking_stack", report, herd->wake_stack);
}
