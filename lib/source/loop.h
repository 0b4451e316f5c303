/* loop.h: how a thread looks for work: when its event loop polled last, and whether that waited.
 *
 * A poll that waited had found nothing when it began: whatever it reports had arrived when it returned. One
 * that returned at once may report what arrived while the thread was busy with something else, at the
 * earliest when it had looked the last time before. A poll that has much to report, or loses its CPU, is slow
 * without waiting: after a thread was away for long it is not taken for one that waited before the kernel was
 * asked.
 *
 * A callback may poll as well, for an answer of its own that it waits for. So a loop is known by where it
 * looks from, address and depth of the stack; looks from elsewhere are taken for a callback's and pass by
 * unnoticed, unless the loop has not been seen for some of them: then the frame that we took for it is gone. That
 * is so sooner where they come from further up. accept is a look where a thread does not poll.
 *
 * Owned by the thread; no time stamps but those that the wrappers have taken.
 */
#ifndef SMK_SOURCE_LOOP_H
#define SMK_SOURCE_LOOP_H

#include "core/loops.h"
#include "core/request.h"
#include "core/thread.h"
#include "source/caller.h"
#include "source/seen.h"

#define SMK_LOOP_INNER_MAX 64u /* looks from below, one after the other */
#define SMK_LOOP_OUTER_MAX 3u

/* A request is told that it was delayed from here on, and the kernel is asked when its bytes arrived. */
#define SMK_LOOP_AWAY_NS UINT64_C(5000000)

/* A look from here is the loop's own. */
SMK_INLINE bool smk_loop_is_own(struct smk_loop_now *loop, const struct smk_caller *from)
{
    if (SMK_LIKELY(loop->sp == from->sp && loop->pc == from->pc)) {
        loop->inner = 0;
        return true;
    }
    if (loop->sp != 0 && ++loop->inner < (from->sp < loop->sp ? SMK_LOOP_INNER_MAX : SMK_LOOP_OUTER_MAX))
        return false;
    smk_store_relaxed(&loop->pc, from->pc);
    smk_store_relaxed(&loop->sp, from->sp);
    loop->inner = 0;
    smk_store_relaxed(&loop->looks, 0);
    return true;
}

/* When the loop looked last; 0: not since looks are seen. One that slept when something was armed has a look behind it
 * that nobody saw, and what is kept of it is of the last capture. */
SMK_INLINE uint64_t smk_loop_last(const struct smk_loop_now *loop)
{
    return loop->polled >= smk_loops_seen_since() ? loop->polled : 0;
}

/* The thread looked from `since` to `now`. `polls`: not by accept. */
SMK_INLINE void smk_loop_looked(struct smk_loop_now *loop, const struct smk_caller *from, uint64_t since,
                                uint64_t now, bool polls)
{
    if (!smk_loop_is_own(loop, from))
        return;
    smk_store_relaxed(&loop->polls, loop->polls | polls);
    smk_store_relaxed(&loop->looks, loop->looks + 1);
    uint64_t away = smk_load_relaxed(&smk_slept.away);
    bool waited = now - since >= smk_load_relaxed(&smk_slept.fd);
    bool was_away = loop->polled != 0 && since - loop->polled >= away && smk_loop_last(loop) != 0;
    loop->slept = waited && !was_away;
    loop->doubtful = was_away && now - since >= away / 4;
    if (SMK_UNLIKELY(was_away))
        smk_loops_away(loop, since - loop->polled);
    loop->before = loop->polled;
    smk_store_relaxed(&loop->polled, now);
}

/* The loop is about to look: a request that is not answered goes on without this thread. */
SMK_INLINE void smk_loop_looks(struct smk_thread *t, const struct smk_caller *from, uint64_t now)
{
    if (SMK_UNLIKELY(t->loop.found != 0) && t->loop.sp == from->sp && t->loop.pc == from->pc)
        smk_request_left(t, now);
}

/* Nothing that the last look reported had arrived before; 0: not known. */
SMK_INLINE uint64_t smk_loop_earliest(const struct smk_loop_now *loop)
{
    uint64_t earliest = loop->slept ? loop->polled : loop->before;
    return earliest >= smk_loops_seen_since() ? earliest : 0;
}

#endif
