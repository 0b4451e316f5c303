/* family_wire.h: what the first of a family and its other processes say to each other, over an abstract unix
 * socket that keeps messages apart.
 *
 *     first                                   another process
 *     ─────                                   ───────────────
 *     connect, BEGIN ───────────────────────▶ its capture begins
 *                    ◀─────────────────────── ANSWER: it did, or why not
 *                    ◀─────────────────────── DATA …: whole chunks, as its writer has them
 *     STOP ─────────────────────────────────▶ (or the first hangs up)
 *                    ◀─────────────────────── END: the reason; nothing comes behind it
 *
 * Nothing is passed but bytes: no descriptor, so a process that gave up its rights gets none back, and what it
 * sends is bounded by who receives it. Both ends are of one build, as one is the other's fork.
 */
#ifndef SMK_AGENT_FAMILY_WIRE_H
#define SMK_AGENT_FAMILY_WIRE_H

#include <sys/types.h>

#include "base/compiler.h"
#include "core/capture.h"
#include "family.h"

#define SMK_WIRE_DATA  32768u
#define SMK_WIRE_WHY   256
#define SMK_WIRE_LABEL 64

enum smk_wire_kind {
    SMK_WIRE_BEGIN = 1,
    SMK_WIRE_ANSWER,
    SMK_WIRE_CHUNKS,
    SMK_WIRE_STOP,
    SMK_WIRE_RULES,   /* rule_family.h, on a connection of their own */
    SMK_WIRE_MATCHED, /* the same */
    SMK_WIRE_ASK,     /* family_ask.h, on a connection of its own */
    SMK_WIRE_SAID,    /* the answer to it, and CHUNKS of its body behind it */
    SMK_WIRE_END
};

struct smk_wire_begin {
    char id[SMK_CAPTURE_ID_SIZE];
    char name[SMK_WIRE_LABEL];
    uint64_t number;
    uint32_t kind, categories;
    uint64_t duration_ns, before_ns, after_ns, max_bytes;
};

struct smk_wire_answer {
    int32_t rc; /* 0 or SMK_E_… */
    char why[SMK_WIRE_WHY];
};

struct smk_wire_end {
    uint32_t reason;
    uint32_t reserved;
    uint64_t events, lost;
};

/* "NUMBER ORIGIN PERSISTS NAME: when …", a line each; as long as it is. */
struct smk_wire_rules {
    uint64_t revision;
    char text[SMK_WIRE_DATA - sizeof(uint64_t)];
};

struct smk_wire_matched {
    uint64_t number; /* of the rule */
    uint64_t value, request;
    uint32_t tid, status;
    uint32_t count; /* since the last look; what is said is the worst; 0: of those that were told before */
    uint32_t running;
    char what[136];
};

/* A GET of a live view; texts end with NUL. */
struct smk_wire_ask {
    char path[128], query[512], accept[256];
};

struct smk_wire_said {
    uint32_t status, json;
};

struct smk_wire_message {
    uint32_t kind, len; /* of what follows */
    union {
        struct smk_wire_begin begin;
        struct smk_wire_answer answer;
        struct smk_wire_end end;
        struct smk_wire_rules rules;
        struct smk_wire_matched matched;
        struct smk_wire_ask ask;
        struct smk_wire_said said;
        uint8_t data[SMK_WIRE_DATA];
    } is;
};

#define SMK_WIRE_HEAD offsetof(struct smk_wire_message, is)

/* All of them: a descriptor or a length, or -errno. None of them blocks. */
int smk_wire_listen(uint8_t name[SMK_FAMILY_NAME]);
int smk_wire_accept(int listener);
int smk_wire_connect(const uint8_t name[SMK_FAMILY_NAME]);
/* Is this descriptor a TCP socket that listens? A variable may be left over from somebody else. */
bool smk_wire_is_listener(int fd);
/* Nobody has this name any more: its process is dead. */
bool smk_wire_nobody_listens(const uint8_t name[SMK_FAMILY_NAME]);

/* Whom the kernel says to be at the other end; pid -1 when it does not. */
pid_t smk_wire_peer(int fd, uid_t *uid);

/* The message as far as its `len` says, which is checked against its kind. -EAGAIN: none is there; -EPIPE: none
 * will come any more; -EPROTO. */
int smk_wire_receive(int fd, struct smk_wire_message *message);
/* -EAGAIN: there is no room. */
int smk_wire_send(int fd, uint32_t kind, const void *data, size_t len);
/* The same, and waits for room, at most so long. -ETIMEDOUT. Never on the control loop. */
int smk_wire_send_wait(int fd, uint32_t kind, const void *data, size_t len, uint64_t ns);

#endif
