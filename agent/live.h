/* live.h: the live figures of core/routes.h, for /metrics and /debug/trace/status. The control loop's. */
#ifndef SMK_AGENT_LIVE_H
#define SMK_AGENT_LIVE_H

#include "json.h"
#include "settings.h"

/* The settings that belong to them, before anything is armed. Some of them cannot be changed once something was:
 * then the log says so. */
void smk_live_begin(const struct smk_settings *settings);

/* Histograms of requests by route and of waits by kind in Prometheus' text format: memory of the agent's heap,
 * NULL: there was none. As many series as there are routes, which core bounds. */
char *smk_live_metrics(size_t *len);

/* "requests": how many routes there are, and what was not told apart. */
void smk_live_put_status(struct smk_json *json);

#endif
