/* A report's words about event loops: how long requests lay there unread, and what held the loop. */
#include "analysis/json.h"
#include "analysis/report_state.h"

#include <string.h>

#define INDENT     SMK_FINDING_INDENT
#define LABEL      SMK_FINDING_LABEL
#define PLACE      SMK_FINDING_PLACE
#define NOTE       SMK_FINDING_NOTE
#define FIGURE     SMK_FINDING_FIGURE
#define CERTAINTY  SMK_FINDING_CERTAINTY
#define WIDTH      28u /* of the names of threads */
#define COLUMN     11u
#define WORTH_SAYING 1000000u /* ns: no loop was held for longer than that: nothing is said of them */

static const struct smk_hold *hold_of(const struct smk_report *report, const struct smk_finding *finding)
{
    return &report->loops.holds[finding->hold];
}

/* "EVAL", "write_log". */
static void culprit_name(char name[SMK_NAME_MAX], const struct smk_report *report, const struct smk_hold *hold)
{
    const struct smk_place *place =
        hold->culprit == SMK_CULPRIT_ROUTE ? NULL : smk_symbols_stack_place(report->symbols, hold->stack);
    const char *function = place ? place->function : "something unknown";
    if (hold->culprit == SMK_CULPRIT_ROUTE) {
        smk_name_of_route(name, report->trace, report->latency.routes[hold->id].route);
        return;
    }
    if (hold->culprit == SMK_CULPRIT_CALLBACK) {
        smk_name_of_site(name, report->trace, hold->id);
        return;
    }
    size_t len = strnlen(function, SMK_NAME_MAX - 1);
    memcpy(name, function, len);
    name[len] = '\0';
}

static const char *certainty(const struct smk_report *report, const struct smk_hold *hold)
{
    if (hold->by_range || smk_report_incomplete(report))
        return "at least";
    return hold->by_kernel ? "estimated ±4 ms" : "exact";
}

/* ---- text ------------------------------------------------------------------------------------------------ */

static void say_title(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    const struct smk_hold *hold = hold_of(report, finding);
    const struct smk_share *share = &finding->shares[0];
    culprit_name(name, report, hold);
    smk_words_name_cut(words, name, 40);
    smk_words_say(words, " held the event loop: ");
    smk_name_of_route(name, report->trace, report->latency.routes[share->route].route);
    smk_words_name_cut(words, name, 30);
    smk_words_say(words, " slow");
    smk_words_to(words, FIGURE);
    smk_words_say(words, "%s of its time", smk_words_mille(text, smk_per_mille(share->ns, share->of)));
    smk_words_to(words, CERTAINTY);
    smk_words_say(words, "%s\n", certainty(report, hold));
}

static void say_sums(const struct smk_report *report, struct smk_words *words, const struct smk_hold *hold)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX], d[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    smk_name_of_thread(name, report->trace, hold->max_thread);
    smk_words_to(words, INDENT);
    smk_words_say(words, "It kept ");
    smk_words_name_cut(words, name, 32);
    smk_words_say(words, " from its other connections %s %s, for up to %s.\n", smk_words_count(a, hold->holds),
                  hold->holds == 1 ? "time" : "times", smk_words_ns(b, hold->longest));
    smk_words_to(words, INDENT);
    smk_words_say(words, "%s %s there meanwhile, %s on average, %s at most, %s together.\n",
                  smk_words_count(a, hold->count), hold->count == 1 ? "request lay" : "requests lay",
                  smk_words_ns(b, hold->ns / hold->count), smk_words_ns(c, hold->max), smk_words_ns(d, hold->ns));
}

/* Where it was meanwhile: the innermost functions. */
static void say_culprit(const struct smk_report *report, struct smk_words *words, const struct smk_hold *hold)
{
    const smk_stack_info *stack = hold->stack ? smk_trace_stack(report->trace, hold->stack) : NULL;
    smk_report_label_text(words, "It was in");
    if (!stack || stack->depth == 0) {
        smk_words_say(words, "unknown (no wait and no CPU sample lies in it)\n");
        return;
    }
    uint32_t frame = smk_symbols_stack_frame(report->symbols, stack);
    for (uint32_t i = frame; i < stack->depth && i < frame + 4; i++) {
        const struct smk_place *place = smk_symbols_frame(report->symbols, stack, i);
        if (!place)
            break;
        smk_words_say(words, "%s", i > frame ? " ← " : "");
        smk_words_name_cut(words, place->function, 40);
        if (place->file) {
            smk_words_say(words, " ");
            smk_words_name_cut(words, place->file, 32);
            smk_words_say(words, ":%u", place->line);
        }
    }
    smk_words_say(words, "\n");
}

void smk_report_hold_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    const struct smk_hold *hold = hold_of(report, finding);
    say_title(report, words, finding);
    say_sums(report, words, hold);
    smk_report_shares_text(report, words, finding, "Delayed", "");
    say_culprit(report, words, hold);
    smk_report_label_text(words, "Longest");
    smk_words_say(words, "from %s, %s, of request %llu\n",
                  smk_words_clock(a, smk_report_unix(report, hold->max_begin)), smk_words_ns(b, hold->max),
                  (unsigned long long)hold->max_request);
}

