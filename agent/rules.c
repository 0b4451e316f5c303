#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "base/sys.h"
#include "core/trigger.h"
#include "heap.h"
#include "log.h"
#include "recorder.h"
#include "rule_family.h"
#include "rule_history.h"
#include "rule_levels.h"
#include "rule_run.h"
#include "rule_signal.h"
#include "store.h"

static struct {
    struct smk_rule_live *first;
    bool open;
    uint64_t made; /* rules so far: the number of the last */
} rules;

struct smk_rule_live *smk_rules_first(void) { return rules.first; }
bool smk_rules_are_open(void) { return rules.open; }

static struct smk_rule_live *find_in(struct smk_rule_live *list, const char *name)
{
    while (list && strcmp(list->rule.name, name) != 0)
        list = list->next;
    return list;
}

struct smk_rule_live *smk_rules_find(const char *name) { return find_in(rules.first, name); }

/* ---- one --------------------------------------------------------------------------------------------------------- */

static void free_rule(struct smk_rule_live *live)
{
    smk_guard_free(&live->guard);
    smk_heap_free(live->seen);
    smk_heap_free(live->seen_before);
    smk_heap_free(live);
}

static void free_list(struct smk_rule_live *list)
{
    while (list) {
        struct smk_rule_live *next = list->next;
        free_rule(list);
        list = next;
    }
}

int smk_rules_read(const char *text, size_t len, struct smk_rule *rule, struct smk_rule_refusal *refusal)
{
    char message[300];
    if (smk_rule_parse(rule, text, len, &refusal->error))
        return 0;
    size_t shown = smk_min_u64(len, sizeof refusal->text - 1);
    memcpy(refusal->text, text, shown);
    refusal->text[shown] = '\0';
    smk_rule_error_format(&refusal->error, text, len, message, sizeof message);
    return smk_fail(SMK_E_INVALID, "%s", message);
}

int smk_rules_check(const struct smk_rule *rule)
{
    char wanted[32], most[32];
    const char *refused = rule->run[0] ? smk_rule_run_refused() : NULL;
    if (!refused && rule->on == SMK_RULE_SIGNAL)
        refused = smk_rule_signal_refused();
    if (refused)
        return smk_fail(SMK_E_PERMISSION, "%s", refused);
    if (rule->action != SMK_RULE_CAPTURE || rule->duration_ns <= smk_agent.settings.max_duration)
        return 0;
    smk_format_duration(rule->duration_ns, wanted, sizeof wanted);
    smk_format_duration(smk_agent.settings.max_duration, most, sizeof most);
    return smk_fail(SMK_E_INVALID, "capture %s: allowed is a time from 10ms to max_duration, %s", wanted, most);
}

static bool watches_running(const struct smk_rule *rule) { return rule->on == SMK_RULE_REQUEST; }

/* The name that it has, or the first number that is free. */
static void give_name(const struct smk_rule_live *list, struct smk_rule *rule)
{
    for (unsigned number = 1; !rule->name[0] || find_in((struct smk_rule_live *)list, rule->name); number++)
        snprintf(rule->name, sizeof rule->name, "rule-%u", number);
}

/* What it looks for with. */
static int equip(struct smk_rule_live *live)
{
    int rc = smk_guard_init(&live->guard, &live->rule);
    if (rc == 0 && watches_running(&live->rule)) {
        live->seen = smk_heap_zalloc(sizeof *live->seen);
        live->seen_before = smk_heap_zalloc(sizeof *live->seen_before);
        if (!live->seen || !live->seen_before)
            rc = smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    }
    if (rc == 0 && (live->rule.on == SMK_RULE_TRIGGER || live->rule.on == SMK_RULE_SIGNAL)) {
        uint32_t tid;
        live->trigger = smk_trigger_want(live->rule.trigger);
        if (live->trigger < 0)
            return live->trigger;
        live->triggered = smk_trigger_count(live->trigger, &tid);
    }
    if (rc == 0 && live->rule.on == SMK_RULE_SIGNAL)
        rc = smk_rule_signal_take((int)live->rule.threshold, live->rule.trigger);
    return rc;
}

