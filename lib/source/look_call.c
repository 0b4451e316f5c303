/* look_call.c: what a thread waits for, by the system call that it sleeps in. */
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>

#include "source/fd.h"
#include "source/look.h"
#include "source/mutex.h"
#include "source/peek.h"

/*    call, kind, which argument is a descriptor (-1: none) */
/* clang-format off */
#define BY_FD SMK_WAIT_NONE /* what the descriptor is decides */
#define CALLS(X)                                                                                   \
    X(read, BY_FD, 0) X(write, BY_FD, 0) X(readv, BY_FD, 0) X(writev, BY_FD, 0)                    \
    X(pread64, BY_FD, 0) X(pwrite64, BY_FD, 0) X(preadv, BY_FD, 0) X(pwritev, BY_FD, 0)            \
    X(recvfrom, SMK_WAIT_NET, 0) X(recvmsg, SMK_WAIT_NET, 0) X(recvmmsg, SMK_WAIT_NET, 0)          \
    X(sendto, SMK_WAIT_NET, 0) X(sendmsg, SMK_WAIT_NET, 0) X(sendmmsg, SMK_WAIT_NET, 0)            \
    X(sendfile, BY_FD, 0) X(splice, BY_FD, 0) X(connect, SMK_WAIT_NET, 0)                          \
    X(accept, SMK_WAIT_NET, 0) X(accept4, SMK_WAIT_NET, 0)                                         \
    X(fsync, SMK_WAIT_DISK, 0) X(fdatasync, SMK_WAIT_DISK, 0) X(sync_file_range, SMK_WAIT_DISK, 0) \
    X(syncfs, SMK_WAIT_DISK, 0) X(ftruncate, SMK_WAIT_DISK, 0) X(fallocate, SMK_WAIT_DISK, 0)      \
    X(flock, SMK_WAIT_DISK, 0) X(fstat, SMK_WAIT_DISK, 0) X(getdents64, SMK_WAIT_DISK, 0)          \
    X(openat, SMK_WAIT_DISK, -1) X(newfstatat, SMK_WAIT_DISK, -1) X(unlinkat, SMK_WAIT_DISK, -1)   \
    X(renameat, SMK_WAIT_DISK, -1) X(renameat2, SMK_WAIT_DISK, -1) X(sync, SMK_WAIT_DISK, -1)      \
    X(epoll_pwait, SMK_WAIT_POLL, -1) X(ppoll, SMK_WAIT_POLL, -1) X(pselect6, SMK_WAIT_POLL, -1)   \
    X(nanosleep, SMK_WAIT_SLEEP, -1) X(clock_nanosleep, SMK_WAIT_SLEEP, -1)                        \
    X(mmap, SMK_WAIT_MEMORY, -1) X(munmap, SMK_WAIT_MEMORY, -1) X(madvise, SMK_WAIT_MEMORY, -1)    \
    X(mremap, SMK_WAIT_MEMORY, -1) X(mprotect, SMK_WAIT_MEMORY, -1) X(brk, SMK_WAIT_MEMORY, -1)    \
    X(wait4, SMK_WAIT_JOIN, -1) X(waitid, SMK_WAIT_JOIN, -1)                                       \
    X(rt_sigsuspend, SMK_WAIT_OTHER, -1) X(rt_sigtimedwait, SMK_WAIT_OTHER, -1)                    \
    X(ioctl, SMK_WAIT_OTHER, 0) X(fcntl, SMK_WAIT_OTHER, 0)
/* clang-format on */

static const struct call {
    long number;
    const char *name;
    uint8_t kind;
    int8_t fd;
} calls[] = {
#define X(name, kind, fd) {SYS_##name, #name, kind, fd},
    CALLS(X)
#undef X
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, "epoll_pwait2", SMK_WAIT_POLL, -1},
#endif
#ifdef SYS_poll /* not on arm64 */
    {SYS_poll, "poll", SMK_WAIT_POLL, -1},
    {SYS_select, "select", SMK_WAIT_POLL, -1},
    {SYS_epoll_wait, "epoll_wait", SMK_WAIT_POLL, -1},
    {SYS_pause, "pause", SMK_WAIT_OTHER, -1},
    {SYS_open, "open", SMK_WAIT_DISK, -1},
    {SYS_stat, "stat", SMK_WAIT_DISK, -1},
    {SYS_rename, "rename", SMK_WAIT_DISK, -1},
    {SYS_unlink, "unlink", SMK_WAIT_DISK, -1},
