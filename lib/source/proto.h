/* proto.h: where requests begin in the bytes that a connection brought, and what they are called.
 *
 *     struct smk_proto_state state = {0};                     one for each accepted connection
 *     smk_proto_read(&state, bytes, len, &seen);              after each read that brought bytes
 *     smk_proto_wrote(&state, bytes, len, &answer);           the first write after that, until it answers
 *
 * HTTP/1, RESP (redis) and the memcached text protocol, and those that the program added
 * (stallmark/protocol.h). Each is a machine that goes through the bytes once, in place, and keeps 16 bytes
 * from read to read, so bytes may be cut anywhere: bodies are passed over by their length, chunks by
 * theirs, and a body that looks like a request is none. Nothing is copied but the name.
 *
 * What is not understood for certain is unknown, for the life of the connection: TLS, HTTP/2, binary
 * memcached, what was upgraded, two lengths of one body. A name is never guessed: a request whose own first
 * line is cut by the end of a read is counted, and called by its protocol alone.
 *
 * Strangers wrote the bytes, and this runs on the host's threads behind each read: no memory, no lock, no
 * system call, errno untouched, at most SMK_PROTO_REQUESTS requests looked at in one read.
 */
#ifndef SMK_SOURCE_PROTO_H
#define SMK_SOURCE_PROTO_H

#include "base/compiler.h"
#include "stallmark/protocol.h"

enum smk_proto {
    SMK_PROTO_NONE = 0, /* no byte yet */
    SMK_PROTO_HTTP1,
    SMK_PROTO_RESP,
    SMK_PROTO_MEMCACHED,
    SMK_PROTO_UNKNOWN, /* for ever */
    SMK_PROTO_OWN      /* and above: those that the program added */
};

#define SMK_PROTO_NAME     SMK_PROTOCOL_NAME_SIZE
#define SMK_PROTO_REQUESTS 2048 /* in one read; a connection that brings more is not followed further */

/* Of one connection; zeroes when it is accepted. */
struct smk_proto_state {
    uint64_t number; /* bytes that are passed over, or a number being read */
    uint32_t left;   /* RESP: arguments to come; memcached: see there */
    uint8_t protocol; /* enum smk_proto */
    uint8_t phase;   /* of that protocol's machine; 0: a request may begin */
    uint8_t at;      /* how far it came in what it compares */
    uint8_t bits;
};

/* What one read brought. */
struct smk_proto_seen {
    uint32_t requests; /* that begin in it; 0: it goes on with one that began before */
    bool open;         /* the last of them is not whole: its rest comes with the next read */
    bool learned;      /* the head is the first one's */
    uint8_t name_len;
    char name[SMK_PROTO_NAME]; /* of the first that begins; ended by NUL; good where requests > 0 */
};

/* Takes the bytes of one read; with readv, of one piece of it after the other. SMK_PROTO_UNKNOWN: what was
 * taken for a request before may have been none. `seen` is filled in always. */
enum smk_proto smk_proto_read(struct smk_proto_state *state, const void *bytes, size_t len,
                              struct smk_proto_seen *seen);

/* The bytes with which a request began, up to where its name was known by them, and the machine's state there. What
 * begins with the same bytes has the same name, and the machine goes on behind them. */
#define SMK_PROTO_HEAD 47u
struct smk_proto_head {
    struct smk_proto_state behind;
    uint8_t len; /* 0: there is none */
    uint8_t bytes[SMK_PROTO_HEAD];
};

/* As smk_proto_read, and keeps what led to the first request's name; then seen->learned. */
enum smk_proto smk_proto_read_head(struct smk_proto_state *state, const void *bytes, size_t len,
                                   struct smk_proto_seen *seen, struct smk_proto_head *head);

/* As smk_proto_read where a request begins as that one did: how many begin, of which the first has its name. False:
 * it does not, and nothing was read. */
bool smk_proto_read_known(struct smk_proto_state *state, const struct smk_proto_head *head, const void *bytes,
                          size_t len, uint32_t *requests);

/* How an answer went, by its first bytes. */
struct smk_proto_answer {
    int status;   /* HTTP's; else 0, and 1 for an error */
    bool failed;  /* an error of the service: 5xx, -ERR, SERVER_ERROR */
    bool refused; /* the client's: 4xx, ERROR, CLIENT_ERROR, unknown commands */
};

/* True, and *answer, when these bytes begin an answer; false: not yet (100 Continue), or they say nothing.
 * 101 Switching Protocols makes the connection unknown. */
bool smk_proto_wrote(struct smk_proto_state *state, const void *bytes, size_t len,
                     struct smk_proto_answer *answer);

/* "HTTP", "RESP", "memcached", "unknown", the name of one that was added. */
const char *smk_proto_name(enum smk_proto protocol);

/* What the operator wants (the agent sets them when it starts): nothing of this at all;
 * requests that are called by their protocol alone. Atomic; both are on at first. */
struct smk_proto_wanted {
    uint32_t requests, names;
};

extern struct smk_proto_wanted smk_proto_wanted;

#endif
