/* fronts.h: the three doors to the one route table, as the control loop starts and stops them.
 *
 *   front_civetweb.c   TCP. civetweb is loaded privately (dlopen) and only when an address is given. All is
 *                      decided in its begin_request callback; nothing ever reaches its own handlers.
 *   front_unix.c       unix socket: evhttp on the control loop; peer credentials are checked at dispatch.
 *   front_evhttp.c     smk_agent_handle_evhttp(): a service's own evhttp; answers come back through an
 *                      eventfd on the service's event base; never waits.
 *
 * All run on the control loop's thread but where said. Errors: SMK_E_… and smk_last_error().
 */
#ifndef SMK_AGENT_FRONTS_H
#define SMK_AGENT_FRONTS_H

#include "base/compiler.h"
#include "settings.h"

struct event_base;

/* Reads tokens and allowed hosts out of the settings; before any front. SMK_E_INVALID: a token file that
 * others may read, a symbolic link, empty, too long; an address that is not loopback without
 * allow_remote and a token. gate.c. */
int smk_gate_open_doors(const struct smk_settings *settings);
void smk_gate_close_doors(void);

int smk_front_tcp_start(const struct smk_settings *settings);
void smk_front_tcp_stop(void);
/* "127.0.0.1:6060" as bound, "" when there is none. Any thread. */
void smk_front_tcp_address(char *text, size_t size);

int smk_front_unix_start(struct event_base *base, const struct smk_settings *settings);
void smk_front_unix_stop(void);
/* Its path, "" when there is none. Any thread. */
void smk_front_unix_path(char *text, size_t size);

struct smk_fronts_stats {
    uint64_t requests[3];      /* by enum smk_front */
    uint64_t refused;          /* by the gate */
    uint64_t unauthorized;     /* 401 and 403 for want of a token or scope */
    uint64_t throttled;        /* 429 */
    uint64_t busy;             /* 503: too many waiting or downloading clients */
    uint64_t cut;              /* downloads cut: stalled, or failed while sending */
    uint64_t accept_failures;  /* no descriptor for a connection */
    uint64_t audit_suppressed; /* audit lines above the rate */
};

void smk_fronts_get_stats(struct smk_fronts_stats *stats);

/* In a fork's child: doors, connections and threads are the parent's. */
void smk_fronts_reset_in_child(void);

#endif
