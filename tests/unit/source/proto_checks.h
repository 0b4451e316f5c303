/* proto_checks.h: what holds for any bytes on a connection, for the tests and the fuzzer: how they are cut
 * changes neither what the connection speaks nor how many requests begin on it, and names are printable. */
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
    bool named_badly;
};

/* One read. The bytes are at the end of memory of their own, so that a sanitizer sees who reads behind them. */
static inline enum smk_proto proto_read(struct proto_result *result, const void *bytes, size_t len)
{
    struct smk_proto_seen seen;
    uint8_t *copy = malloc(len ? len : 1);
    memset(&seen, 0x5a, sizeof seen);
    if (len)
        memcpy(copy, bytes, len);
    enum smk_proto protocol = smk_proto_read(&result->state, copy, len, &seen);
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
