/* stallmark/protocol.h: requests of a protocol of your own, without a mark in the source.
 *
 *     static int recognize(void *arg, const void *bytes, size_t size) { return size > 2 && !memcmp(bytes, "shop", 2); }
 *     …
 *     static const smk_protocol shop = {sizeof(smk_protocol), "shop", recognize, read, answer, NULL};
 *     smk_protocol_add(&shop);
 *
 * HTTP/1, RESP and the memcached text protocol are built in. Those that are added are asked before them, in
 * the order in which they were added, once for each connection that the program accepts.
 *
 * The three functions are called on the program's own threads, between its call that read or wrote and its
 * next instruction, so they must be quick, and must not block, allocate or touch errno. The bytes are those
 * that the peer sent, cut anywhere, and good during the call only. What they return decides names and
 * times in the trace, and nothing else. Since 0.1. SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_PROTOCOL_H
#define STALLMARK_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#include <stallmark/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SMK_PROTOCOL_API __attribute__((visibility("default")))
#else
#define SMK_PROTOCOL_API
#endif

#define SMK_PROTOCOLS_MAX 8

/* Room for the name of a request, its NUL among it. */
#define SMK_PROTOCOL_NAME_SIZE 96

/* How an answer ended, besides its number. */
#define SMK_PROTOCOL_GOOD    0
#define SMK_PROTOCOL_FAILED  1 /* an error of the service: counted as one */
#define SMK_PROTOCOL_REFUSED 2 /* the client's fault: its name gets no room in the table of routes */

typedef struct smk_protocol {
    size_t size; /* sizeof(smk_protocol) */

    /* At most 32 bytes; what a request is called whose own name is not known. Copied. */
    const char *name;

    /* The first bytes that came on a connection: 1, it speaks this protocol; 0, it does not, or one cannot
     * tell from so few. */
    int (*recognize)(void *arg, const void *bytes, size_t size);

    /* Bytes that came: how many requests begin in them; 0, they belong to one that began before; negative,
     * this connection cannot be followed any more. `state` is the connection's own word, 0 at first. `name`
     * is for the first request that begins here, ended by NUL: the kind of thing that is asked for, never
     * its arguments. It is "" at first, and may stay so. */
    int (*read)(void *arg, uint64_t *state, const void *bytes, size_t size, char name[SMK_PROTOCOL_NAME_SIZE]);

    /* The first bytes of an answer: SMK_PROTOCOL_…, and a status in *status, which is 0. Negative: this was
     * not the answer yet, ask with the next write. NULL: no status. */
    int (*answer)(void *arg, const void *bytes, size_t size, int *status);

    void *arg; /* of all three */
} smk_protocol;

/* Adds a protocol, for the life of the process; *protocol is copied. SMK_E_INVALID: a name or function that
 * is missing, a size that is not this header's; SMK_E_LIMIT: there are SMK_PROTOCOLS_MAX already. Before
 * the connections that are to be understood; any thread, not in signal handlers. */
SMK_PROTOCOL_API int smk_protocol_add(const smk_protocol *protocol);

#ifdef __cplusplus
}
#endif
#endif
