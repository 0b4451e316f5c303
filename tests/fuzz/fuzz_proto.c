/* fuzz_proto: any bytes on a connection. The first byte says how they are cut into reads; what they are taken
 * for must not depend on it (proto_checks.h). Then the same bytes as an answer. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>

#include "core/thread.h"
#include "unit/source/proto_checks.h"

/* Core's, which is not here. */
SMK_TLS struct smk_thread_local smk_tls;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const uint8_t *data, size_t size)
{
    static const enum smk_proto protocols[] = {SMK_PROTO_NONE, SMK_PROTO_HTTP1, SMK_PROTO_RESP, SMK_PROTO_MEMCACHED,
                                               SMK_PROTO_UNKNOWN};
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        struct smk_proto_state state = {.protocol = (uint8_t)protocols[i]};
        struct smk_proto_answer how;
        uint8_t *copy = malloc(size ? size : 1);
        memcpy(copy, data, size);
        if (smk_proto_wrote(&state, copy, size, &how) && how.failed && how.refused)
            abort();
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t first = 1 + (data[0] & 15), step = 1 + (data[0] >> 4);
    data++;
    size--;
    struct proto_result whole = proto_cut(data, size, size, size);
    struct proto_result cut = proto_cut(data, size, first, step);
    if (whole.requests < SMK_PROTO_REQUESTS && proto_compare(&whole, &cut)) /* more than that are not followed */
        abort();
    answer(data, size);
    return 0;
}
