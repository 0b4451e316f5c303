/* locknames.h: names that the program gave to its locks, by address. Kept outside the buffer, so that
 * a lock named at start is named in every capture. Bounded; any thread. */
#ifndef SMK_CORE_LOCKNAMES_H
#define SMK_CORE_LOCKNAMES_H

#include "base/compiler.h"

#define SMK_LOCKNAMES_MAX 4096u

int smk_locknames_init(void);

/* `name` is an id of smk_strings. A later name of the same address replaces the earlier one. */
void smk_locknames_set(uint64_t address, uint32_t name);

/* What has the name is gone. Its entry stays, for the next name of this address. */
void smk_locknames_forget(uint64_t address);

uint32_t smk_locknames_count(void);

/* Calls visit for each until it returns false. */
void smk_locknames_each(bool (*visit)(uint64_t address, uint32_t name, void *arg), void *arg);

#endif
