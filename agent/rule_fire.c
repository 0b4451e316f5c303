/* rule_fire.c: a rule's condition held: guard rails, and then what it is to do. */
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "base/sys.h"
#include "captures.h"
#include "core/init.h"
#include "log.h"
#include "rule_family.h"
#include "rule_run.h"
#include "rules.h"

/* When the ledger is told of what was suppressed: first after so long, then after twice that … */
#define TELL_FIRST UINT64_C(10000000000)
#define TELL_MOST  UINT64_C(600000000000)

#define AGAIN_NS UINT64_C(1000000000) /* what hangs is tried so often */
#define SAME_NS  UINT64_C(500000000)  /* a member's word is under way for so long */

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* Three digits that count: "312 ms", "1.50 s". */
static void format_time(uint64_t ns, char *text, size_t size)
{
    static const struct {
        uint64_t ns;
        const char *unit;
    } units[] = {{UINT64_C(1000000000), "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
    size_t i = 0;
    while (i + 1 < SMK_ARRAY_LEN(units) && ns < units[i].ns)
        i++;
    uint64_t whole = ns / units[i].ns, hundredths = ns % units[i].ns * 100 / units[i].ns;
    if (whole >= 100 || units[i].ns == 1)
        snprintf(text, size, "%llu %s", (unsigned long long)whole, units[i].unit);
    else
        snprintf(text, size, "%llu.%02llu %s", (unsigned long long)whole, (unsigned long long)hundredths,
                 units[i].unit);
}

static void format_head(const struct smk_rule *rule, const struct smk_cause *cause, char *text, size_t size)
{
    char value[40], bytes[32];
    format_time(cause->value, value, sizeof value);
    switch (rule->on) {
    case SMK_RULE_REQUEST:
    case SMK_RULE_STATUS:
        snprintf(text, size, "%s %s %s", cause->what, cause->running ? "has been running for" : "took", value);
        break;
    case SMK_RULE_LOOP:
        snprintf(text, size, "an event loop came %s late to a descriptor", value);
        break;
    case SMK_RULE_WAIT:
        snprintf(text, size, "a thread %s %s wait", cause->running ? "is in a" : "had a",
                 smk_wait_kind_name(rule->wait_kind));
        snprintf(text + strlen(text), size - strlen(text), " of %s", value);
        break;
    case SMK_RULE_RUNNABLE:
        snprintf(text, size, "a thread had no CPU for %s", value);
        break;
    case SMK_RULE_QUEUE:
        snprintf(text, size, "%llu requests in flight", (unsigned long long)cause->value);
        break;
    case SMK_RULE_CPU:
        snprintf(text, size, "the process used %llu %% of a CPU", (unsigned long long)cause->value / 100);
        break;
    case SMK_RULE_RSS:
        snprintf(bytes, sizeof bytes, "%llu MiB", (unsigned long long)(cause->value >> 20));
        snprintf(text, size, "the process has %s in memory", bytes);
        break;
    case SMK_RULE_TRIGGER:
        snprintf(text, size, "smk_trigger(\"%s\")", rule->trigger);
        break;
    case SMK_RULE_SIGNAL:
        snprintf(text, size, "%s came", rule->trigger);
    }
}

void smk_cause_format(const struct smk_rule *rule, const struct smk_cause *cause, char *text, size_t size)
{
    char more[120];
    size_t len = 0;
    format_head(rule, cause, text, size);
    more[0] = '\0';
    if (cause->pid)
        len += (size_t)snprintf(more + len, sizeof more - len, "process %u", cause->pid);
    if (cause->request)
        len += (size_t)snprintf(more + len, sizeof more - len, "%srequest %llu", len ? ", " : "",
                                (unsigned long long)cause->request);
    if (cause->tid)
        len += (size_t)snprintf(more + len, sizeof more - len, "%sthread %u", len ? ", " : "", cause->tid);
    if (cause->status)
        len += (size_t)snprintf(more + len, sizeof more - len, "%sstatus %u", len ? ", " : "", cause->status);
    size_t used = strlen(text);
    if (len)
        snprintf(text + used, size - used, " (%s)", more);
}

/* ---- what was suppressed ----------------------------------------------------------------------------------------- */

/* Of two latencies the longer; of two states either. */
static void keep_worst(struct smk_cause *worst, const struct smk_cause *cause)
{
    if (!worst->time_unix_ns || cause->value > worst->value)
        *worst = *cause;
}

static void suppress(struct smk_rule_live *live, enum smk_suppression why, const struct smk_cause *cause, uint64_t now)
{
    struct smk_rule_set_back *back = &live->set_back[why];
    live->suppressed[why]++;
    keep_worst(&live->worst, cause);
    if (back->count++ == 0) {
        back->first_unix_ns = now;
        back->tell_every = TELL_FIRST;
        back->tell_at = now + TELL_FIRST;
    }
    back->last_unix_ns = now;
    keep_worst(&back->worst, cause);
}

static void tell(struct smk_rule_live *live, enum smk_suppression why, uint64_t now)
{
    struct smk_rule_set_back *back = &live->set_back[why];
    struct smk_ledger_entry entry = {
        .kind = SMK_LEDGER_SUPPRESSED, .count = back->count - back->told, .cause = back->worst};
    snprintf(entry.rule, sizeof entry.rule, "%s", live->rule.name);
    snprintf(entry.reason, sizeof entry.reason, "%s", smk_suppression_name(why));
    smk_cause_format(&live->rule, &back->worst, entry.text, sizeof entry.text);
    smk_ledger_add(&entry);
    back->told = back->count;
    back->worst = (struct smk_cause){0};
    back->tell_every = smk_min_u64(2 * back->tell_every, TELL_MOST);
    back->tell_at = now + back->tell_every;
}

static void tell_of(struct smk_rule_live *live, bool all, uint64_t now)
{
    for (unsigned why = 0; why < SMK_SUPPRESSED_KINDS; why++) {
        struct smk_rule_set_back *back = &live->set_back[why];
        if ((back->count > back->told || back->worst.time_unix_ns) && (all || now >= back->tell_at))
            tell(live, (enum smk_suppression)why, now);
    }
}

void smk_rules_tell(bool all)
{
    uint64_t now = smk_sys_clock(CLOCK_REALTIME);
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        tell_of(live, all, now);
}

/* ---- the action -------------------------------------------------------------------------------------------------- */

static bool captures_now(void)
{
    for (size_t i = 0; smk_captures_at(i); i++)
        if (smk_captures_at(i)->arm.rule[0])
            return true;
    return false;
}

static void fill(struct smk_arm *arm, const struct smk_rule_live *live, const struct smk_cause *cause)
{
    const struct smk_rule *rule = &live->rule;
    bool snapshot = rule->action == SMK_RULE_SNAPSHOT;
    *arm = (struct smk_arm){.kind = snapshot ? SMK_CAPTURE_SNAPSHOT : SMK_CAPTURE_TIMED,
                            .categories = snapshot ? smk_recorder_categories() : smk_categories_timed(),
                            .before_ns = rule->before_ns,
                            .after_ns = rule->after_ns,
                            .duration_ns = rule->duration_ns,
                            .max_bytes = smk_agent.settings.max_bytes};
    snprintf(arm->rule, sizeof arm->rule, "%s: %s", rule->name, rule->text);
    snprintf(arm->rule_name, sizeof arm->rule_name, "%s", rule->name);
    snprintf(arm->run, sizeof arm->run, "%s", rule->run);
    smk_cause_format(rule, cause, arm->cause, sizeof arm->cause);
}

/* NONE: it was begun, and its id is in `id`. */
static enum smk_suppression begin_capture(struct smk_rule_live *live, const struct smk_cause *cause,
                                          char id[SMK_CAPTURE_ID_SIZE])
{
    struct smk_arm arm;
    struct smk_running *running = NULL;
    if (captures_now())
        return SMK_SUPPRESSED_BUSY;
    fill(&arm, live, cause);
    int rc = smk_captures_begin(&arm, &running);
    if (rc == 0) {
        memcpy(id, running->id, SMK_CAPTURE_ID_SIZE);
        return SMK_SUPPRESSED_NONE;
    }
    snprintf(live->why, sizeof live->why, "%s", smk_last_error());
    return rc == SMK_E_LIMIT || rc == SMK_E_NOSPACE ? SMK_SUPPRESSED_DISK : SMK_SUPPRESSED_REFUSED;
}

static void note_fired(struct smk_rule_live *live, const struct smk_cause *cause, const char *id, uint64_t now)
{
    struct smk_ledger_entry entry = {.kind = SMK_LEDGER_FIRED, .count = 1, .cause = *cause};
    snprintf(entry.rule, sizeof entry.rule, "%s", live->rule.name);
    snprintf(entry.capture, sizeof entry.capture, "%s", id);
    smk_cause_format(&live->rule, cause, entry.text, sizeof entry.text);
    tell_of(live, true, now);
    smk_ledger_add(&entry);
    smk_agent_log("rule %s fired: %s", live->rule.name, entry.text);
    memset(live->set_back, 0, sizeof live->set_back);
    live->worst = (struct smk_cause){0};
    live->last = *cause;
    snprintf(live->last_capture, sizeof live->last_capture, "%s", id);
}

static enum smk_suppression act(struct smk_rule_live *live, const struct smk_cause *cause, uint64_t now)
{
    char id[SMK_CAPTURE_ID_SIZE] = "";
    enum smk_suppression why = SMK_SUPPRESSED_NONE;
    if (live->rule.action != SMK_RULE_NO_CAPTURE)
        why = begin_capture(live, cause, id);
    if (why != SMK_SUPPRESSED_NONE)
        return why;
    smk_guard_fired(&live->guard, now);
    note_fired(live, cause, id, now);
    if (live->rule.run[0] && live->rule.action == SMK_RULE_NO_CAPTURE) {
        char text[256];
        smk_cause_format(&live->rule, cause, text, sizeof text);
        smk_rule_run(live->rule.name, live->rule.run, "", "", text);
    }
    return why;
}

void smk_rule_matched(struct smk_rule_live *live, const struct smk_cause *cause)
{
    uint64_t now = smk_sys_clock(CLOCK_REALTIME);
    uint32_t chance = 9999;
    if (smk_rule_family_is_member()) {
        smk_rule_family_keep(live, cause);
        return;
    }
    live->matched++;
    if (!smk_guard_match(&live->guard, &live->rule, now))
        return;
    if (live->rule.skip) {
        smk_sys_random(&chance, sizeof chance);
        chance %= 10000;
    }
    enum smk_suppression why = smk_guard_judge(&live->guard, &live->rule, now, chance);
    if (why == SMK_SUPPRESSED_NONE)
        why = act(live, cause, now);
    if (why != SMK_SUPPRESSED_NONE)
        suppress(live, why, cause, now);
}

/* ---- what lasts -------------------------------------------------------------------------------------------------- */

/* A request has a number; a wait has a thread and a begin. */
static bool is_same(const struct smk_cause *a, const struct smk_cause *b)
{
    uint64_t one = a->time_unix_ns - a->value, other = b->time_unix_ns - b->value;
    return a->pid == b->pid && a->request == b->request && (a->request || a->tid == b->tid) &&
           (one > other ? one - other : other - one) < SAME_NS;
}

/* What was beyond the limit before is in that file, too. */
static bool is_since(const struct smk_rule_live *live, const struct smk_cause *cause)
{
    return cause->time_unix_ns - cause->value + live->rule.threshold > live->last.time_unix_ns;
}

void smk_rule_lasts(struct smk_rule_live *live, const struct smk_cause *cause)
{
    struct smk_cause *lasts = &live->lasts;
    bool first = !lasts->time_unix_ns, since = is_since(live, cause), was_since = !first && is_since(live, lasts);
    bool longer = since > was_since || (since == was_since && cause->value > lasts->value);
    if ((first || longer) && !is_same(&live->last, cause))
        *lasts = *cause;
}

/* Chance was asked when it was counted. */
static bool fires_now(struct smk_rule_live *live, const struct smk_cause *cause)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC), unix_ns = smk_sys_clock(CLOCK_REALTIME);
    if (!cause->running || live->rule.skip || now < live->again_at || !is_since(live, cause))
        return false;
    live->again_at = now + AGAIN_NS;
    return smk_guard_judge(&live->guard, &live->rule, unix_ns, 9999) == SMK_SUPPRESSED_NONE &&
           act(live, cause, unix_ns) == SMK_SUPPRESSED_NONE;
}

