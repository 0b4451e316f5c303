/* rule_run.h: a rule's command. Off unless allow_run is on. The control loop's.
 *
 * No shell: the program at an absolute path, without arguments, with STALLMARK_RULE, STALLMARK_CAPTURE,
 * STALLMARK_FILE and STALLMARK_CAUSE in an environment that has PATH besides. Its input is empty, what it says
 * goes nowhere, it is ended after SMK_RUN_NS. The host never has a child that it did not make (base/sys_run.c).
 */
#ifndef SMK_AGENT_RULE_RUN_H
#define SMK_AGENT_RULE_RUN_H

#include "base/compiler.h"

#define SMK_RUN_MAX 4 /* at once; what comes then is refused, and told */
#define SMK_RUN_NS  UINT64_C(60000000000)

void smk_rule_run(const char *rule, const char *program, const char *capture, const char *file, const char *cause);

/* NULL, or why commands are not run here. */
const char *smk_rule_run_refused(void);

/* Looks after those that run; with the look for rules. */
void smk_rule_run_look(void);
/* Ends those that run. */
void smk_rule_run_end(void);
/* They are the parent's. */
void smk_rule_run_reset_in_child(void);

#endif
