/* log.h: what the agent says: through the callback or into the file that the operator names, and nowhere
 * by default. One line a call; control characters are escaped here. Any thread of the agent.
 */
#ifndef SMK_AGENT_LOG_H
#define SMK_AGENT_LOG_H

#include "base/compiler.h"

void smk_agent_log(const char *format, ...) SMK_PRINTF(1, 2);

/* The audit line of an accepted or refused control action; at most 20 a second, then only counted. */
void smk_agent_audit(const char *peer, const char *action, const char *subject, int status);

#endif
