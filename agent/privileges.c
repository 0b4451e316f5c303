/* privileges.c: do our threads have rights that the host has given up since?
 *
 * Capabilities, user ids, seccomp and no_new_privs belong to threads. Ours have what the thread had that
 * started us; a host that drops rights afterwards drops its own only, and our fronts would be a door to
 * the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_state.h"
#include "base/sys.h"
#include "control.h"
#include "log.h"

struct rights {
    uint64_t uid, capabilities, seccomp, no_new_privs;
};

/* The number behind "Name:"; `skip` fields before it. */
static uint64_t field(const char *text, const char *name, int skip, int base)
{
    const char *at = strstr(text, name);
    if (!at)
        return 0;
    at += strlen(name);
    for (; skip > 0; skip--) {
        at += strspn(at, " \t");
        at += strcspn(at, " \t\n");
    }
    return strtoull(at, NULL, base);
}

static bool read_rights(int tid, struct rights *rights)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
    if (smk_sys_slurp(path, text, sizeof text) <= 0)
        return false;
    rights->uid = field(text, "\nUid:", 1, 10); /* the effective one */
    rights->capabilities = field(text, "\nCapEff:", 0, 16);
    rights->no_new_privs = field(text, "\nNoNewPrivs:", 0, 10);
    rights->seccomp = field(text, "\nSeccomp:", 0, 10);
    return true;
}

static const char *what_is_more(const struct rights *ours, const struct rights *host)
{
    if (ours->uid != host->uid)
        return "another user id than the program has now";
    if (ours->capabilities & ~host->capabilities)
        return "capabilities that the program has given up";
    if (ours->seccomp < host->seccomp)
        return "no system call filter, though the program has one";
    if (ours->no_new_privs < host->no_new_privs)
        return "no no_new_privs, though the program has it";
    return NULL;
}

bool smk_agent_check_privileges(void)
{
    struct rights ours, host;
    if (smk_agent.fronts_why[0])
        return false;
    if (!read_rights(smk_sys_gettid(), &ours) || !read_rights(smk_sys_getpid(), &host))
        return true; /* no /proc, or a main thread that has ended: nothing to compare with */
    const char *more = what_is_more(&ours, &host);
    if (!more)
        return true;
    char why[SMK_AGENT_WHY];
    snprintf(why, sizeof why, "the agent's threads have %s: start the agent after that", more);
    smk_agent_close_fronts(why);
    smk_agent_log("fronts closed: %s", why);
    return false;
}
