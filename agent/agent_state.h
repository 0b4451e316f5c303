/* agent_state.h: what the files of the agent share. The control loop's own: no lock. */
#ifndef SMK_AGENT_STATE_H
#define SMK_AGENT_STATE_H

#include "base/compiler.h"
#include "settings.h"

#define SMK_AGENT_WHY 256

struct smk_agent {
    struct smk_settings settings;
    uint64_t started_unix_ns;
    char fronts_why[SMK_AGENT_WHY];    /* why the fronts are closed; "" */
    char socket_why[SMK_AGENT_WHY];    /* why there is no unix socket; "" */
    char tcp_why[SMK_AGENT_WHY];       /* why we have no TCP front though we are the first; "" */
    char buffer_why[SMK_AGENT_WHY];    /* why the buffer is not as large as asked for; "" */
};

extern struct smk_agent smk_agent;

/* Closes the doors, for good, and says why in status. */
void smk_agent_close_fronts(const char *why);

/* False, and the fronts closed, when our threads may more than the host's main thread. privileges.c. */
bool smk_agent_check_privileges(void);

#endif
