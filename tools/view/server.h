/* server.h: HTTP on loopback for one page and its questions, through civetweb.
 *
 * libcivetweb is loaded when a server starts, as the agent does. Its begin_request callback comes before everything of
 * its own (preflights, handlers, files) and always says that the request is handled; there is no document root. Each
 * connection carries one request: an idle one would hold a worker.
 */
#ifndef SMK_TOOLS_VIEW_SERVER_H
#define SMK_TOOLS_VIEW_SERVER_H

#include "entry.h"

/* Workers: those who wait for a long answer (answers.h bounds them) hold one each. */
#define SMK_WEB_WORKERS 16u

struct smk_web_server {
    /* "127.0.0.1:0": a loopback address and a port, 0: any. */
    const char *listen;
    char token[SMK_WEB_TOKEN_SIZE];
    /* Answers a question below /api/, from several threads at once. `path` without its query, which may be NULL. */
    void (*answer)(void *arg, const char *path, const char *query, struct smk_web_reply *reply);
    void *arg;
    /* ---- what it is then ---- */
    char address[64]; /* "127.0.0.1:43210" */
    void *context;
};

/* Whether it is an address that such a server may have, which nobody has tried to take. 0, or SMK_E_INVALID. */
int smk_web_server_check(const char *listen);

/* One server of a process at a time. 0, or SMK_E_… and smk_last_error(). */
int smk_web_server_start(struct smk_web_server *server);
/* Waits for the answers that are being made: who makes them is told to stop before. */
void smk_web_server_stop(struct smk_web_server *server);

#endif
