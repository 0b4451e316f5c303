/* request_cost.h: what a slow request cost in page faults and CPU time, as the kernel counts them for the thread
 * that serves it.
 *
 * To ask the kernel costs a system call, more than all else that a request costs. So it is asked at the end of
 * slow requests, and at a begin only where the last answer is older than 10 ms:
 *
 *     asked        begin                     end, slow: asked
 *       │────────────│────────────────────────│
 *       └─ over ──────────────────────────────┘   at most so much was the request's
 *
 * Nothing is known of a request that another thread worked for, or beside which another one began here.
 */
#ifndef SMK_CORE_REQUEST_COST_H
#define SMK_CORE_REQUEST_COST_H

#include "base/atomic.h"
#include "core/thread.h"
#include "stallmark/abi.h"

#define SMK_COST_SLOW_NS  UINT64_C(1000000)
#define SMK_COST_FRESH_NS UINT64_C(10000000)

/* A request that takes so long is asked for. */
void smk_cost_set_slow(uint64_t ns);

/* At each arming. */
void smk_cost_prepare(void);

extern struct smk_cost_bounds {
    uint64_t slow, fresh; /* ticks; atomic */
} smk_cost_bounds;

SMK_COLD void smk_cost_ask(struct smk_thread *t, uint64_t now);
SMK_COLD void smk_cost_record(struct smk_thread *t, uint64_t request, bool alone, uint64_t now);

/* This thread begins to work for a request. */
SMK_INLINE void smk_cost_begin(struct smk_thread *t, uint64_t request, uint64_t now)
{
    t->cost_request = request;
    t->cost_begin = now;
    if (SMK_UNLIKELY(now - t->cost_ticks >= smk_load_relaxed(&smk_cost_bounds.fresh)))
        smk_cost_ask(t, now);
}

/* It is, where it ends now. */
SMK_INLINE bool smk_cost_is_slow(const smk_request *request, uint64_t now)
{
    return SMK_UNLIKELY(now - request->begin >= smk_load_relaxed(&smk_cost_bounds.slow));
}

/* It ends now, on this thread, and no other worked for it; `alone`: nor did this one for others meanwhile. Records
 * its cost, where it is slow. */
SMK_INLINE void smk_cost_end(struct smk_thread *t, const smk_request *request, bool alone, uint64_t now)
{
    if (smk_cost_is_slow(request, now))
        smk_cost_record(t, request->id, alone, now);
}

#endif
