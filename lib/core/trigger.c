#include "core/trigger.h"

#include <string.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/sys.h"
#include "stallmark/abi.h"

static struct {
    char name[SMK_TRIGGER_NAME_MAX]; /* written before `wanted` counts it */
    uint64_t count;                  /* atomic */
    uint32_t tid;                    /* atomic */
} triggers[SMK_TRIGGERS_MAX];
static uint32_t wanted; /* atomic */

int smk_trigger_want(const char *name)
{
    uint32_t count = smk_load_relaxed(&wanted);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(triggers[i].name, name) == 0)
            return (int)i;
    if (count == SMK_TRIGGERS_MAX || strlen(name) >= SMK_TRIGGER_NAME_MAX)
        return smk_fail(SMK_E_LIMIT, "a process may wait for %u names of triggers in its life", SMK_TRIGGERS_MAX);
    memcpy(triggers[count].name, name, strlen(name) + 1);
    smk_store_release(&wanted, count + 1); /* pairs with: smk_abi_trigger */
    return (int)count;
}

uint64_t smk_trigger_count(int number, uint32_t *tid)
{
    *tid = smk_load_relaxed(&triggers[number].tid);
    return smk_load_relaxed(&triggers[number].count);
}

void smk_abi_trigger(const char *name)
{
    uint32_t count = smk_load_acquire(&wanted); /* pairs with: smk_trigger_want */
    for (uint32_t i = 0; SMK_UNLIKELY(i < count) && name; i++)
        if (strcmp(triggers[i].name, name) == 0) {
            smk_store_relaxed(&triggers[i].tid, (uint32_t)smk_sys_gettid());
            smk_add_relaxed(&triggers[i].count, 1);
            return;
        }
}
