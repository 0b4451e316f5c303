/* family_kin.h: processes that are of the family and have no agent: seen in /proc alone. */
#ifndef SMK_AGENT_FAMILY_KIN_H
#define SMK_AGENT_FAMILY_KIN_H

#include "base/compiler.h"

/* Children of this process and of those `known`, of the same program, that have none: a line each behind what is
 * in `text`. Reads /proc; any thread of ours. */
void smk_kin_without_agent(const int *known, uint32_t count, char *text, size_t size);

#endif
