#define _GNU_SOURCE
#include "family.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/proc_stat.h"
#include "base/sys.h"
#include "control.h"
#include "family_wire.h"

/* How long a child whose parent lives waits until it takes the first's place. */
#define PATIENCE_NS UINT64_C(1000000000)
/* A process that died and that nobody has waited for exists; that nobody listens any more tells. */
#define LISTENS_EVERY_NS UINT64_C(2000000000)

struct entry {
    uint32_t pid;   /* atomic; 0: free */
    uint32_t ready; /* atomic: its name is there, and it listens */
    uint8_t name[SMK_FAMILY_NAME];
};

struct table {
    uint32_t first;    /* atomic: pid; 0: nobody */
    uint32_t unlisted; /* atomic: processes with an agent that found no room */
    struct entry entries[SMK_FAMILY_MAX];
};

static struct table *table; /* made by the thread that forks, once; atomic */
static uint32_t prepared;   /* atomic */
static int forker;          /* pid: of the process that forked last, which is our parent in a child */

/* The control loop's. */
static struct entry *own; /* NULL: not in the table */
static bool unlisted;     /* and has been counted among those without room */
static uint64_t patient_since, asked_at;

static struct table *get_table(void) { return smk_load_acquire(&table); } /* pairs with: before_fork */

/* ---- fork ------------------------------------------------------------------------------------------------- */

/* The thread that forks, a host's: it may not fail, and does no more than it must. A process that already runs
 * as the only one is the first of what it begins. */
static void before_fork(void)
{
    forker = smk_sys_getpid();
    if (smk_load_relaxed(&table))
        return;
    struct table *made = smk_sys_map_shared(sizeof *made), *none = NULL;
    if (!made)
        return;
    if (smk_control_running())
        made->first = (uint32_t)forker;
    if (!smk_cas_acq_rel(&table, &none, made)) /* pairs with: get_table */
        smk_sys_unmap(made, sizeof *made);
}

void smk_family_prepare(void)
{
    if (smk_exchange_acq_rel(&prepared, 1) == 0) /* pairs with: ourselves */
        pthread_atfork(before_fork, NULL, NULL);
}

/* The table stays: it is what makes us a family. */
void smk_family_reset_in_child(void)
{
    own = NULL;
    unlisted = false;
    patient_since = asked_at = 0;
}

/* ---- in and out ------------------------------------------------------------------------------------------- */

/* A zombie does not: where the first of a container reaps nobody, that is what the dead are. One whose first
 * thread has ended looks like a zombie too, but has others. */
static bool lives(int pid)
{
    char path[40], text[512];
    struct smk_proc_stat stat;
    if (!smk_sys_process_exists(pid))
        return false;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (smk_sys_slurp(path, text, sizeof text) <= 0 || !smk_proc_stat_parse(&stat, text))
        return true;
    return stat.state != 'Z' || smk_proc_stat_number(&stat, SMK_STAT_THREADS) > 1;
}

static bool is_gone(const struct entry *entry, uint32_t pid)
{
    return !lives((int)pid) ||
           (smk_load_acquire(&entry->ready) && /* pairs with: smk_family_enter */
            smk_wire_nobody_listens(entry->name));
}

static struct entry *take_entry(struct table *t, uint32_t pid)
{
    for (uint32_t i = 0; i < SMK_FAMILY_MAX; i++) {
        struct entry *entry = &t->entries[i];
        uint32_t was = smk_load_relaxed(&entry->pid);
        if (was != 0 && was != pid && !is_gone(entry, was))
            continue;
        if (!smk_cas_acq_rel(&entry->pid, &was, pid)) /* pairs with: smk_family_others */
            continue;
        smk_store_relaxed(&entry->ready, 0);
        return entry;
    }
    return NULL;
}

