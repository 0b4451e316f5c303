/* cost.h: what one event costs here, measured once in this process on a buffer of its own. */
#ifndef SMK_CORE_COST_H
#define SMK_CORE_COST_H

#include "base/compiler.h"

/* Measures; some 50 us. The writer, once. */
void smk_cost_measure(void);

/* ns, rounded up; 0 before the measurement. Any thread. */
uint64_t smk_cost_event_ns(void);

#endif
