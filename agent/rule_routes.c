/* rule_routes.c: the routes of rules. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "base/sys.h"
#include "core/notable.h"
#include "heap.h"
#include "log.h"
#include "recorder.h"
#include "routes.h"
#include "rule_family.h"
#include "rule_history.h"
#include "rules.h"
#include "rule_text.h"

const struct smk_parameter smk_rules_parameters[] = {
    {"format", "text or json; else by Accept"},
    {"backtest", "on how much of what has been they are tried, 1m to 24h"},
    {NULL, NULL},
};

const struct smk_parameter smk_rules_put_parameters[] = {
    {"persist", "1: kept when the service starts again"},
    {NULL, NULL},
};

const struct smk_parameter smk_rule_parameters[] = {
    {"persist", "1: kept when the service starts again"},
    {"try", "1: it is not set, but tried on what has been"},
    {"backtest", "on how much of that, 1m to 24h; 1h"},
    {NULL, NULL},
};

#define MINUTE UINT64_C(60000000000)
#define HOUR   UINT64_C(3600000000000)

/* ---- one rule ---------------------------------------------------------------------------------------------------- */

static void put_cause(struct smk_json *json, const char *key, const struct smk_rule *rule,
                      const struct smk_cause *cause)
{
    char text[256];
    if (!cause->time_unix_ns)
        return;
    smk_cause_format(rule, cause, text, sizeof text);
    smk_json_begin(json, key, '{');
    smk_json_time(json, "time", cause->time_unix_ns);
    smk_json_text(json, "text", text);
    if (cause->what[0])
        smk_json_text(json, "route", cause->what);
    smk_json_number(json, "value", cause->value);
    if (cause->pid)
        smk_json_number(json, "process", cause->pid);
    if (cause->request)
        smk_json_number(json, "request", cause->request);
    if (cause->tid)
        smk_json_number(json, "thread", cause->tid);
    if (cause->status)
        smk_json_number(json, "status", cause->status);
    smk_json_flag(json, "running", cause->running);
    smk_json_end(json, '}');
}

static void put_suppressed(struct smk_json *json, const struct smk_rule_live *live)
{
    smk_json_begin(json, "suppressed", '{');
    for (unsigned why = SMK_SUPPRESSED_NONE + 1; why < SMK_SUPPRESSED_KINDS; why++)
        smk_json_number(json, smk_suppression_name(why), live->suppressed[why]);
    smk_json_end(json, '}');
}

void smk_rule_put(struct smk_json *json, const struct smk_rule_live *live)
{
    static const char *const origins[] = {"settings", "client", "saved"};
    uint64_t again = 0, now = smk_sys_clock(CLOCK_REALTIME);
    enum smk_rule_state state =
        live->broken ? SMK_RULE_BROKEN : smk_guard_state(&live->guard, &live->rule, now, &again);
    smk_json_text(json, "name", live->rule.name);
    smk_json_text(json, "rule", live->rule.text);
    smk_json_text(json, "state", smk_rule_state_name(state));
    if (live->why[0])
        smk_json_text(json, "why", live->why);
    smk_json_text(json, "from", origins[live->origin]);
    smk_json_flag(json, "persists", live->persists);
    smk_json_time(json, "set", live->set_unix_ns);
    if (live->broken)
        return;
    smk_json_number(json, "matched", live->matched);
    smk_json_number(json, "fired", live->guard.fired);
    smk_json_number(json, "fired_in_window", smk_guard_in_window(&live->guard, &live->rule, now));
    smk_json_number(json, "fired_in_day", smk_guard_in_day(&live->guard, now));
    if (again && again != UINT64_MAX) {
        smk_json_time(json, "may_fire_again", again);
        smk_json_number(json, "may_fire_again_in_ns", again - now);
    }
    put_suppressed(json, live);
    put_cause(json, "last", &live->rule, &live->last);
    if (live->last_capture[0])
        smk_json_text(json, "last_capture", live->last_capture);
    put_cause(json, "worst_suppressed", &live->rule, &live->worst);
}

