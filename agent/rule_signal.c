#include "rule_signal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "base/sys.h"
#include "core/trigger.h"
#include "source/probe.h"
#include "stallmark/abi.h"

#define SIGNALS 64u

/* By number less one. */
static struct {
    char trigger[SMK_TRIGGER_NAME_MAX]; /* as long as the process: a handler may be late */
    bool ours;
} taken[SIGNALS];

static uint64_t bit_of(int number) { return UINT64_C(1) << (number - 1); }

int smk_rule_signal_number(const char *name, size_t len)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {{"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGURG", SIGURG}, {"SIGWINCH", SIGWINCH}};
    static const char rt[] = "SIGRTMIN+";
    size_t head = sizeof rt - 1;
    for (size_t i = 0; i < SMK_ARRAY_LEN(names); i++)
        if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
            return names[i].number;
    if (len <= head || len > head + 2 || memcmp(name, rt, head) != 0)
        return 0;
    int more = 0;
    for (size_t i = head; i < len; i++) {
        if (name[i] < '0' || name[i] > '9')
            return 0;
        more = more * 10 + (name[i] - '0');
    }
    return SIGRTMIN + more <= SIGRTMAX ? SIGRTMIN + more : 0;
}

const char *smk_rule_signal_refused(void)
{
    if (!smk_agent.settings.allow_signals)
        return "signal: allowed only with allow_signals = on, since its handler interrupts waits of the program";
    return smk_probe_filtered() ? "signal: a system-call filter is set here, and what it forbids is not known" : NULL;
}

/* ---- taking and giving back -------------------------------------------------------------------------------------- */

/* On a thread of the program's: errno stays, and nothing but a number changes. */
static void count(int number) { smk_abi_trigger(taken[number - 1].trigger); }

static bool is_count(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == count;
}

/* By the first thread: who waits for a signal in sigwait or with a signalfd blocks it everywhere. */
static bool is_blocked(int number)
{
    char text[4096];
    const char *line = smk_sys_slurp("/proc/self/status", text, sizeof text) > 0 ? strstr(text, "\nSigBlk:") : NULL;
    return line && (strtoull(line + 8, NULL, 16) & bit_of(number));
}

static bool is_free(const struct sigaction *action)
{
    return is_count(action) || (!(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL);
}

/* Looked at first, so that a handler of the program's is not away for a moment; then at what was replaced, which
 * it may have set in between. */
static int set_handler(int number)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART | SA_ONSTACK}, old;
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &old) != 0)
        return smk_fail(SMK_E_UNAVAILABLE, "signal: the kernel does not give it away");
    if (is_free(&old)) {
        sigaction(number, &action, &old);
        if (is_free(&old))
            return 0;
        sigaction(number, &old, NULL);
    }
    return smk_fail(SMK_E_UNAVAILABLE, "signal: the program %s it; allowed is one of " SMK_RULE_SIGNALS
                                       " that it does not use",
                    !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_IGN ? "ignores" : "has a handler for");
}

int smk_rule_signal_take(int number, const char *trigger)
{
    if (is_blocked(number))
        return smk_fail(SMK_E_UNAVAILABLE, "signal: the program blocks it, as for sigwait; allowed is one of "
                                           SMK_RULE_SIGNALS " that it does not use");
    if (!taken[number - 1].ours)
        snprintf(taken[number - 1].trigger, sizeof taken->trigger, "%s", trigger);
    int rc = set_handler(number);
    taken[number - 1].ours |= rc == 0;
    return rc;
}

bool smk_rule_signal_is_ours(int number)
{
    struct sigaction now;
    if (taken[number - 1].ours && sigaction(number, NULL, &now) == 0)
        taken[number - 1].ours = is_count(&now);
    return taken[number - 1].ours;
}

static void give_back(int number)
{
    struct sigaction standard = {.sa_handler = SIG_DFL}, old;
    taken[number - 1].ours = false;
    if (sigaction(number, &standard, &old) == 0 && !is_count(&old))
        sigaction(number, &old, NULL); /* the program's own, since the last look */
}

void smk_rule_signals_keep(uint64_t wanted)
{
    for (int number = 1; number <= (int)SIGNALS; number++)
        if (taken[number - 1].ours && !(wanted & bit_of(number)))
            give_back(number);
}

void smk_rule_signals_reset_in_child(void) { smk_rule_signals_keep(0); }
