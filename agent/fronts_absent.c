/* fronts_absent.c: the doors where a build has none of them: each may be defined elsewhere. */
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "fronts.h"

#define WEAK __attribute__((weak))

WEAK int smk_gate_open_doors(const struct smk_settings *settings)
{
    (void)settings;
    return 0;
}

WEAK void smk_gate_close_doors(void) {}

WEAK int smk_front_tcp_start(const struct smk_settings *settings)
{
    (void)settings;
    return smk_fail(SMK_E_UNAVAILABLE, "this build has no TCP front");
}

WEAK void smk_front_tcp_stop(void) {}

WEAK void smk_front_tcp_address(char *text, size_t size) { snprintf(text, size, "%s", ""); }

WEAK int smk_front_unix_start(struct event_base *base, const struct smk_settings *settings)
{
    (void)base;
    (void)settings;
    return smk_fail(SMK_E_UNAVAILABLE, "this build has no unix socket");
}

WEAK void smk_front_unix_stop(void) {}

WEAK void smk_front_unix_path(char *text, size_t size) { snprintf(text, size, "%s", ""); }

WEAK void smk_fronts_get_stats(struct smk_fronts_stats *stats) { memset(stats, 0, sizeof *stats); }

WEAK SMK_EXPORT bool smk_agent_handle_evhttp(struct evhttp_request *request)
{
    (void)request;
    return false;
}