static int prepare(struct smk_rule_live *live)
{
    int rc = smk_rules_check(&live->rule);
    return rc == 0 ? equip(live) : rc;
}

/* NULL and smk_last_error(). */
static struct smk_rule_live *make(const struct smk_rule *rule, enum smk_rule_origin origin)
{
    struct smk_rule_live *live = smk_heap_zalloc(sizeof *live);
    if (!live) {
        smk_fail(SMK_E_NOMEM, "the agent's heap is full");
        return NULL;
    }
    live->rule = *rule;
    live->origin = origin;
    live->set_unix_ns = smk_sys_clock(CLOCK_REALTIME);
    live->number = ++rules.made;
    return live;
}

static void append(struct smk_rule_live **list, struct smk_rule_live *live)
{
    while (*list)
        list = &(*list)->next;
    *list = live;
}

static unsigned count_of(const struct smk_rule_live *list)
{
    unsigned count = 0;
    for (; list; list = list->next)
        count++;
    return count;
}

/* ---- the recorder ------------------------------------------------------------------------------------------------ */

/* 0, or why what these need cannot be had. */
static int want_recorder(const struct smk_rule_live *list)
{
    bool needed = false, whole = false;
    uint64_t option = smk_recorder_option_ns(), reach = option; /* who does not say how far back wants no more */
    for (; list; list = list->next) {
        if (list->broken || !smk_rule_needs_recorder(&list->rule))
            continue;
        needed = true;
        whole |= list->rule.action == SMK_RULE_SNAPSHOT && list->rule.before_ns == 0 && option == 0;
        reach = smk_max_u64(reach, list->rule.before_ns);
    }
    if (needed)
        return smk_recorder_want(SMK_RECORDER_BY_RULES, 0, whole ? 0 : reach);
    smk_recorder_unwant(SMK_RECORDER_BY_RULES);
    return 0;
}

static void break_rule(struct smk_rule_live *live)
{
    live->broken = true;
    snprintf(live->why, sizeof live->why, "%s", smk_last_error());
    smk_agent_log("rule %s is broken: %s", live->rule.name, live->why);
}

void smk_rules_look_at_signals(void)
{
    uint64_t wanted = 0;
    for (struct smk_rule_live *live = rules.first; live; live = live->next) {
        if (live->broken || live->rule.on != SMK_RULE_SIGNAL)
            continue;
        if (smk_rule_signal_is_ours((int)live->rule.threshold)) {
            wanted |= UINT64_C(1) << (live->rule.threshold - 1);
        } else {
            smk_fail(SMK_E_UNAVAILABLE, "signal: the program has set a handler of its own for it");
            break_rule(live);
        }
    }
    smk_rule_signals_keep(wanted);
}

/* ---- the ledger remembers ---------------------------------------------------------------------------------------- */

/* A service that is restarted again and again captures no more often than one that runs through. */
static void fired_before(const struct smk_ledger_entry *entry)
{
    struct smk_rule_live *live = smk_rules_find(entry->rule);
    if (!live || live->broken)
        return;
    smk_guard_fired(&live->guard, entry->time_unix_ns);
    live->last = entry->cause;
    snprintf(live->last_capture, sizeof live->last_capture, "%s", entry->capture);
}

/* The same for one that is set while we run. */
static void remember_firings(struct smk_rule_live *live)
{
    size_t count = 0;
    while (smk_ledger_at(count))
        count++;
    while (count-- > 0) {
        const struct smk_ledger_entry *entry = smk_ledger_at(count);
        if (entry->kind == SMK_LEDGER_FIRED && strcmp(entry->rule, live->rule.name) == 0 &&
            strcmp(entry->service, smk_service_name()) == 0)
            smk_guard_fired(&live->guard, entry->time_unix_ns);
    }
}

static void note(const struct smk_rule_live *live, const char *what)
{
    static const char *const origins[] = {"by settings", "by a client", "as it was saved"};
    struct smk_ledger_entry entry = {.kind = SMK_LEDGER_RULE, .count = 1};
    snprintf(entry.rule, sizeof entry.rule, "%s", live->rule.name);
    snprintf(entry.reason, sizeof entry.reason, "%s", what);
    snprintf(entry.text, sizeof entry.text, "%.200s (%s)", live->rule.text, origins[live->origin]);
    smk_ledger_add(&entry);
}

