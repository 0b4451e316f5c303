/* family_ask.h: live views of another process of the family: its first, who has the front, asks it, and hands on what
 * it says.
 *
 *     first                                   another process
 *     ─────                                   ───────────────
 *     connect, ASK ─────────────────────────▶ the route's handler, as if its own socket had been asked
 *                    ◀─────────────────────── SAID, CHUNKS … END
 *
 * Nothing here waits: what the connection has no room for is sent a little later. Whoever does not answer within
 * SMK_ASK_NS is said to hang. The control loop's.
 */
#ifndef SMK_AGENT_FAMILY_ASK_H
#define SMK_AGENT_FAMILY_ASK_H

#include "exchange.h"
#include "family_wire.h"
#include "routes.h"

#define SMK_ASK_NS  UINT64_C(3000000000)
#define SMK_ASK_MAX 8u /* at once, in either direction; the next are refused */

/* What the parameter `pid` is, in the tables of those routes. */
#define SMK_ASK_PARAMETER {"pid", "a process of the family; the one that is asked"}

/* The query names another process: it is asked, and the exchange is answered then, or is already. False: it is about
 * this one. */
bool smk_ask_other(struct smk_exchange *exchange, const struct smk_route_match *match);

/* In the other: answers over this descriptor, which is ours from now on. */
void smk_ask_serve(int fd, const struct smk_wire_ask *ask);

/* The end of the agent: who still waits is told so. */
void smk_ask_close(void);
void smk_ask_reset_in_child(void);

#endif
