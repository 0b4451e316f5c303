/* wake.h: calls that wake who waits for an object that is no lock: who did it is noted before the call, so
 * that whoever wakes sees it, and the event is written behind it. */
#ifndef SMK_SOURCE_WAKE_H
#define SMK_SOURCE_WAKE_H

#include "source/seen.h"

struct smk_wake {
    struct smk_thread *t; /* NULL: not traced */
    uint64_t object, before;
    struct smk_caller from;
    enum smk_call call;
};

/* Somebody waits, and the call is about to be made. The object may be gone when it returns. */
void smk_wake_begin(struct smk_wake *wake, enum smk_call call, const void *object, struct smk_caller from);

/* `waiters`: how many there were. */
void smk_wake_end(const struct smk_wake *wake, uint64_t waiters);

/* Who woke somebody that waited for the object last, in a wait that ended now; 0: nobody that was seen. */
uint32_t smk_wake_waker(const struct smk_seen *seen, const void *object, uint64_t now);

#endif