/* ---- from the settings ------------------------------------------------------------------------------------------- */

/* One line; what is wrong with it is said in its state, and the others are set. */
static void add_line(const char *line, size_t len, enum smk_rule_origin origin)
{
    struct smk_rule rule;
    struct smk_rule_refusal refusal = {0};
    if (count_of(rules.first) == SMK_RULES_MAX) {
        smk_agent_log("more than %d rules: '%.*s' is left out", SMK_RULES_MAX, (int)smk_min_u64(len, 60), line);
        return;
    }
    int rc = smk_rules_read(line, len, &rule, &refusal);
    if (rc < 0)
        snprintf(rule.text, sizeof rule.text, "%s", refusal.text);
    struct smk_rule_live *same = rc == 0 ? smk_rules_find(rule.name) : NULL;
    if (same && same->origin == SMK_RULE_OF_FILE && origin == SMK_RULE_OF_SETTINGS)
        return; /* a client changed it since */
    if (same)
        rc = smk_fail(SMK_E_INVALID, "there are two rules named %s", rule.name);
    give_name(rules.first, &rule);
    struct smk_rule_live *live = make(&rule, origin);
    if (!live)
        return;
    live->persists = origin == SMK_RULE_OF_FILE;
    if (rc == 0)
        rc = prepare(live);
    append(&rules.first, live);
    if (rc == 0)
        rc = want_recorder(rules.first);
    if (rc < 0)
        break_rule(live);
}

