/* tcp_client.h: what a civetweb worker does with a request, apart from civetweb itself. */
#ifndef SMK_AGENT_TCP_CLIENT_H
#define SMK_AGENT_TCP_CLIENT_H

#include "front.h"

struct smk_tcp_client {
    int fd;            /* -1: gone */
    bool is_head;      /* the answer has no body */
    bool knows_chunks; /* HTTP/1.1 */
    int status;        /* that was answered; 0: none could be */
    bool counted;      /* as one that waits or downloads */
};

/* Before the first client, and: from now on nobody waits any more. */
void smk_tcp_open(const struct smk_settings *settings);
void smk_tcp_end(void);

/* Serves one request, whatever comes of it; returns when nothing is left to be sent. On a worker's thread. */
void smk_tcp_serve(struct smk_tcp_client *client, const struct smk_gate_head *head, const char *peer);

/* A problem of the server's own. `message` may hold what the client sent. */
void smk_tcp_refuse(struct smk_tcp_client *client, int status, const char *message);

#endif
