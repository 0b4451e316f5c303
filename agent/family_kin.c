#define _GNU_SOURCE
#include "family_kin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/entries.h"
#include "base/proc_stat.h"
#include "base/sys.h"
#include "family.h"

#define LINES_MAX 16 /* the rest is counted */

struct look {
    const int *known;
    uint32_t count;
    char *text;
    size_t size;
    unsigned found;
};

static bool is_known(const struct look *look, int pid)
{
    for (uint32_t i = 0; i < look->count; i++)
        if (look->known[i] == pid)
            return true;
    return pid == smk_sys_getpid();
}

/* A process that executed another program is none of the family; a dead one is nothing. */
static bool runs_our_program(int pid)
{
    char path[40], ours[1024], its[1024];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    int a = smk_sys_readlink("/proc/self/exe", ours, sizeof ours);
    int b = smk_sys_readlink(path, its, sizeof its);
    return a > 0 && a == b && memcmp(ours, its, (size_t)a) == 0;
}

static int parent_of(int pid, char name[32])
{
    char path[40], text[512];
    struct smk_proc_stat stat;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (smk_sys_slurp(path, text, sizeof text) <= 0 || !smk_proc_stat_parse(&stat, text) || stat.state == 'Z')
        return 0;
    snprintf(name, 32, "%.*s", (int)stat.name_len, stat.name);
    return (int)smk_proc_stat_number(&stat, SMK_STAT_PARENT);
}

static void look_at(struct look *look, int pid)
{
    char name[32];
    int parent = is_known(look, pid) ? 0 : parent_of(pid, name);
    if (parent == 0 || !is_known(look, parent) || smk_family_has(pid) || !runs_our_program(pid))
        return;
    size_t len = strlen(look->text);
    if (look->found++ < LINES_MAX)
        snprintf(look->text + len, look->size - len, "%s%d (%s): no agent, since it has not polled or accepted yet",
                 len ? "\n" : "", pid, name);
}

void smk_kin_without_agent(const int *known, uint32_t count, char *text, size_t size)
{
    struct look look = {.known = known, .count = count, .text = text, .size = size};
    struct smk_entries entries;
    int proc = smk_sys_open("/proc", O_RDONLY | O_DIRECTORY, 0);
    smk_entries_begin(&entries, proc);
    for (const char *name; proc >= 0 && (name = smk_entries_next(&entries)) != NULL;)
        if (smk_entry_number(name) > 0)
            look_at(&look, (int)smk_entry_number(name));
    if (proc >= 0)
        smk_sys_close(proc);
    size_t len = strlen(text);
    if (look.found > LINES_MAX)
        snprintf(text + len, size - len, "\n%u more without an agent", look.found - LINES_MAX);
}