static bool is_blank(const char *line, size_t len)
{
    size_t at = 0;
    while (at < len && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r'))
        at++;
    return at == len || line[at] == '#';
}

/* Calls `each` for every line that is not blank, until it returns an error. */
static int each_line(const char *text, size_t len,
                     int (*each)(const char *line, size_t len, uint32_t number, void *arg), void *arg)
{
    const char *end = text + len;
    int rc = 0;
    for (uint32_t number = 1; rc == 0 && text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop ? stop : end;
        size_t line = (size_t)(stop - text);
        if (line > 0 && text[line - 1] == '\r')
            line--;
        if (!is_blank(text, line))
            rc = each(text, line, number, arg);
        text = stop + 1;
    }
    return rc;
}

static int add_each(const char *line, size_t len, uint32_t number, void *arg)
{
    (void)number;
    add_line(line, len, *(const enum smk_rule_origin *)arg);
    return 0;
}

/* What a client saved counts before the settings: it came later. */
void smk_rules_begin(void)
{
    enum smk_rule_origin of_file = SMK_RULE_OF_FILE, of_settings = SMK_RULE_OF_SETTINGS;
    const char *text = smk_agent.settings.rules;
    size_t len = 0;
    char *saved = smk_rules_load_saved(&len);
    if (saved)
        each_line(saved, len, add_each, &of_file);
    smk_heap_free(saved);
    if (text)
        each_line(text, strlen(text), add_each, &of_settings);
    smk_ledger_open(fired_before);
    smk_history_begin();
    rules.open = true;
    smk_rules_watch();
    smk_rule_family_begin();
}

void smk_rules_end(void)
{
    if (!rules.open)
        return;
    smk_rules_unwatch();
    smk_rule_family_end();
    smk_rules_tell(true);
    smk_rule_run_end();
    smk_history_end();
    smk_recorder_unwant(SMK_RECORDER_BY_RULES);
    rules.open = false;
}

void smk_rules_close(void)
{
    free_list(rules.first);
    rules.first = NULL;
    smk_ledger_close();
}

/* What they hold was the parent's, and is not used again. */
void smk_rules_reset_in_child(void)
{
    memset(&rules, 0, sizeof rules);
    smk_history_reset_in_child();
    smk_rule_family_reset_in_child();
    smk_rules_watch_reset_in_child();
    smk_rule_levels_reset_in_child();
    smk_rule_signals_reset_in_child();
    smk_rule_run_reset_in_child();
    smk_ledger_reset_in_child();
}

/* ---- from a client ----------------------------------------------------------------------------------------------- */

struct reading {
    struct smk_rule_live *list;
    struct smk_rule_refusal *refusal;
    bool persist;
};

static int read_each(const char *line, size_t len, uint32_t number, void *arg)
{
    struct reading *reading = arg;
    struct smk_rule rule;
    reading->refusal->line = number;
    int rc = smk_rules_read(line, len, &rule, reading->refusal);
    if (rc == 0 && count_of(reading->list) == SMK_RULES_MAX)
        rc = smk_fail(SMK_E_LIMIT, "line %u: at most %d rules are allowed", number, SMK_RULES_MAX);
    if (rc == 0 && rule.name[0] && find_in(reading->list, rule.name))
        rc = smk_fail(SMK_E_INVALID, "line %u: there are two rules named %s", number, rule.name);
    if (rc < 0)
        return rc;
    give_name(reading->list, &rule);
    struct smk_rule_live *live = make(&rule, SMK_RULE_OF_CLIENT);
    if (!live)
        return SMK_E_NOMEM;
    live->persists = reading->persist;
    append(&reading->list, live);
    return prepare(live);
}

/* In a family the first's rules are everybody's. */
static int check_first(void)
{
    if (!smk_family_is_listed() || smk_family_is_first() || smk_family_first() == 0)
        return 0;
    return smk_fail(SMK_E_BUSY, "rules of this family are set at its first process, %d", smk_family_first());
}

/* Saves those that persist; a client that asked for it is told when that failed. */
static int save(bool persist)
{
    int rc = smk_rules_save();
    if (rc < 0)
        smk_agent_log("rules are not saved: %s", smk_last_error());
    return persist ? rc : 0;
}

int smk_rules_replace(const char *text, size_t len, bool persist, struct smk_rule_refusal *refusal)
{
    struct reading reading = {.refusal = refusal, .persist = persist};
    struct smk_rule_live *old = rules.first;
    int rc = check_first();
    if (rc == 0)
        rc = each_line(text, len, read_each, &reading);
    if (rc == 0)
        rc = want_recorder(reading.list);
    if (rc == 0) {
        rules.first = reading.list;
        rc = save(persist);
    }
    if (rc < 0) {
        rules.first = old;
        free_list(reading.list);
        smk_rules_look_at_signals();
        return rc;
    }
    smk_rules_tell(true); /* nothing: of the new ones nothing was suppressed yet */
    for (struct smk_rule_live *live = old; live; live = live->next)
        if (!smk_rules_find(live->rule.name))
            note(live, "removed");
    for (struct smk_rule_live *live = rules.first; live; live = live->next) {
        remember_firings(live);
        note(live, find_in(old, live->rule.name) ? "changed" : "set");
    }
    free_list(old);
    smk_rules_watch();
    smk_rule_family_changed();
    return 0;
}

static void put_in_place(struct smk_rule_live *live, struct smk_rule_live *old)
{
    struct smk_rule_live **at = &rules.first;
    while (*at && *at != old)
        at = &(*at)->next;
    live->next = old ? old->next : NULL;
    *at = live;
}

static void take_out(struct smk_rule_live *live)
{
    struct smk_rule_live **at = &rules.first;
    while (*at != live)
        at = &(*at)->next;
    *at = live->next;
    live->next = NULL;
}

int smk_rules_put(const char *name, const char *text, size_t len, bool persist, struct smk_rule_refusal *refusal,
                  struct smk_rule_live **out)
{
    struct smk_rule rule;
    struct smk_rule_live *old = smk_rules_find(name);
    int rc = check_first();
    if (rc == 0)
        rc = smk_rules_read(text, len, &rule, refusal);
    if (rc < 0)
        return rc;
    if (rule.name[0] && strcmp(rule.name, name) != 0)
        return smk_fail(SMK_E_INVALID, "the rule calls itself %s; allowed is %s, as in the path, or no name", rule.name,
                        name);
    if (!old && count_of(rules.first) == SMK_RULES_MAX)
        return smk_fail(SMK_E_LIMIT, "there are %d rules; so many are allowed", SMK_RULES_MAX);
    snprintf(rule.name, sizeof rule.name, "%s", name);
    struct smk_rule_live *live = make(&rule, SMK_RULE_OF_CLIENT);
    if (!live)
        return SMK_E_NOMEM;
    live->persists = persist;
    rc = prepare(live);
    if (rc < 0) {
        free_rule(live);
        return rc;
    }
    put_in_place(live, old);
    rc = want_recorder(rules.first);
    if (rc == 0)
        rc = save(persist);
    if (rc < 0) {
        if (old)
            put_in_place(old, live);
        else
            take_out(live);
        want_recorder(rules.first);
        free_rule(live);
        smk_rules_look_at_signals();
        return rc;
    }
    remember_firings(live);
    note(live, old ? "changed" : "set");
    if (old)
        free_rule(old);
    smk_rules_watch();
    smk_rule_family_changed();
    *out = live;
    return 0;
}

int smk_rules_remove(const char *name)
{
    struct smk_rule_live *live = smk_rules_find(name);
    int rc = check_first();
    if (rc < 0)
        return rc;
    if (!live)
        return smk_fail(SMK_E_NOTFOUND, "there is no rule named %s", name);
    smk_rules_tell(true);
    take_out(live);
    note(live, "removed");
    free_rule(live);
    want_recorder(rules.first);
    save(false);
    smk_rules_watch();
    smk_rule_family_changed();
    return 0;
}

/* ---- from the family's first ------------------------------------------------------------------------------------- */

struct taking {
    struct smk_rule_live *list; /* the new ones */
    int rc;                     /* of the first that is not looked for */
};

static const char *take_number(const char *at, const char *end, uint64_t *number)
{
    const char *begin = at;
    for (*number = 0; at < end && *at >= '0' && *at <= '9' && at - begin < 19; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    return at > begin && at < end && *at == ' ' ? at + 1 : NULL;
}

/* The one of this name and text, out of what is set: what it has counted goes on. */
static struct smk_rule_live *keep_same(const struct smk_rule *rule)
{
    struct smk_rule_live *same = smk_rules_find(rule->name);
    if (!same || same->broken || strcmp(same->rule.text, rule->text) != 0)
        return NULL;
    take_out(same);
    return same;
}

/* Guard rails and commands are the first's: what it may not have here is not asked. */
static int take_each(const char *line, size_t len, uint32_t count, void *arg)
{
    struct taking *taking = arg;
    const char *end = line + len;
    struct smk_rule rule;
    struct smk_rule_refusal refusal = {0};
    uint64_t number = 0, origin = 0, persists = 0;
    (void)count;
    line = take_number(line, end, &number);
    line = line ? take_number(line, end, &origin) : NULL;
    line = line ? take_number(line, end, &persists) : NULL;
    if (!line || origin > SMK_RULE_OF_FILE || count_of(taking->list) == SMK_RULES_MAX)
        return smk_fail(SMK_E_INVALID, "not understood");
    int rc = smk_rules_read(line, (size_t)(end - line), &rule, &refusal);
    if (rc < 0)
        return rc;
    struct smk_rule_live *live = keep_same(&rule);
    if (!live) {
        live = make(&rule, (enum smk_rule_origin)origin);
        rc = live ? equip(live) : SMK_E_NOMEM;
    }
    if (!live)
        return rc;
    live->origin = (enum smk_rule_origin)origin;
    live->number = number;
    rules.made = smk_max_u64(rules.made, number); /* when we are the first */
    live->persists = persists != 0;
    append(&taking->list, live);
    if (rc < 0) {
        break_rule(live);
        taking->rc = taking->rc ? taking->rc : rc;
    }
    return 0;
}

int smk_rules_take(const char *text, size_t len)
{
    struct taking taking = {0};
    if (!rules.open)
        return smk_fail(SMK_E_UNAVAILABLE, "the agent is ending");
    int rc = each_line(text, len, take_each, &taking);
    free_list(rules.first);
    rules.first = taking.list;
    if (rc == 0)
        rc = want_recorder(rules.first);
    smk_rules_watch();
    return rc ? rc : taking.rc;
}
