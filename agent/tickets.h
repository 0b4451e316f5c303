/* tickets.h: keys that open one download once, for a minute.
 *
 * A browser's download carries no Authorization header, and a token does not stand in a URL. So the control page asks,
 * with its token, for a ticket: 128 random bits that stand in the URL in its place. It opens GET of this one capture,
 * once; what is in a proxy's log or in the history afterwards opens nothing.
 *
 * Who owns the tickets locks them (doors.c).
 */
#ifndef SMK_AGENT_TICKETS_H
#define SMK_AGENT_TICKETS_H

#include "base/compiler.h"
#include "stallmark/capture.h"

#define SMK_TICKET_SIZE 33 /* 32 hexadecimal digits and NUL */
#define SMK_TICKET_NS   UINT64_C(60000000000)
#define SMK_TICKETS_MAX 16u /* the oldest makes room */

struct smk_ticket {
    uint64_t until; /* CLOCK_MONOTONIC; 0: there is none */
    char key[SMK_TICKET_SIZE];
    char id[SMK_CAPTURE_ID_SIZE];
};

struct smk_tickets {
    struct smk_ticket array[SMK_TICKETS_MAX];
};

/* A new one for the capture `id`, written to `key`. 0, or SMK_E_UNAVAILABLE: the system gives no random bits. */
int smk_tickets_give(struct smk_tickets *tickets, const char *id, uint64_t now, char key[SMK_TICKET_SIZE]);

/* True, and the ticket is used up, when `query` has one (ticket=KEY) that opens `path`. */
bool smk_tickets_take(struct smk_tickets *tickets, const char *path, const char *query, uint64_t now);

#endif