#endif
};

/* ---- futexes --------------------------------------------------------------------------------------------------- */

/* Words of a pthread_mutex_t in glibc: lock, count, owner, nusers, kind, spins. Other things that a futex waits
 * at (an allocator's lock, a FILE's, a word of a condition variable) have no living thread for an owner beside
 * a plausible count and kind; where one has by chance, a holder is wrong. */
bool smk_look_is_mutex(const uint32_t words[6], bool (*is_thread)(uint32_t tid), uint32_t *holder)
{
    uint32_t lock = words[0], owner = words[2], users = words[3], kind = words[4];
    bool named = (kind & (16u | 32u)) != 0; /* robust, inheriting: the word is a thread's number */
    if (!SMK_MUTEX_KNOWN || lock == 0 || owner == 0 || users == 0 || users > 65536 || kind > 0x3ff)
        return false;
    if (named ? (lock & FUTEX_TID_MASK) != owner : lock > 2)
        return false;
    if (!is_thread(owner))
        return false;
    *holder = owner;
    return true;
}

static void at_futex(struct smk_look *look, const struct smk_look_call *call, bool (*is_thread)(uint32_t tid))
{
    uint32_t words[6] = {0}, holder = 0;
    uint64_t command = call->args[1] & FUTEX_CMD_MASK, value = call->args[2];
    look->object = call->args[0];
    look->kind = SMK_WAIT_OTHER;
    bool read = smk_peek(look->object, words, sizeof words) == sizeof words;
    if (command == FUTEX_LOCK_PI || command == 13 /* FUTEX_LOCK_PI2 */) {
        look->kind = SMK_WAIT_LOCK;
        look->holder = is_thread(words[0] & FUTEX_TID_MASK) ? words[0] & FUTEX_TID_MASK : 0;
    } else if (read && command == FUTEX_WAIT && smk_look_is_mutex(words, is_thread, &holder)) {
        look->kind = SMK_WAIT_LOCK;
        look->holder = holder;
    } else if (read && command == FUTEX_WAIT_BITSET && !(call->args[1] & FUTEX_PRIVATE_FLAG) &&
               value == words[0] && words[0] != look->tid && is_thread(words[0])) {
        look->kind = SMK_WAIT_JOIN; /* the kernel clears a thread's number where libc keeps it, at its end */
        look->holder = words[0];
    } else if (command == FUTEX_WAIT && value == 2) {
        look->kind = SMK_WAIT_LOCK; /* libc's locks that have no owner: an allocator's, a stream's, the loader's */
    }
}

/* glibc: readers, writers, the two words that are waited at, two of padding, the writer. */
uint32_t smk_look_rwlock_writer(uint64_t futex)
{
    uint32_t words[5]; /* from the first or from the second of the two on */
    if (!SMK_MUTEX_KNOWN || !smk_peek_all(futex, words, sizeof words))
        return 0;
    return smk_look_is_thread(words[4]) ? words[4] : smk_look_is_thread(words[3]) ? words[3] : 0;
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static const struct call *find(int64_t number)
{
    for (size_t i = 0; i < SMK_ARRAY_LEN(calls); i++)
        if (calls[i].number == number)
            return &calls[i];
    return NULL;
}

void smk_look_at_call(struct smk_look *look, const struct smk_look_call *call, bool (*is_thread)(uint32_t tid))
{
    look->kind = SMK_WAIT_OTHER;
    if (call->number < 0) {
        look->call = "";
        look->kind = look->uninterruptible ? SMK_WAIT_MEMORY : SMK_WAIT_OTHER; /* a page that is being read */
        return;
    }
    if (call->number == SYS_futex) {
        look->call = "futex";
        at_futex(look, call, is_thread);
        return;
    }
    const struct call *known = find(call->number);
    if (!known)
        return;
    look->call = known->name;
    look->kind = known->kind;
    if (known->fd >= 0) {
        enum smk_wait_kind kind = smk_fd_text((int)call->args[known->fd], look->what, sizeof look->what);
        if (known->kind == BY_FD)
            look->kind = kind;
    }
}
