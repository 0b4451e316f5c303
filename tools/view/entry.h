/* entry.h: who may ask. Before anything else is looked at: a page of somebody else in the same browser can send
 * requests to this server, and any user of this machine can connect to it.
 *
 *   Host            127.x.y.z or localhost, with any port (a forwarded one is another): names that a foreign name
 *                   server can lead here (rebinding) are refused
 *   Origin          where there is one, this very Host
 *   Sec-Fetch-Site  where there is one, same-origin or none; but the page itself, in which nothing of a trace is, may
 *                   be navigated to from anywhere
 *   token           for all below /api/
 */
#ifndef SMK_TOOLS_VIEW_ENTRY_H
#define SMK_TOOLS_VIEW_ENTRY_H

#include "reply.h"

#define SMK_WEB_TOKEN_SIZE 33 /* 128 bits in hexadecimal, and a NUL */

struct smk_web_request {
    const char *method, *path, *query; /* query may be NULL */
    const char *host, *origin, *authorization; /* NULL: not there */
    const char *fetch_site, *fetch_mode, *fetch_dest, *accept_encoding, *if_none_match;
    unsigned hosts;  /* Host headers */
    unsigned headers;
    bool double_header; /* one of the above came twice */
};

/* False where the system gives no random bytes. */
bool smk_web_token_make(char token[SMK_WEB_TOKEN_SIZE]);

/* False: the reply says why not. */
bool smk_web_may_enter(struct smk_web_reply *reply, const struct smk_web_request *request, const char *token);

#endif
