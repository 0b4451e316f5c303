/* agent_options.h: what the agent in a program will be told by its environment and its config file, read
 * here beforehand: the agent has nobody to whom it could say what is wrong with it. It is the agent's own
 * code that reads and judges (agent/settings.c, token.c, hosts.c).
 */
#ifndef SMK_TOOLS_AGENT_OPTIONS_H
#define SMK_TOOLS_AGENT_OPTIONS_H

#include "base/compiler.h"

struct smk_agent_answers {
    char listen[128]; /* "": not set */
    char socket[256]; /* "": not set; "off" */
    bool token;       /* one is asked for */
};

/* Of this process's environment as it is now. 0, or SMK_EXIT_USAGE, said. */
int smk_agent_options_check(struct smk_agent_answers *answers);

/* A value of --recorder: 0, or SMK_EXIT_USAGE, said. */
int smk_agent_check_recorder(const char *text);

#endif
