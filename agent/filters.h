/* filters.h: system calls that a filter of the host's would end the process for. */
#ifndef SMK_AGENT_FILTERS_H
#define SMK_AGENT_FILTERS_H

#include "base/compiler.h"

/* Where the calling thread has a filter, tries what the agent needs beyond the library, in a child of whose
 * end nobody is told. 0, or SMK_E_UNAVAILABLE and which calls. Before the agent's first own call. */
int smk_filters_check(void);

#endif
