/* client.h: one agent over HTTP: requests one after the other, over TCP or a unix socket.
 *
 * What an agent answers is somebody else's text: bodies that are kept have a bound, redirects are not
 * followed (a token goes to the address that was given and nowhere else), messages come out escaped.
 */
#ifndef SMK_TOOLS_CLIENT_H
#define SMK_TOOLS_CLIENT_H

#include <jansson.h>

#include "target.h"

enum { SMK_CLIENT_BODY_MAX = 8 << 20, SMK_CLIENT_TOKEN_SIZE = 512, SMK_QUERY_SIZE = 4096 };

struct smk_client {
    void *curl; /* CURL * */
    struct smk_target target;
    char token[SMK_CLIENT_TOKEN_SIZE]; /* "": none */
    unsigned timeout_ms;               /* of one answer that is kept; 0: 10 s */
};

struct smk_reply {
    unsigned status; /* of HTTP */
    json_t *json;    /* NULL: the body is none */
    char *body;      /* ended by NUL */
    size_t len;
};

/* Finds TARGET and the token: of `token_file`, or NULL: of the file that STALLMARK_TOKEN_FILE names,
 * if any. 0, or SMK_EXIT_USAGE, said; then there is nothing to close. */
int smk_client_open(struct smk_client *client, const char *target, const char *token_file);
/* The same for a target that is found; the client takes it over. No token, no words. False: no memory. */
bool smk_client_open_quietly(struct smk_client *client, const struct smk_target *target);
void smk_client_close(struct smk_client *client);

/* `path` with its query. 0 when there is an answer, whatever its status; else SMK_E_… and
 * smk_last_error(). The reply is freed in either case. */
int smk_client_ask(struct smk_client *client, const char *method, const char *path,
                   struct smk_reply *reply);
/* The same with a body of plain text. */
int smk_client_send(struct smk_client *client, const char *method, const char *path, const char *body,
                    struct smk_reply *reply);
void smk_reply_free(struct smk_reply *reply);

/* GETs `path` into fd; of an answer that is not 200 the body goes into the reply. *bytes: what came.
 * Gives up when smk_client_gives_up says so. */
int smk_client_download(struct smk_client *client, const char *path, int fd,
                        struct smk_reply *reply, uint64_t *bytes);

/* Says what a reply with an error means: problem+json as "title: detail". Returns SMK_EXIT_USAGE. */
int smk_client_fail(const struct smk_reply *reply);
/* Asks, and says what went wrong where the answer is not 2xx: 0 or SMK_EXIT_USAGE. */
int smk_client_want(struct smk_client *client, const char *method, const char *path,
                    struct smk_reply *reply);

/* ---- queries ---------------------------------------------------------------------------------------- */

struct smk_query {
    char text[SMK_QUERY_SIZE]; /* "/debug/trace?duration=5s" */
    bool too_long;
};

void smk_query_begin(struct smk_query *query, const char *path);
/* Nothing happens where value is NULL. */
void smk_query_add(struct smk_query *query, const char *name, const char *value);

/* ---- Ctrl-C ------------------------------------------------------------------------------------------- */

/* From here on SIGINT, SIGTERM and SIGHUP are counted. */
void smk_interrupt_watch(void);
unsigned smk_interrupts(void);

#endif
