/* hook_memory.c: changes of the address space, which may stop a thread for long: another has the lock of the
 * address space, pages are given back one by one. What libc's own allocator does meets no wrapper. */
#define _GNU_SOURCE
#include <stdarg.h>

#include "source/epochs.h"
#include "source/seen.h"

#if !SMK_TSAN /* its run-time library maps memory through these before it can follow anybody */

static void end_memory(struct smk_seen *seen, const void *at, uint64_t bytes)
{
    uint64_t now = smk_seen_end(seen, SMK_CAT_MEMORY, smk_load_relaxed(&smk_slept.fd));
    if (now)
        SMK_SEEN_RECORD(seen, now, SMK_EV_MEMORY_WAIT, smk_call_name(seen->call),
                        (uint64_t)(uintptr_t)at, bytes);
}

#define MEMORY(type, name, args, at, bytes)                                                        \
    if (!smk_gate_open(SMK_CAT_MEMORY))                                                            \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    smk_seen_begin(&seen, SMK_CALL_##name, SMK_WAIT_MEMORY, 0, SMK_CALLER);                        \
    type result = SMK_REAL(name) args;                                                             \
    end_memory(&seen, (at), (bytes));                                                              \
    return result

SMK_EXPORT void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    MEMORY(void *, mmap, (at, len, protection, flags, fd, offset), result, len);
}

SMK_EXPORT void *mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    MEMORY(void *, mmap64, (at, len, protection, flags, fd, offset), result, len);
}

/* Locks in it end with it. */
SMK_EXPORT int munmap(void *at, size_t len)
{
    if (smk_gate_open(SMK_CAT_LOCK))
        smk_epoch_end_range((uint64_t)(uintptr_t)at, len, SMK_EPOCH_UNMAP);
    MEMORY(int, munmap, (at, len), at, len);
}

SMK_EXPORT int madvise(void *at, size_t len, int advice)
{
    MEMORY(int, madvise, (at, len, advice), at, len);
}

SMK_EXPORT int mprotect(void *at, size_t len, int protection)
{
    MEMORY(int, mprotect, (at, len, protection), at, len);
}

SMK_EXPORT int msync(void *at, size_t len, int flags) { MEMORY(int, msync, (at, len, flags), at, len); }

SMK_EXPORT int brk(void *end) { MEMORY(int, brk, (end), end, 0); }

SMK_EXPORT void *sbrk(intptr_t more)
{
    MEMORY(void *, sbrk, (more), result, more > 0 ? (uint64_t)more : 0);
}

/* The new address goes on, given or not. */
SMK_EXPORT void *mremap(void *at, size_t len, size_t new_len, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    void *new_at = va_arg(list, void *);
    va_end(list);
    MEMORY(void *, mremap, (at, len, new_len, flags, new_at), result, new_len);
}

#endif