static void say_loop(const struct smk_report *report, struct smk_words *words, const struct smk_loop_thread *thread)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    struct smk_dist delays = thread->delays;
    uint64_t figures[] = {delays.total, smk_dist_quantile(&delays, 500), smk_dist_quantile(&delays, 990), delays.max};
    smk_name_of_thread(name, report->trace, thread->serial);
    smk_words_name_cut(words, name, WIDTH - 2);
    smk_words_right(words, WIDTH + COLUMN, smk_words_count(text, delays.count));
    for (unsigned i = 0; i < SMK_ARRAY_LEN(figures); i++)
        smk_words_right(words, WIDTH + COLUMN * (i + 2), smk_words_ns(text, figures[i]));
    smk_words_say(words, "\n");
}

void smk_report_loops_text(const struct smk_report *report, struct smk_words *words)
{
    static const char *const names[] = {"requests", "total", "p50", "p99", "max"};
    uint32_t shown = 0, more = 0;
    for (uint32_t i = 0; i < report->loops.thread_count; i++) {
        const struct smk_loop_thread *thread = &report->loops.threads[i];
        if (thread->delays.max < WORTH_SAYING)
            continue;
        if (shown == 2 * report->top) {
            more++;
            continue;
        }
        if (shown++ == 0) {
            smk_words_say(words, "\nloop delay");
            for (unsigned n = 0; n < SMK_ARRAY_LEN(names); n++)
                smk_words_right(words, WIDTH + COLUMN * (n + 1), names[n]);
            smk_words_say(words, "   (from the arrival of a request's bytes to their read)\n");
        }
        say_loop(report, words, thread);
    }
    if (more)
        smk_words_say(words, "and %u more\n", more);
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

void smk_report_hold_json(const struct smk_report *report, struct smk_json_text *json,
                          const struct smk_finding *finding)
{
    static const char *const kinds[] = {[SMK_CULPRIT_UNKNOWN] = "unknown",
                                        [SMK_CULPRIT_ROUTE] = "request",
                                        [SMK_CULPRIT_CALLBACK] = "callback",
                                        [SMK_CULPRIT_WAIT] = "wait",
                                        [SMK_CULPRIT_FUNCTION] = "function"};
    char name[SMK_NAME_MAX], date[SMK_UNIT_MAX];
    const struct smk_hold *hold = hold_of(report, finding);
    smk_put_json_string(json, "certainty", certainty(report, hold));
    smk_put_json_number(json, "cost_ns", finding->cost);
    culprit_name(name, report, hold);
    smk_put_json_string(json, "culprit", name);
    smk_put_json_string(json, "culprit_kind", kinds[hold->culprit]);
    smk_name_of_thread(name, report->trace, hold->max_thread);
    smk_put_json_string(json, "thread", name);
    smk_put_json_number(json, "holds", hold->holds);
    smk_put_json_number(json, "longest_hold_ns", hold->longest);
    smk_put_json_number(json, "delayed_requests", hold->count);
    smk_put_json_number(json, "delay_max_ns", hold->max);
    smk_put_json_number(json, "delay_max_request", hold->max_request);
    smk_put_json_string(json, "delay_max_from", smk_words_date(date, smk_report_unix(report, hold->max_begin)));
    smk_put_json_array(json, "routes");
    for (uint32_t i = 0; i < finding->share_count; i++) {
        const struct smk_share *share = &finding->shares[i];
        smk_put_json_object(json, NULL);
        smk_name_of_route(name, report->trace, report->latency.routes[share->route].route);
        smk_put_json_string(json, "route", name);
        smk_put_json_mille(json, "share", smk_per_mille(share->ns, share->of));
        smk_put_json_number(json, "ns", share->ns);
        smk_put_json_number(json, "requests", share->requests);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
    smk_report_stack_json(json, "stack", report, hold->stack);
}

void smk_report_loops_json(const struct smk_report *report, struct smk_json_text *json)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "loops");
    for (uint32_t i = 0; i < report->loops.thread_count; i++) {
        const struct smk_loop_thread *thread = &report->loops.threads[i];
        struct smk_dist delays = thread->delays;
        if (delays.count == 0)
            continue;
        smk_put_json_object(json, NULL);
        smk_name_of_thread(name, report->trace, thread->serial);
        smk_put_json_string(json, "thread", name);
        smk_put_json_number(json, "requests", delays.count);
        smk_put_json_number(json, "delay_total_ns", delays.total);
        smk_put_json_number(json, "delay_p50_ns", smk_dist_quantile(&delays, 500));
        smk_put_json_number(json, "delay_p99_ns", smk_dist_quantile(&delays, 990));
        smk_put_json_number(json, "delay_max_ns", delays.max);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}