static void put_backtest(struct smk_json *json, const struct smk_rule *rule, uint64_t ns)
{
    struct smk_backtest test;
    smk_history_backtest(rule, ns, &test);
    smk_json_begin(json, "backtest", '{');
    smk_json_flag(json, "known", test.known);
    if (!test.known)
        smk_json_text(json, "why", "no history is kept of what this condition is about");
    smk_json_time(json, "from", test.from_unix_ns);
    smk_json_time(json, "to", test.to_unix_ns);
    smk_json_number(json, "minutes", test.minutes);
    smk_json_number(json, "looked_at", test.requests);
    smk_json_number(json, "matches_at_least", test.least);
    smk_json_number(json, "matches_at_most", test.most);
    smk_json_number(json, "would_have_fired", test.fires);
    smk_json_text(json, "fired_is", "estimated: within a minute matches are taken to be evenly spread");
    smk_json_end(json, '}');
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static void put_preroll(struct smk_json *json)
{
    smk_json_begin(json, "recorder", '{');
    smk_json_flag(json, "on", smk_recorder_is_on());
    smk_json_number(json, "preroll_ns", smk_recorder_preroll_ns());
    smk_json_end(json, '}');
}

static void answer_json(struct smk_exchange *exchange, uint64_t backtest)
{
    struct smk_json json = {0};
    size_t len = 0;
    smk_json_begin(&json, NULL, '{');
    put_preroll(&json);
    smk_rule_family_put(&json);
    smk_json_begin(&json, "rules", '[');
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        smk_json_begin(&json, NULL, '{');
        smk_rule_put(&json, live);
        if (backtest && !live->broken)
            put_backtest(&json, &live->rule, backtest);
        smk_json_end(&json, '}');
    }
    smk_json_end(&json, ']');
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 200, "application/json", text, len);
    smk_exchange_answer(exchange);
}

static void say_backtest(struct smk_text *text, const struct smk_rule *rule, uint64_t ns)
{
    struct smk_backtest test;
    smk_history_backtest(rule, ns, &test);
    if (!test.known)
        smk_text_say(text, "#   no history is kept of what this condition is about\n");
    else
        smk_text_say(text, "#   in the last %u min: %llu to %llu of %llu match, it would have fired about %u times\n",
                     test.minutes, (unsigned long long)test.least, (unsigned long long)test.most,
                     (unsigned long long)test.requests, test.fires);
}

static uint64_t suppressed_of(const struct smk_rule_live *live)
{
    uint64_t sum = 0;
    for (unsigned why = 0; why < SMK_SUPPRESSED_KINDS; why++)
        sum += live->suppressed[why];
    return sum;
}

static void say_state(struct smk_text *text, const struct smk_rule_live *live)
{
    uint64_t again = 0, now = smk_sys_clock(CLOCK_REALTIME);
    enum smk_rule_state state = smk_guard_state(&live->guard, &live->rule, now, &again);
    smk_text_say(text, "#   %s", smk_rule_state_name(state));
    if (again && again != UINT64_MAX)
        smk_text_say(text, " for %llu s", (unsigned long long)((again - now) / 1000000000u + 1));
    smk_text_say(text, "; matched %llu, fired %llu, suppressed %llu\n", (unsigned long long)live->matched,
                 (unsigned long long)live->guard.fired, (unsigned long long)suppressed_of(live));
}

static void say_cause(struct smk_text *text, const char *what, const struct smk_rule *rule,
                      const struct smk_cause *cause, const char *capture)
{
    char line[256], at[SMK_TIME_TEXT];
    if (!cause->time_unix_ns)
        return;
    smk_cause_format(rule, cause, line, sizeof line);
    smk_time_format(cause->time_unix_ns, at);
    smk_text_say(text, "#   %s %s: ", what, at);
    smk_text_say_escaped(text, line);
    smk_text_say(text, "%s%s\n", capture[0] ? "; /debug/traces/" : "", capture);
}

/* What PUT takes, with the rest as comments. A rule that is broken is one, too. */
static void say_rule(struct smk_text *text, const struct smk_rule_live *live, uint64_t backtest)
{
    if (live->broken) {
        smk_text_say(text, "# broken, as %s: ", live->rule.name);
        smk_text_say_escaped(text, live->rule.text);
        smk_text_say(text, "\n#   ");
        smk_text_say_escaped(text, live->why);
        smk_text_say(text, "\n");
        return;
    }
    smk_text_say(text, "%s: ", live->rule.name);
    smk_text_say_escaped(text, live->rule.text);
    smk_text_say(text, "\n");
    say_state(text, live);
    say_cause(text, "last", &live->rule, &live->last, live->last_capture);
    say_cause(text, "worst since that was suppressed", &live->rule, &live->worst, "");
    if (backtest)
        say_backtest(text, &live->rule, backtest);
}