bool smk_family_enter(uint8_t name[SMK_FAMILY_NAME])
{
    struct table *t = get_table();
    if (!t)
        return false;
    if (!own)
        own = take_entry(t, (uint32_t)smk_sys_getpid());
    if (!own) {
        if (!unlisted)
            smk_add_relaxed(&t->unlisted, 1);
        unlisted = true;
        return false;
    }
    memcpy(own->name, name, SMK_FAMILY_NAME);
    smk_store_release(&own->ready, 1); /* pairs with: smk_family_others */
    return true;
}

void smk_family_leave(void)
{
    struct table *t = get_table();
    uint32_t self = (uint32_t)smk_sys_getpid();
    if (t)
        smk_cas_acq_rel(&t->first, &(uint32_t){self}, 0); /* pairs with: smk_family_lead */
    if (own) {
        smk_store_relaxed(&own->ready, 0);
        smk_store_release(&own->pid, 0); /* pairs with: take_entry */
    }
    own = NULL;
}

/* ---- the first -------------------------------------------------------------------------------------------- */

int smk_family_first(void)
{
    struct table *t = get_table();
    return t ? (int)smk_load_acquire(&t->first) : smk_sys_getpid(); /* pairs with: smk_family_lead */
}

bool smk_family_is_first(void) { return smk_family_first() == smk_sys_getpid(); }

bool smk_family_is_listed(void) { return own != NULL; }

static const struct entry *find(const struct table *t, uint32_t pid)
{
    for (uint32_t i = 0; i < SMK_FAMILY_MAX; i++)
        if (smk_load_relaxed(&t->entries[i].pid) == pid)
            return &t->entries[i];
    return NULL;
}

static bool first_is_gone(struct table *t, uint32_t first, uint64_t now)
{
    if (!lives((int)first))
        return true;
    if (now - asked_at < LISTENS_EVERY_NS)
        return false;
    asked_at = now;
    const struct entry *entry = find(t, first);
    return entry && is_gone(entry, first);
}

/* Ours is alive, and may become the first itself: a master's workers wait for something before it does. */
static bool parent_may_come(uint64_t now)
{
    if (!smk_family_is_child() || smk_sys_getppid() != forker)
        return false;
    if (patient_since == 0)
        patient_since = now;
    return now - patient_since < PATIENCE_NS;
}

bool smk_family_lead(void)
{
    struct table *t = get_table();
    uint32_t self = (uint32_t)smk_sys_getpid();
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    if (!t)
        return true;
    uint32_t first = smk_load_acquire(&t->first); /* pairs with: ourselves, in another process */
    if (first == self)
        return true;
    if (first != 0 && !first_is_gone(t, first, now))
        return false;
    if (parent_may_come(now))
        return false;
    return smk_cas_acq_rel(&t->first, &first, self); /* pairs with: smk_family_first */
}

/* ---- the others ------------------------------------------------------------------------------------------- */

uint32_t smk_family_others(struct smk_family_process *list)
{
    struct table *t = get_table();
    uint32_t count = 0, self = (uint32_t)smk_sys_getpid();
    for (uint32_t i = 0; t && i < SMK_FAMILY_MAX; i++) {
        const struct entry *entry = &t->entries[i];
        uint32_t pid = smk_load_acquire(&entry->pid); /* pairs with: take_entry */
        if ((int)pid <= 0 || pid == self || !smk_load_acquire(&entry->ready)) /* pairs with: smk_family_enter */
            continue;
        if (!lives((int)pid))
            continue;
        list[count].pid = (int)pid;
        memcpy(list[count++].name, entry->name, SMK_FAMILY_NAME);
    }
    return count;
}

bool smk_family_has(int pid)
{
    struct table *t = get_table();
    const struct entry *entry = t && pid > 0 ? find(t, (uint32_t)pid) : NULL;
    return pid == smk_sys_getpid() || (entry && lives(pid));
}

uint32_t smk_family_unlisted(void)
{
    struct table *t = get_table();
    return t ? smk_load_relaxed(&t->unlisted) : 0;
}

bool smk_family_exists(void) { return get_table() != NULL; }
bool smk_family_is_child(void) { return forker != 0 && forker != smk_sys_getpid(); }
