/* calls.h: numbers, names and counts of the calls that we stand in front of.
 *
 * Each has a number, which is its place in resolve.h's table. Its name is a string of the traces; how often
 * it was seen while something was armed is counted by each thread in memory of its own, which costs an
 * addition and no bus lock.
 */
#ifndef SMK_SOURCE_CALLS_H
#define SMK_SOURCE_CALLS_H

#include "base/atomic.h"
#include "core/thread.h"
#include "source/resolve.h"

enum smk_call {
#define X(result, name, ...) SMK_CALL_##name,
    SMK_REAL_CALLS(X)
#undef X
    SMK_CALL_futex, /* through syscall() */
    SMK_CALL_COUNT
};

/* Those that move bytes and mostly never wait: each thread counts these in its own slot, the first four in the line in
 * which its requests are counted. */
#define SMK_PASSING_CALLS(X)                                                                       \
    X(read) X(write) X(recv) X(sendmsg) X(writev) X(send) X(recvmsg) X(readv) X(recvfrom) X(sendto) \
    X(__read_chk) X(__recv_chk) X(__recvfrom_chk)

enum smk_passing {
#define X(name) SMK_PASSING_##name,
    SMK_PASSING_CALLS(X)
#undef X
    SMK_PASSING_COUNT
};
SMK_STATIC_ASSERT(SMK_PASSING_COUNT <= SMK_PASSING, "a slot counts them all");

extern uint32_t smk_call_names[SMK_CALL_COUNT];           /* ids of strings; atomic, 0: no room for it */
extern uint64_t (*smk_call_counts)[SMK_CALL_COUNT];       /* by slot of a thread; NULL: no memory */

/* At each arming. */
void smk_calls_prepare(void);

SMK_INLINE uint32_t smk_call_name(enum smk_call call) { return smk_load_relaxed(&smk_call_names[call]); }

/* The thread made the call. */
SMK_INLINE void smk_call_count(struct smk_thread *self, enum smk_call call)
{
    uint64_t(*counts)[SMK_CALL_COUNT] = smk_load_acquire(&smk_call_counts); /* pairs with: make_counts */
    if (SMK_LIKELY(counts != NULL))
        smk_local_count(&counts[self->index][call]);
}

/* Calls seen so far in this process, by all threads. */
uint64_t smk_calls_seen(enum smk_call call);

/* Lines "name count" of those that were seen; the length. */
size_t smk_calls_list(char *text, size_t size);

#endif
