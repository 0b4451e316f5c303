/* trigger.h: smk_trigger(name) of the program, counted by name for the rules that wait for it. Names are never
 * removed, so whoever calls needs no lock.
 */
#ifndef SMK_CORE_TRIGGER_H
#define SMK_CORE_TRIGGER_H

#include "base/compiler.h"

#define SMK_TRIGGERS_MAX     32
#define SMK_TRIGGER_NAME_MAX 33

/* From now on calls with this name are counted. The name's number, or SMK_E_LIMIT: there are too many. The
 * control loop's. */
int smk_trigger_want(const char *name);
/* How often the name was called since then, and the thread that did so last. */
uint64_t smk_trigger_count(int number, uint32_t *tid);

#endif
