/* preload_stderr.h: see preload_stderr.c. */
#ifndef SMK_AGENT_PRELOAD_STDERR_H
#define SMK_AGENT_PRELOAD_STDERR_H

/* Before the first call into an archive. */
void smk_preload_make_stderr(void);

#endif
