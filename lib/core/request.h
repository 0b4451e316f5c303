/* request.h: the requests in flight. A bounded table, for live views and rules; a request that found
 * no room is traced like any other and only missing there.
 */
#ifndef SMK_CORE_REQUEST_H
#define SMK_CORE_REQUEST_H

#include "base/compiler.h"
#include "stallmark/abi.h"

#define SMK_REQUESTS_DEFAULT 8192

struct smk_flight {
    uint64_t id;    /* atomic; 0: free */
    uint64_t begin; /* ticks */
    uint32_t route; /* id in smk_strings */
    uint32_t tid;   /* thread that entered it last */
    uint32_t status;
    uint32_t unused;
};

struct smk_requests_stats {
    uint64_t begun, ended, unlisted;
    uint32_t in_flight, capacity;
};

int smk_requests_init(uint32_t capacity);
void smk_requests_stats(struct smk_requests_stats *stats);
/* Calls visit with a copy of each request in flight until it returns false. One that ends meanwhile may be
 * among them, or not. */
void smk_requests_each(bool (*visit)(const struct smk_flight *flight, void *arg), void *arg);

void smk_requests_reset_in_child(void);

#endif