static void say_head(struct smk_text *text)
{
    if (!smk_rules_first())
        smk_text_say(text, "# no rules; as in: slow: when request > 250ms\n");
    else if (smk_recorder_is_on())
        smk_text_say(text, "# the flight recorder reaches %llu ms back\n",
                     (unsigned long long)(smk_recorder_preroll_ns() / 1000000u));
    else
        smk_text_say(text, "# the flight recorder is off\n");
}

void smk_handle_rules(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    uint64_t backtest = 0;
    struct smk_text text = {0};
    int json = smk_route_wants_json(exchange, match);
    int rc = json < 0 ? json : smk_query_time(&match->query, "backtest", MINUTE, 24 * HOUR, &backtest);
    if (rc < 0) {
        smk_answer_failure(&exchange->answer, rc);
        smk_exchange_answer(exchange);
    } else if (json) {
        answer_json(exchange, backtest);
    } else {
        say_head(&text);
        smk_rule_family_say(&text);
        for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
            say_rule(&text, live, backtest);
        smk_rule_text_answer(exchange, &text);
    }
}

/* ---- setting them ------------------------------------------------------------------------------------------------ */

/* The place in the text, so that a tool can point at it. */
static void answer_refused(struct smk_exchange *exchange, int rc, const struct smk_rule_refusal *refusal)
{
    struct smk_json json = {0};
    size_t len = 0;
    char detail[512];
    if (!refusal->text[0]) {
        smk_answer_failure(&exchange->answer, rc);
        smk_exchange_answer(exchange);
        return;
    }
    smk_rule_error_format(&refusal->error, refusal->text, strlen(refusal->text), detail, sizeof detail);
    smk_json_begin(&json, NULL, '{');
    smk_json_text(&json, "type", "about:blank");
    smk_json_text(&json, "title", "the rule cannot be read");
    smk_json_number(&json, "status", 400);
    smk_json_text(&json, "detail", detail);
    if (refusal->line)
        smk_json_number(&json, "line", refusal->line);
    smk_json_number(&json, "position", refusal->error.at + 1);
    smk_json_text(&json, "expected", refusal->error.expected);
    smk_json_text(&json, "rule", refusal->text);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 400, "application/problem+json", text, len);
    smk_exchange_answer(exchange);
}

static const char *body_of(const struct smk_exchange *exchange)
{
    return exchange->request.body ? exchange->request.body : "";
}

static const char *peer_of(const struct smk_exchange *exchange)
{
    return exchange->request.peer ? exchange->request.peer : "";
}

/* An answer that waits for the family: what it will be about, since the rule may have gone by then. */
struct later {
    enum { LATER_ALL, LATER_ONE, LATER_REMOVED } of;
    char name[SMK_RULE_NAME];
    uint64_t backtest;
};

static void answer_rule(struct smk_exchange *exchange, const struct smk_rule_live *live, uint64_t backtest);
static void answer_removed(struct smk_exchange *exchange);

static void answer_of(struct smk_exchange *exchange, const struct later *later)
{
    const struct smk_rule_live *live = smk_rules_find(later->name);
    if (later->of == LATER_REMOVED)
        answer_removed(exchange);
    else if (later->of == LATER_ONE && live)
        answer_rule(exchange, live, later->backtest);
    else
        answer_json(exchange, 0);
}

static void answer_later(struct smk_exchange *exchange)
{
    struct later later = *(struct later *)exchange->handler;
    smk_heap_free(exchange->handler);
    exchange->handler = NULL;
    answer_of(exchange, &later);
}

/* When all of the family have them, so that a rule that was answered is looked for everywhere. */
static void answer_family(struct smk_exchange *exchange, const struct later *later)
{
    struct later *kept = smk_heap_zalloc(sizeof *kept);
    exchange->handler = kept;
    if (kept) {
        *kept = *later;
        if (smk_rule_family_wait(exchange, answer_later))
            return;
    }
    smk_heap_free(kept);
    exchange->handler = NULL;
    answer_of(exchange, later);
}

void smk_handle_rules_put(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_rule_refusal refusal = {0};
    bool persist = false;
    int rc = smk_query_flag(&match->query, "persist", &persist);
    if (rc == 0)
        rc = smk_rules_replace(body_of(exchange), exchange->request.body_len, persist, &refusal);
    smk_agent_audit(peer_of(exchange), "rules", rc == 0 ? "replaced" : "refused", rc == 0 ? 200 : 400);
    if (rc < 0)
        answer_refused(exchange, rc, &refusal);
    else
        answer_family(exchange, &(struct later){.of = LATER_ALL});
}