/* Why each was suppressed is not kept: the latest reason stands for it. */
static struct smk_rule_set_back *latest(struct smk_rule_live *live)
{
    struct smk_rule_set_back *back = &live->set_back[0];
    for (unsigned why = 1; why < SMK_SUPPRESSED_KINDS; why++)
        if (live->set_back[why].last_unix_ns > back->last_unix_ns)
            back = &live->set_back[why];
    return back;
}

void smk_rule_lasted(struct smk_rule_live *live, const struct smk_cause *cause)
{
    if (smk_rule_family_is_member()) {
        smk_rule_family_lasts(live, cause);
        return;
    }
    if (!live->worst.time_unix_ns || is_same(&live->last, cause) || fires_now(live, cause) ||
        cause->value <= live->worst.value)
        return;
    struct smk_rule_set_back *back = latest(live);
    live->worst = *cause;
    if (!cause->running || back->count > back->told) /* else the ledger is told when it has ended */
        back->worst = *cause;
}

void smk_rules_capture_ended(const struct smk_running *running, const char *reason, uint64_t bytes)
{
    struct smk_ledger_entry entry = {.kind = SMK_LEDGER_ENDED, .count = 1};
    snprintf(entry.rule, sizeof entry.rule, "%s", running->arm.rule_name);
    snprintf(entry.reason, sizeof entry.reason, "%s", reason);
    snprintf(entry.capture, sizeof entry.capture, "%s", running->id);
    snprintf(entry.text, sizeof entry.text, "%llu bytes", (unsigned long long)bytes);
    smk_ledger_add(&entry);
    if (running->arm.run[0] && smk_rules_are_open()) {
        char path[1024];
        bool file = smk_captures_path(running, path, sizeof path);
        smk_rule_run(running->arm.rule_name, running->arm.run, running->id, file ? path : "", running->arm.cause);
    }
}
