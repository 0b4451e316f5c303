/* rule_levels.h: what is not an event but a level: CPU and memory of the process, and threads without a CPU. The
 * control loop's; read from the kernel, for as long as a rule is about it.
 */
#ifndef SMK_AGENT_RULE_LEVELS_H
#define SMK_AGENT_RULE_LEVELS_H

#include "rules.h"

/* `look` counts them: some are read once a second. */
void smk_rule_levels_look(uint32_t look);
void smk_rule_levels_end(void);
void smk_rule_levels_reset_in_child(void);

/* rule_watch.c: the level of the rule is above its threshold, or not. */
void smk_rule_level(struct smk_rule_live *live, bool above, uint64_t value);

#endif