static void answer_rule(struct smk_exchange *exchange, const struct smk_rule_live *live, uint64_t backtest)
{
    struct smk_json json = {0};
    size_t len = 0;
    smk_json_begin(&json, NULL, '{');
    smk_rule_put(&json, live);
    put_preroll(&json);
    smk_rule_family_put(&json);
    if (backtest)
        put_backtest(&json, &live->rule, backtest);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 200, "application/json", text, len);
    smk_exchange_answer(exchange);
}

static void try_rule(struct smk_exchange *exchange, uint64_t backtest)
{
    struct smk_rule_refusal refusal = {0};
    struct smk_rule rule;
    struct smk_json json = {0};
    size_t len = 0;
    int rc = smk_rules_read(body_of(exchange), exchange->request.body_len, &rule,
                            &refusal);
    if (rc == 0)
        rc = smk_rules_check(&rule);
    if (rc < 0) {
        answer_refused(exchange, rc, &refusal);
        return;
    }
    smk_json_begin(&json, NULL, '{');
    smk_json_text(&json, "rule", rule.text);
    smk_json_text(&json, "state", "tried");
    put_preroll(&json);
    put_backtest(&json, &rule, backtest);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 200, "application/json", text, len);
    smk_exchange_answer(exchange);
}

void smk_handle_rule_post(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_rule_refusal refusal = {0};
    struct smk_rule_live *live = NULL;
    bool persist = false, tries = false;
    uint64_t backtest = 0;
    int rc = smk_query_flag(&match->query, "persist", &persist);
    if (rc == 0)
        rc = smk_query_flag(&match->query, "try", &tries);
    if (rc == 0)
        rc = smk_query_time(&match->query, "backtest", MINUTE, 24 * HOUR, &backtest);
    if (rc == 0 && tries) {
        try_rule(exchange, backtest ? backtest : HOUR);
        return;
    }
    if (rc == 0)
        rc = smk_rules_put(match->id, body_of(exchange), exchange->request.body_len,
                           persist, &refusal, &live);
    smk_agent_audit(peer_of(exchange), "rule", match->id, rc == 0 ? 200 : 400);
    if (rc < 0) {
        answer_refused(exchange, rc, &refusal);
        return;
    }
    struct later later = {.of = LATER_ONE, .backtest = backtest};
    memcpy(later.name, live->rule.name, sizeof later.name);
    answer_family(exchange, &later);
}

static void answer_removed(struct smk_exchange *exchange)
{
    struct smk_json json = {0};
    size_t len = 0;
    smk_json_begin(&json, NULL, '{');
    smk_json_flag(&json, "removed", true);
    smk_rule_family_put(&json);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 200, "application/json", text, len);
    smk_exchange_answer(exchange);
}

void smk_handle_rule_delete(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    int rc = smk_rules_remove(match->id);
    smk_agent_audit(peer_of(exchange), "rule removed", match->id, rc == 0 ? 200 : 404);
    if (rc == 0) {
        answer_family(exchange, &(struct later){.of = LATER_REMOVED});
        return;
    }
    smk_answer_failure(&exchange->answer, rc);
    smk_exchange_answer(exchange);
}

/* ---- status ------------------------------------------------------------------------------------------------------ */

void smk_rules_put_status(struct smk_json *json)
{
    struct smk_ledger_stats ledger;
    struct smk_history_stats history;
    smk_ledger_get_stats(&ledger);
    smk_history_get_stats(&history);
    smk_json_begin(json, "rules", '{');
    smk_json_begin(json, "set", '[');
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        smk_json_begin(json, NULL, '{');
        smk_rule_put(json, live);
        smk_json_end(json, '}');
    }
    smk_json_end(json, ']');
    smk_json_number(json, "max", SMK_RULES_MAX);
    smk_json_number(json, "missed", smk_notables_missed());
    smk_json_number(json, "ledger_lines", ledger.written);
    smk_json_number(json, "ledger_failures", ledger.failed);
    smk_json_flag(json, "ledger_in_memory", ledger.in_memory);
    smk_json_text(json, "ledger_unread", ledger.unread ? strerrordesc_np(ledger.unread) : NULL);
    smk_json_number(json, "history_bytes", history.bytes);
    smk_json_number(json, "history_minutes", history.minutes);
    smk_json_end(json, '}');
}
