/* proto_machine.h: what the protocols' machines share. Each is a function that goes from phase to phase
 * while there are bytes, and returns false where it does not understand them. All that it must know with
 * the next read is in the state; what is only here dies with the bytes.
 */
#ifndef SMK_SOURCE_PROTO_MACHINE_H
#define SMK_SOURCE_PROTO_MACHINE_H

#include <string.h>

#include "source/proto.h"

/* In state->bits, of all machines: an answer was seen, and was one of this protocol. */
#define SMK_PROTO_ANSWERED 0x80u

struct smk_proto_reader {
    struct smk_proto_state *state;
    struct smk_proto_seen *seen;
    const uint8_t *p, *end;
    const uint8_t *start; /* of the request that is to be named; NULL: there is none, or it has its name */
    uint32_t argument;    /* RESP: which one of it comes next */
    bool names;           /* are wanted */
    const uint8_t *bytes; /* where p was */
    struct smk_proto_head *head; /* to be learned; NULL: not, or it was */
};

/* A request's name was found, in what lies before r->p and in nothing behind. */
SMK_INLINE void smk_proto_learn(struct smk_proto_reader *r)
{
    size_t len = (size_t)(r->p - r->bytes);
    if (!r->head || r->seen->requests != 1 || r->seen->name_len == 0 || len > SMK_PROTO_HEAD)
        return;
    memcpy(r->head->bytes, r->bytes, len);
    r->head->behind = *r->state;
    r->head->len = (uint8_t)len;
    r->head = NULL;
    r->seen->learned = true;
}

/* A request begins at r->p. */
SMK_INLINE bool smk_proto_begins(struct smk_proto_reader *r)
{
    r->start = r->seen->requests == 0 && r->names ? r->p : NULL;
    r->argument = 0;
    return ++r->seen->requests <= SMK_PROTO_REQUESTS;
}

/* Passes over bytes that nobody looks at; true when all of state->number are. */
SMK_INLINE bool smk_proto_pass(struct smk_proto_reader *r)
{
    uint64_t n = smk_min_u64(r->state->number, (uint64_t)(r->end - r->p));
    r->p += n;
    r->state->number -= n;
    return r->state->number == 0;
}

SMK_INLINE bool smk_is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }
SMK_INLINE bool smk_is_upper(uint8_t c) { return (uint8_t)(c - 'A') < 26; }
SMK_INLINE bool smk_is_lower(uint8_t c) { return (uint8_t)(c - 'a') < 26; }
SMK_INLINE bool smk_is_letter(uint8_t c) { return smk_is_lower(c | 0x20); }

/* One more digit; false where the number passes `most`. */
SMK_INLINE bool smk_proto_digit(struct smk_proto_state *state, uint8_t c, uint64_t most)
{
    state->number = state->number * 10 + (c - '0');
    return state->number <= most;
}

bool smk_http1_read(struct smk_proto_reader *r);
bool smk_resp_read(struct smk_proto_reader *r);
bool smk_memcached_read(struct smk_proto_reader *r);

/* RESP behind a name that is known: true where the rest of that request is whole and ends with the bytes. Else nothing
 * changed. */
bool smk_resp_read_rest(struct smk_proto_state *state, const uint8_t *p, const uint8_t *end);

/* By the first bytes of an answer. */
enum smk_proto_reply {
    SMK_REPLY_FOREIGN = -1, /* not of this protocol */
    SMK_REPLY_NOT_YET = 0,
    SMK_REPLY_DONE = 1,
    SMK_REPLY_SWITCHED = 2 /* another protocol from here on */
};

enum smk_proto_reply smk_http1_reply(const uint8_t *bytes, size_t len, struct smk_proto_answer *answer);
enum smk_proto_reply smk_resp_reply(const uint8_t *bytes, size_t len, struct smk_proto_answer *answer);
enum smk_proto_reply smk_memcached_reply(const uint8_t *bytes, size_t len, struct smk_proto_answer *answer);

/* proto_path.c: a path as a route: without query and fragment, numbers and the like as ":id". Writes at most
 * `room` bytes of printable ASCII and no NUL; returns how many. */
size_t smk_path_name(char *out, size_t room, const uint8_t *path, size_t len);

#endif
