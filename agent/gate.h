/* gate.h: who may pass. Everything that speaks against a request is found here, before anything happens.
 *
 * The rules, in this order; the first that is broken answers:
 *
 *      1  at most 63 headers, of bounded length               400
 *      2  the body: none, Content-Length once and 0; for the two that set rules (PUT /debug/trace/rules, POST
 *         /debug/trace/rules/NAME) plain text of a length said once, 16 KiB at most. No Transfer-Encoding, no
 *         Expect, no Upgrade                             400; too long 413
 *      3  exactly one Host, one of our own names, any port    403   (not on the unix socket)
 *      4  Origin, if any, is the request's own Host           403
 *      5  Sec-Fetch-Site, if any, is same-origin or none      403
 *      6  GET, HEAD, POST, PUT or DELETE                      405
 *      7  the path: begins with '/' (else 400), plain characters, no %, no //, no dot segments (else 404)
 *      8  the query: bounded, printable, no token in it       400
 *      9  the peer: loopback, unless a token is asked for     403
 *     10  the token, where one is configured (not on the unix socket)    401; too many wrong ones 429
 *         Without: the files of the control page, and one download by a ticket (tickets.h)
 *
 * No answer ever carries an Access-Control header. After a refusal the connection is closed, so that what
 * was sent behind the request is not taken for another one.
 */
#ifndef SMK_AGENT_GATE_H
#define SMK_AGENT_GATE_H

#include "exchange.h"
#include "hosts.h"
#include "tickets.h"
#include "token.h"

#define SMK_GATE_HEADERS 64 /* civetweb keeps as many and drops the rest in silence */
#define SMK_GATE_PATH    256
#define SMK_GATE_QUERY   2048
#define SMK_GATE_VALUE   1024 /* of one header */
#define SMK_GATE_BODY    16384

/* A request as a front has parsed it. */
struct smk_gate_head {
    enum smk_front front;
    const char *method; /* as sent */
    const char *path;   /* raw, without the query */
    const char *query;  /* raw; NULL: no '?' */
    struct smk_gate_header {
        const char *name, *value;
    } headers[SMK_GATE_HEADERS];
    uint32_t header_count; /* SMK_GATE_HEADERS: there may have been more */
    bool has_body;         /* the front saw bytes of one */
    /* Copies the body, all `len` bytes that were announced, at most SMK_GATE_BODY; false: it did not come. Called
     * once the gate let the request pass. NULL: the front cannot. */
    bool (*read_body)(void *arg, char *to, size_t len);
    void *body_arg;
    bool peer_is_local;    /* loopback, or this machine's own */
};

/* What the settings say; all zero: loopback, no token. */
struct smk_gate_rules {
    struct smk_token control, read;
    uint32_t address;           /* that the TCP front listens on */
    bool allow_remote;
    char hosts[SMK_HOSTS_SIZE]; /* see smk_parse_hosts */
    struct smk_tickets tickets;
};

struct smk_gate_verdict {
    int status;        /* 0: it may pass */
    const char *title; /* static */
    char detail[200];
    bool wrong_token; /* there was one, and it opens nothing */
    enum smk_method method;
    uint32_t scopes;                     /* enum smk_scope, granted */
    struct smk_request_headers headers;  /* out of the head */
    size_t body_len;                     /* announced, and allowed */
};

/* Nothing but its arguments counts; `now`: CLOCK_MONOTONIC. A ticket that opens the door is used up. Too many wrong
 * tokens are none of its business. */
void smk_gate_judge(struct smk_gate_rules *rules, const struct smk_gate_head *head, uint64_t now,
                    struct smk_gate_verdict *verdict);

/* The same by the rules of smk_gate_open_doors (fronts.h), with wrong tokens counted: above the rate 401
 * becomes 429. Any thread. */
void smk_gate_pass(const struct smk_gate_head *head, struct smk_gate_verdict *verdict);

/* A ticket for the download of this capture, as smk_tickets_give. Any thread. */
int smk_gate_ticket(const char *id, char key[SMK_TICKET_SIZE]);

/* Wrong tokens: so many at once, and one more in each of these. */
#define SMK_GATE_WRONG_TOKENS    20
#define SMK_GATE_WRONG_TOKEN_NS  UINT64_C(500000000)

struct smk_gate_bucket {
    uint64_t empty_at; /* when all that was taken will have come back */
};

/* Takes one; false: there is none. */
bool smk_gate_bucket_take(struct smk_gate_bucket *bucket, uint64_t now);

#endif
