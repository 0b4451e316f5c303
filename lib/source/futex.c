#define _GNU_SOURCE
#include "source/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include "source/wake.h"

static bool waits(long operation)
{
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI:
    case FUTEX_LOCK_PI:
    case 13: /* FUTEX_LOCK_PI2, Linux 5.14 */
        return true;
    default:
        return false;
    }
}

static bool wakes(long operation)
{
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_WAKE_OP:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return true;
    default:
        return false;
    }
}

static long call(const long a[6]) { return SMK_REAL(syscall)(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]); }

static long wait_seen(const long a[6], struct smk_caller from)
{
    const void *word = (const void *)(uintptr_t)a[0];
    struct smk_seen seen;
    smk_seen_begin(&seen, SMK_CALL_futex, SMK_WAIT_COND, (uint64_t)a[0], from);
    long rc = call(a);
    uint64_t now = smk_seen_end(&seen, SMK_CAT_COND, smk_load_relaxed(&smk_slept.lock));
    if (now)
        SMK_SEEN_RECORD(&seen, now, SMK_EV_COND_WAIT, (uint64_t)a[0], 0,
                        rc == 0 ? smk_wake_waker(&seen, word, now) : 0, smk_call_name(SMK_CALL_futex),
                        smk_seen_result(rc));
    return rc;
}

static long wake_seen(const long a[6], struct smk_caller from)
{
    struct smk_wake wake;
    smk_wake_begin(&wake, SMK_CALL_futex, (const void *)(uintptr_t)a[0], from);
    long rc = call(a);
    if (rc > 0)
        smk_wake_end(&wake, (uint64_t)rc);
    return rc;
}

long smk_futex_call(const long a[6], struct smk_caller from)
{
    if (waits(a[1]))
        return wait_seen(a, from);
    return wakes(a[1]) ? wake_seen(a, from) : call(a);
}
