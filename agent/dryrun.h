/* dryrun.h: what a timed capture would bring and cost, without one: /debug/trace?dryrun=1.
 *
 * While nothing is armed nothing is counted, so what is asked for is recorded for SMK_PROBE_NS, into a sink that
 * counts and keeps nothing, and told for the duration that was asked for. A timed capture that runs is asked
 * instead. The probe is none of the agent's captures: no file, no place in the list, and it keeps nobody from
 * arming meanwhile. One at a time. The control loop's.
 */
#ifndef SMK_AGENT_DRYRUN_H
#define SMK_AGENT_DRYRUN_H

#include "captures.h"

#define SMK_PROBE_NS UINT64_C(200000000)

/* Answers the exchange, now or when the probe has ended. */
void smk_dryrun_answer(struct smk_exchange *exchange, const struct smk_arm *arm);

void smk_dryrun_open(void);
/* Ends the probe, if there is one, and waits for it, at most `ns`. */
void smk_dryrun_end(uint64_t ns);

#endif
