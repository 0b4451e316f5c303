/* seen.h: what the wrappers of calls that may wait have in common.
 *
 *     if (!smk_gate_open(SMK_CAT_SLEEP))
 *         return SMK_REAL(usleep)(us);
 *     struct smk_seen seen;
 *     smk_seen_begin(&seen, SMK_CALL_usleep, SMK_WAIT_SLEEP, 0, SMK_CALLER);
 *     int rc = SMK_REAL(usleep)(us);
 *     uint64_t now = smk_seen_end(&seen, SMK_CAT_SLEEP, smk_load_relaxed(&smk_slept.fd));
 *     if (now)  … record …
 *     return rc;
 *
 * Between begin and end the thread's slot says what it waits for. A call that did not sleep makes no event,
 * it is only counted. Nothing here touches errno, and no frame of ours needs to be unwound: a thread that is
 * cancelled in the real call, or leaves it by longjmp, leaves a published wait behind, which the end of the
 * thread takes away, or its next wait that begins no deeper on the stack.
 *
 * A wrapped call inside a wrapped call (a name service's own poll inside getaddrinfo; what a signal handler
 * does while the thread waits) is counted and makes no event: its time is the outer one's. Waits that the
 * program's source marks (smk_wait_begin, which publishes no frame pointer) hide none.
 */
#ifndef SMK_SOURCE_SEEN_H
#define SMK_SOURCE_SEEN_H

#include <errno.h>

#include "core/gate.h"
#include "core/record.h"
#include "source/caller.h"
#include "source/calls.h"
#include "source/stack.h"

/* To sleep and to be woken are two system calls and two switches, which no machine does in less; a wait
 * that is below spun, or came just as what it waited for happened. */
#define SMK_LOCK_SLEPT_NS UINT64_C(1000)

/* A system call that works and does not sleep may take as long as this. */
#define SMK_FD_SLEPT_NS UINT64_C(20000)

/* A stack is taken where a wait lasted that long. */
#define SMK_STACK_WAIT_NS UINT64_C(20000)

/* The bounds in ticks; atomic. */
struct smk_slept {
    uint64_t lock, fd, stack;
    uint64_t away; /* SMK_LOOP_AWAY_NS of loop.h */
};

extern struct smk_slept smk_slept;

/* At each arming, on no path of the host's. */
void smk_seen_prepare(void);

struct smk_seen {
    struct smk_thread *t; /* NULL: a thread that is not traced */
    uint64_t since;
    struct smk_caller from;
    enum smk_call call;
    bool inner; /* inside another wrapped call */
};

/* What the thread publishes belongs to a frame that is gone. */
SMK_INLINE bool smk_seen_is_stale(const struct smk_thread *t, const struct smk_caller *from)
{
    return t->wait.depth > 0 && t->wait.fp != 0 && from->sp >= t->wait.sp;
}

/* `holder`: the thread that has what is waited for, 0: unknown. */
SMK_INLINE void smk_seen_begin_held(struct smk_seen *seen, enum smk_call call, enum smk_wait_kind kind,
                                    uint64_t object, uint32_t holder, struct smk_caller from)
{
    struct smk_thread *t = smk_tls.quiet ? NULL : smk_thread_self();
    seen->t = t;
    if (SMK_UNLIKELY(!t))
        return;
    smk_call_count(t, call);
    smk_local_count(&t->counted.calls[smk_wait_category_number(kind)]);
    seen->call = call;
    seen->from = from;
    if (SMK_UNLIKELY(smk_seen_is_stale(t, &from)))
        smk_wait_drop(t);
    seen->inner = t->wait.depth > 0 && t->wait.fp != 0;
    seen->since = smk_ticks();
    smk_wait_publish(t, kind, object, holder, seen->since, from.pc, from.sp, from.fp);
}

SMK_INLINE void smk_seen_begin(struct smk_seen *seen, enum smk_call call, enum smk_wait_kind kind,
                               uint64_t object, struct smk_caller from)
{
    smk_seen_begin_held(seen, call, kind, object, 0, from);
}

/* As smk_seen_end, of a traced wait whose end the caller has looked at. */
SMK_INLINE uint64_t smk_seen_end_at(struct smk_seen *seen, uint64_t now, uint32_t category, uint64_t slept)
{
    smk_wait_clear(seen->t);
    if (SMK_LIKELY(now - seen->since < slept) || seen->inner || !smk_gate_open(category))
        return 0;
    return now;
}

/* The time, if the wait is to be recorded: it lasted `slept` ticks at least. Else 0. */
SMK_INLINE uint64_t smk_seen_end(struct smk_seen *seen, uint32_t category, uint64_t slept)
{
    return SMK_LIKELY(seen->t != NULL) ? smk_seen_end_at(seen, smk_ticks(), category, slept) : 0;
}

/* The stack from the caller of the wrapper; 0 for a short wait. */
SMK_INLINE uint32_t smk_seen_stack(const struct smk_seen *seen, uint64_t now)
{
    if (now - seen->since < smk_load_relaxed(&smk_slept.stack))
        return 0;
    return smk_stack_here(seen->from.pc, seen->from.sp, seen->from.fp);
}

/* Records a wait that ended now: its stack, its duration, and the arguments behind them. */
SMK_COLD void smk_seen_record(const struct smk_seen *seen, uint64_t now, enum smk_event_id event,
                              const uint64_t *args, unsigned count);

#define SMK_SEEN_RECORD(seen, now, event, ...)                                                     \
    smk_seen_record((seen), (now), (event), (const uint64_t[]){__VA_ARGS__},                       \
                    sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

/* What an event says of a result: -1 with an errno is the errno. */
SMK_INLINE uint64_t smk_seen_result(int64_t result)
{
    return (uint64_t)(result == -1 ? -(int64_t)errno : result);
}

#endif
