/* pprof_route.h: who waits for a profile while the agent ends. */
#ifndef SMK_AGENT_PPROF_ROUTE_H
#define SMK_AGENT_PPROF_ROUTE_H

/* At the loop's end, on it, before captures end. */
void smk_pprof_end(void);
/* In a fork's child nobody waits. */
void smk_pprof_reset_in_child(void);

#endif
