/* proto_checks.h: what holds for any bytes on a connection, for the tests and the fuzzer: how they are cut
 * changes neither what the connection speaks nor how many requests begin on it, nor does it matter whether a request
 * is known by its first bytes, and names are printable. */
#ifndef SMK_TESTS_PROTO_CHECKS_H
#define SMK_TESTS_PROTO_CHECKS_H

#include <stdlib.h>
#include <string.h>

#include "source/proto.h"

struct proto_result {
    struct smk_proto_state state;
    uint64_t requests;
    char first[SMK_PROTO_NAME]; /* name */
    bool open;
    bool named_badly, known_differs;
};

/* The head of the last request that had one, whatever connection it was on. */
struct proto_known {
    struct smk_proto_head head;
    char name[SMK_PROTO_NAME];
    uint64_t times; /* that it was met again */
};
static struct proto_known proto_known;

/* Whether these bytes, which were read from `before` on, are the same where they are known by their head. */
static inline bool proto_known_differs(struct smk_proto_state before, const void *bytes, size_t len,
                                       const struct smk_proto_state *after, const struct smk_proto_seen *seen)
{
    uint32_t requests;
    if (!smk_proto_read_known(&before, &proto_known.head, bytes, len, &requests))
        return false;
    proto_known.times++;
    if (before.protocol == SMK_PROTO_UNKNOWN || after->protocol == SMK_PROTO_UNKNOWN)
        return before.protocol != after->protocol || requests != seen->requests;
    return before.phase != after->phase || before.protocol != after->protocol || requests != seen->requests ||
           strcmp(proto_known.name, seen->name) != 0;
}

/* One read. The bytes are at the end of memory of their own, so that a sanitizer sees who reads behind them. */
static inline enum smk_proto proto_read(struct proto_result *result, const void *bytes, size_t len)
{
    struct smk_proto_seen seen;
    uint8_t *copy = malloc(len ? len : 1);
    memset(&seen, 0x5a, sizeof seen);
    if (len)
        memcpy(copy, bytes, len);
    struct smk_proto_state before = result->state;
    struct smk_proto_head head;
    enum smk_proto protocol = smk_proto_read_head(&result->state, copy, len, &seen, &head);
    result->known_differs |= proto_known_differs(before, copy, len, &result->state, &seen);
    if (seen.learned && protocol != SMK_PROTO_UNKNOWN) {
        proto_known.head = head;
        memcpy(proto_known.name, seen.name, sizeof seen.name);
        result->known_differs |= proto_known_differs(before, copy, len, &result->state, &seen);
    }
    free(copy);
    if (result->requests == 0 && seen.requests > 0)
        memcpy(result->first, seen.name, sizeof seen.name);
    result->requests += seen.requests;
    result->open = seen.open;
    result->named_badly |= seen.name_len >= SMK_PROTO_NAME || seen.name[seen.name_len] != '\0' ||
                           (seen.requests > 0) != (seen.name_len > 0) || protocol != result->state.protocol;
    for (unsigned i = 0; i < seen.name_len; i++)
        result->named_badly |= seen.name[i] < ' ' || seen.name[i] > '~';
    return protocol;
}

/* Reads of `step` bytes, the first of `first`. */
static inline struct proto_result proto_cut(const uint8_t *bytes, size_t len, size_t first, size_t step)
{
    struct proto_result result = {0};
    for (size_t at = 0, n = first; at < len; at += n, n = step) {
        if (n > len - at)
            n = len - at;
        proto_read(&result, bytes + at, n);
    }
    return result;
}

/* NULL, or what does not hold. */
static inline const char *proto_compare(const struct proto_result *whole, const struct proto_result *cut)
{
    if (whole->named_badly || cut->named_badly)
        return "a name";
    if (whole->known_differs || cut->known_differs)
        return "what is known by its head is read otherwise";
    if (whole->state.protocol != cut->state.protocol)
        return "protocols differ";
    if (whole->state.protocol == SMK_PROTO_UNKNOWN)
        return NULL;
    if (whole->requests != cut->requests)
        return "requests differ";
    if (whole->open != cut->open || memcmp(&whole->state, &cut->state, sizeof whole->state) != 0)
        return "states differ";
    return NULL;
}

#endif
