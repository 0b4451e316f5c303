/* log.h: what the agent says: through the callback or into the file that the operator names, and nowhere
 * by default. One line a call; control characters are escaped here. Any thread of the agent.
 */
#ifndef SMK_AGENT_LOG_H
#define SMK_AGENT_LOG_H

#include "base/compiler.h"

/* Where the lines go: `path` NULL: no file; `call` NULL: no callback. 0, or SMK_E_IO and
 * SMK_E_INVALID: the file cannot be written, or is no regular file of ours. */
int smk_log_open(const char *path, void (*call)(void *arg, const char *line), void *arg);
void smk_log_close(void);

void smk_agent_log(const char *format, ...) SMK_PRINTF(1, 2);

/* The audit line of an accepted or refused control action; at most 20 a second, then only counted. */
void smk_agent_audit(const char *peer, const char *action, const char *subject, int status);
/* Lines that were only counted. */
uint64_t smk_agent_audit_suppressed(void);

/* In a fork's child: the file and the callback are the parent's. */
void smk_log_reset_in_child(void);

#endif
