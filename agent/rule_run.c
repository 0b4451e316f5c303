#define _GNU_SOURCE
#include "rule_run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/sys.h"
#include "base/sys_run.h"
#include "heap.h"
#include "ledger.h"
#include "log.h"
#include "source/probe.h"

/* In the agent's heap: the child looks at it until it becomes the program. */
struct command {
    struct smk_sys_run run;
    char rule[SMK_RULE_NAME];
    char capture[SMK_CAPTURE_ID_SIZE];
    uint64_t began; /* CLOCK_MONOTONIC ns */
    bool killed;
    char program[SMK_RULE_PATH];
    char texts[5][1200];
    char *argv[2], *envp[6];
};

static struct command *commands[SMK_RUN_MAX];

const char *smk_rule_run_refused(void)
{
    if (!smk_agent.settings.allow_run)
        return "run: allowed only with allow_run = on, since it is the operator's to allow";
    return smk_probe_filtered() ? "run: a system-call filter is set here, and what it forbids a child is not known"
                                : NULL;
}

static void note(const char *rule, const char *capture, const char *reason, const char *text)
{
    struct smk_ledger_entry entry = {.kind = SMK_LEDGER_RAN, .count = 1};
    snprintf(entry.rule, sizeof entry.rule, "%s", rule);
    snprintf(entry.capture, sizeof entry.capture, "%s", capture);
    snprintf(entry.reason, sizeof entry.reason, "%s", reason);
    snprintf(entry.text, sizeof entry.text, "%s", text);
    smk_ledger_add(&entry);
    smk_agent_log("rule %s: command %s: %s", rule, reason, text);
}

static struct command *make(const char *rule, const char *program, const char *capture, const char *file,
                            const char *cause)
{
    struct command *c = smk_heap_zalloc(sizeof *c);
    if (!c)
        return NULL;
    snprintf(c->rule, sizeof c->rule, "%s", rule);
    snprintf(c->capture, sizeof c->capture, "%s", capture);
    snprintf(c->program, sizeof c->program, "%s", program);
    snprintf(c->texts[0], sizeof c->texts[0], "STALLMARK_RULE=%s", rule);
    snprintf(c->texts[1], sizeof c->texts[1], "STALLMARK_CAPTURE=%s", capture);
    snprintf(c->texts[2], sizeof c->texts[2], "STALLMARK_FILE=%s", file);
    snprintf(c->texts[3], sizeof c->texts[3], "STALLMARK_CAUSE=%s", cause);
    snprintf(c->texts[4], sizeof c->texts[4], "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    for (unsigned i = 0; i < 5; i++)
        c->envp[i] = c->texts[i];
    c->argv[0] = c->program;
    return c;
}

void smk_rule_run(const char *rule, const char *program, const char *capture, const char *file, const char *cause)
{
    unsigned slot = 0;
    const char *why = smk_rule_run_refused();
    while (slot < SMK_RUN_MAX && commands[slot])
        slot++;
    if (!why && slot == SMK_RUN_MAX)
        why = "as many commands run as are allowed at once";
    struct command *c = why ? NULL : make(rule, program, capture, file, cause);
    if (!c) {
        note(rule, capture, "refused", why ? why : "the agent's heap is full");
        return;
    }
    int rc = smk_sys_run_begin(&c->run, c->program, c->argv, c->envp);
    if (rc < 0) {
        note(rule, capture, "refused", strerrordesc_np(-rc));
        smk_heap_free(c);
        return;
    }
    c->began = smk_sys_clock(CLOCK_MONOTONIC);
    commands[slot] = c;
}

static void say_end(const struct command *c)
{
    char text[80];
    int status = smk_sys_run_status(&c->run);
    if (status < 0)
        note(c->rule, c->capture, "failed", strerrordesc_np(-status) ? strerrordesc_np(-status) : "unknown");
    else if (status & 0x7f)
        snprintf(text, sizeof text, "ended by signal %d%s", status & 0x7f, c->killed ? ", after a minute" : "");
    else
        snprintf(text, sizeof text, "exit code %d", status >> 8 & 255);
    if (status >= 0)
        note(c->rule, c->capture, "ended", text);
}

void smk_rule_run_look(void)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < SMK_RUN_MAX; i++) {
        struct command *c = commands[i];
        if (!c)
            continue;
        if (smk_sys_run_reap(&c->run)) {
            say_end(c);
            smk_heap_free(c);
            commands[i] = NULL;
        } else if (now - c->began > SMK_RUN_NS) {
            c->killed = true;
            smk_sys_run_kill(&c->run);
        }
    }
}

void smk_rule_run_end(void)
{
    for (unsigned i = 0; i < SMK_RUN_MAX; i++) {
        if (!commands[i])
            continue;
        smk_sys_run_kill(&commands[i]->run);
        for (int step = 0; step < 50 && !smk_sys_run_reap(&commands[i]->run); step++)
            smk_sys_sleep(2000000);
        if (smk_sys_run_reaped(&commands[i]->run))
            smk_heap_free(commands[i]); /* else its memory stays: a child may look at it */
        commands[i] = NULL;
    }
}

void smk_rule_run_reset_in_child(void) { memset(commands, 0, sizeof commands); }
