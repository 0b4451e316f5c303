/* ledger_route.c: GET /debug/trace/ledger. */
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "captures.h"
#include "json.h"
#include "ledger.h"
#include "routes.h"
#include "rules.h"
#include "store.h"
#include "rule_text.h"

const struct smk_parameter smk_ledger_parameters[] = {
    {"format", "text or json; else by Accept"},
    {"rule", "of this rule only"},
    {"limit", "entries, the latest ones, 1 to 512; 100"},
    {NULL, NULL},
};

struct wanted {
    const char *rule;
    uint64_t limit;
};

static bool concerns(const struct wanted *wanted, const struct smk_ledger_entry *entry)
{
    return !wanted->rule || strcmp(wanted->rule, entry->rule) == 0;
}

/* The capture of a firing, as the directory knows it: a killed process could not tell how it ended. */
static const char *state_of(const char *capture)
{
    uint32_t count;
    if (smk_captures_find(capture))
        return "recording";
    const struct smk_stored *list = smk_store_list(&count);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i].id, capture) == 0)
            return list[i].state == SMK_STORED_DONE  ? "there"
                   : list[i].state == SMK_STORED_CUT ? "cut: its process ended while it was recorded"
                                                     : "recorded by another process";
    return "deleted";
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void say_entry(struct smk_text *text, const struct smk_ledger_entry *e)
{
    char at[SMK_TIME_TEXT];
    smk_time_format(e->time_unix_ns, at);
    smk_text_say(text, "%s %s[%u] %-12s %-10s ", at, e->service, e->pid, e->rule, smk_ledger_kind_name(e->kind));
    if (e->kind == SMK_LEDGER_SUPPRESSED && e->count == 0)
        smk_text_say(text, "before, %s; the worst by now: ", e->reason);
    else if (e->kind == SMK_LEDGER_SUPPRESSED)
        smk_text_say(text, "%llu more, %s; the worst: ", (unsigned long long)e->count, e->reason);
    else if (e->reason[0])
        smk_text_say(text, "%s: ", e->reason);
    smk_text_say_escaped(text, e->text);
    if (e->capture[0])
        smk_text_say(text, "  /debug/traces/%s", e->capture);
    if (e->kind == SMK_LEDGER_FIRED && e->capture[0])
        smk_text_say(text, " (%s)", state_of(e->capture));
    smk_text_say(text, "\n");
}

static void answer_text(struct smk_exchange *exchange, const struct wanted *wanted)
{
    struct smk_text text = {0};
    uint64_t said = 0;
    for (size_t i = 0; smk_ledger_at(i) && said < wanted->limit; i++)
        if (concerns(wanted, smk_ledger_at(i))) {
            say_entry(&text, smk_ledger_at(i));
            said++;
        }
    if (said == 0)
        smk_text_say(&text, "nothing has fired, and nothing was suppressed\n");
    smk_rule_text_answer(exchange, &text);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static void put_entry(struct smk_json *json, const struct smk_ledger_entry *e)
{
    smk_json_begin(json, NULL, '{');
    smk_json_time(json, "time", e->time_unix_ns);
    smk_json_text(json, "service", e->service);
    smk_json_number(json, "pid", e->pid);
    smk_json_text(json, "rule", e->rule);
    smk_json_text(json, "kind", smk_ledger_kind_name(e->kind));
    smk_json_text(json, "reason", e->reason[0] ? e->reason : NULL);
    smk_json_number(json, "count", e->count);
    smk_json_text(json, "text", e->text);
    smk_json_text(json, "route", e->cause.what[0] ? e->cause.what : NULL);
    smk_json_number(json, "value", e->cause.value);
    smk_json_number(json, "request", e->cause.request);
    smk_json_number(json, "thread", e->cause.tid);
    smk_json_number(json, "status", e->cause.status);
    smk_json_flag(json, "running", e->cause.running);
    smk_json_text(json, "capture", e->capture[0] ? e->capture : NULL);
    if (e->kind == SMK_LEDGER_FIRED && e->capture[0])
        smk_json_text(json, "capture_is", state_of(e->capture));
    smk_json_end(json, '}');
}

static void answer_json(struct smk_exchange *exchange, const struct wanted *wanted)
{
    struct smk_json json = {0};
    size_t len = 0;
    uint64_t said = 0;
    smk_json_begin(&json, NULL, '{');
    smk_json_begin(&json, "entries", '[');
    for (size_t i = 0; smk_ledger_at(i) && said < wanted->limit; i++)
        if (concerns(wanted, smk_ledger_at(i))) {
            put_entry(&json, smk_ledger_at(i));
            said++;
        }
    smk_json_end(&json, ']');
    smk_json_begin(&json, "rules", '[');
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        smk_json_begin(&json, NULL, '{');
        smk_rule_put(&json, live);
        smk_json_end(&json, '}');
    }
    smk_json_end(&json, ']');
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 200, "application/json", text, len);
    smk_exchange_answer(exchange);
}

void smk_handle_ledger(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct wanted wanted = {.rule = smk_query_get(&match->query, "rule"), .limit = 100};
    int json = smk_route_wants_json(exchange, match);
    int rc = json < 0 ? json : smk_query_count(&match->query, "limit", 1, SMK_LEDGER_SHOWN, &wanted.limit);
    if (rc == 0 && wanted.rule && !smk_rule_is_name(wanted.rule, strlen(wanted.rule)))
        rc = smk_fail(SMK_E_INVALID, "rule is '%.40s'; allowed is a name of 1 to 32 of a-z, 0-9 and -", wanted.rule);
    if (rc < 0) {
        smk_answer_failure(&exchange->answer, rc);
        smk_exchange_answer(exchange);
    } else if (json) {
        answer_json(exchange, &wanted);
    } else {
        answer_text(exchange, &wanted);
    }
}
