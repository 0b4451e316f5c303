/* sys.c: see sys.h. It and sys_run.c are the only files that issue system calls. */
#define _GNU_SOURCE
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/sys_enter.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

/* ---- where descriptors lie --------------------------------------------------------------------------- */

static uint32_t numbers_from; /* atomic; 0: they stay where they come */

void smk_sys_numbers_from(uint32_t first) { smk_store_relaxed(&numbers_from, first); }

static int raised(long fd)
{
    long first = smk_load_relaxed(&numbers_from);
    long high = fd < 0 || fd >= first ? -1 : enter3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, first);
    if (high >= 0)
        enter1(SYS_close, fd);
    return (int)(high >= 0 ? high : fd);
}

/* ---- memory ---------------------------------------------------------------------------------------- */

/* A thread sanitizer must see that pages are new ones, or the threads of old ones race with those of the
 * new; it sees it in libc's functions. */
#if SMK_TSAN
void *smk_sys_map(size_t size)
{
    void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return addr == MAP_FAILED ? NULL : addr;
}

void smk_sys_unmap(void *addr, size_t size) { munmap(addr, size); }
#else
void *smk_sys_map(size_t size)
{
    long addr = enter6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
    return addr < 0 && addr > -4096 ? NULL : (void *)addr;
}

void smk_sys_unmap(void *addr, size_t size) { enter2(SYS_munmap, addr, size); }
#endif

void *smk_sys_map_file(int fd, size_t size, int *error)
{
    long addr = enter6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    *error = addr < 0 && addr > -4096 ? (int)addr : 0;
    return *error ? NULL : (void *)addr;
}

void *smk_sys_map_shared(size_t size)
{
    long addr = enter6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (addr < 0 && addr > -4096)
        return NULL;
    enter3(SYS_madvise, addr, size, MADV_DONTDUMP);
    return (void *)addr;
}

void *smk_sys_map_dumpless(size_t size)
{
    void *addr = smk_sys_map(size);
    if (addr) {
        enter3(SYS_madvise, addr, size, MADV_DONTDUMP);
        enter3(SYS_madvise, addr, size, MADV_WIPEONFORK);
    }
    return addr;
}

void *smk_sys_map_box(int fd, size_t size, int *error)
{
    void *addr = smk_sys_map_file(fd, size, error);
    if (addr) {
        enter3(SYS_madvise, addr, size, MADV_DONTDUMP);
        enter3(SYS_madvise, addr, size, MADV_DONTFORK);
    }
    return addr;
}

void *smk_sys_map_copy(int fd, size_t size)
{
    long addr = enter6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    return addr < 0 && addr > -4096 ? NULL : (void *)addr;
}

void smk_sys_wipe_on_fork(void *addr, size_t size) { enter3(SYS_madvise, addr, size, MADV_WIPEONFORK); }

int smk_sys_prefault(void *addr, size_t size)
{
    return (int)enter3(SYS_madvise, addr, size, MADV_POPULATE_WRITE);
}

int smk_sys_protect(void *addr, size_t size, int protection)
{
    return (int)enter3(SYS_mprotect, addr, size, protection);
}

void smk_sys_discard(void *addr, size_t size) { enter3(SYS_madvise, addr, size, MADV_DONTNEED); }

/* ---- threads and processes -------------------------------------------------------------------------- */

int smk_sys_gettid(void) { return (int)enter0(SYS_gettid); }
int smk_sys_getpid(void) { return (int)enter0(SYS_getpid); }
int smk_sys_getppid(void) { return (int)enter0(SYS_getppid); }
int smk_sys_getsid(void) { return (int)enter1(SYS_getsid, 0); }
bool smk_sys_process_exists(int pid) { return enter2(SYS_kill, pid, 0) != -ESRCH; }

int smk_sys_get_thread_name(char name[16])
{
    return (int)enter2(SYS_prctl, PR_GET_NAME, name);
}

int smk_sys_set_thread_name(const char *name)
{
    return (int)enter2(SYS_prctl, PR_SET_NAME, name);
}

int smk_sys_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    struct timespec ts = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                          .tv_nsec = (long)(timeout_ns % 1000000000u)};
    struct timespec *limit = timeout_ns == UINT64_MAX ? NULL : &ts;
    return (int)enter4(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, limit);
}

int smk_sys_futex_wake(uint32_t *word, int count)
{
    return (int)enter3(SYS_futex, word, FUTEX_WAKE_PRIVATE, count);
}

static uint32_t no_barrier, no_copy, no_perf, no_usage; /* atomic */

int smk_sys_barrier(void)
{
    if (smk_load_relaxed(&no_barrier))
        return -ENOSYS;
    return (int)enter3(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

int smk_sys_barrier_prepare(void)
{
    if (smk_load_relaxed(&no_barrier))
        return -ENOSYS;
    return (int)enter3(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

void smk_sys_barrier_forget(void) { smk_store_relaxed(&no_barrier, 1); }
void smk_sys_perf_forget(void) { smk_store_relaxed(&no_perf, 1); }
void smk_sys_perf_retry(void) { smk_store_relaxed(&no_perf, 0); }

int smk_sys_perf_event(const struct perf_event_attr *attr, int tid)
{
    if (smk_load_relaxed(&no_perf))
        return -ENOSYS;
    return raised(enter5(SYS_perf_event_open, attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

void smk_sys_usage_forget(void) { smk_store_relaxed(&no_usage, 1); }
void smk_sys_usage_retry(void) { smk_store_relaxed(&no_usage, 0); }

int smk_sys_usage(bool thread, struct smk_usage *usage)
{
    struct rusage now = {0};
    long rc = smk_load_relaxed(&no_usage) ? -ENOSYS : enter2(SYS_getrusage, thread ? RUSAGE_THREAD : RUSAGE_SELF, &now);
    *usage = (struct smk_usage){(uint64_t)now.ru_utime.tv_sec * 1000000000u + (uint64_t)now.ru_utime.tv_usec * 1000u,
                                (uint64_t)now.ru_stime.tv_sec * 1000000000u + (uint64_t)now.ru_stime.tv_usec * 1000u,
                                (uint64_t)now.ru_minflt, (uint64_t)now.ru_majflt};
    return (int)rc;
}

void smk_sys_copy_memory_forget(void) { smk_store_relaxed(&no_copy, 1); }

int smk_sys_get_affinity(int tid, void *mask, size_t size)
{
    return (int)enter3(SYS_sched_getaffinity, tid, size, mask);
}

ssize_t smk_sys_copy_memory(void *buf, size_t len, uint64_t from)
{
    /* The kernel gives up at the first part that it cannot read whole: so a part is a page. */
    enum { PAGE = 4096, PARTS = 16 };
    struct iovec parts[PARTS];
    ssize_t copied = 0;
    int self = smk_sys_gettid(); /* the process's own number is that of a thread that may have ended */
    if (smk_load_relaxed(&no_copy))
        return -ENOSYS;
    while ((size_t)copied < len) {
        uint64_t at = from + (uint64_t)copied;
        size_t want = 0;
        int count = 0;
        for (; count < PARTS && (size_t)copied + want < len; count++) {
            size_t size = (size_t)smk_min_u64(PAGE - (at + want) % PAGE, len - (size_t)copied - want);
            parts[count] = (struct iovec){(void *)(at + want), size};
            want += size;
        }
        struct iovec to = {(char *)buf + copied, want};
        ssize_t n = enter6(SYS_process_vm_readv, self, (long)&to, 1, (long)parts, count, 0);
        if (n > 0)
            copied += n;
        if (n < (ssize_t)want)
            return n < 0 && copied == 0 ? n : copied;
    }
    return copied;
}

bool smk_sys_is_readable(uint64_t addr)
{
    return enter4(SYS_rt_sigprocmask, -1, addr, NULL, 8) != -EFAULT;
}

/* ---- trying calls ----------------------------------------------------------------------------------- */

/* How far the child came; shared with it. The child waits for nobody, so the parent need not wait long. */
struct trial {
    uint32_t next;
    uint32_t can_wait; /* it survived a wait4, so we would */
};

#define TRIAL_STEP_NS 200000u
#define TRIAL_STEPS   5000

/* The child: memory of its own, exit signal 0, so no SIGCHLD and unseen by the host's waits. It may be
 * killed at any of the calls, and then writes no core. It returns to nobody. */
static void try_in_child(const struct smk_sys_call *calls, unsigned count, struct trial *trial)
{
    enter2(SYS_prctl, PR_SET_DUMPABLE, 0);
    enter4(SYS_wait4, -1, NULL, WNOHANG, NULL);
    smk_store_release(&trial->can_wait, 1); /* pairs with: try_from */
    while (trial->next < count) {
        const long *a = calls[trial->next].args;
        enter4(calls[trial->next].number, a[0], a[1], a[2], a[3]);
        smk_store_release(&trial->next, trial->next + 1); /* pairs with: try_from */
    }
    enter1(SYS_exit_group, 0);
}

/* One child from trial->next on. Where it cannot be waited for it stays a zombie, once. */
static int try_from(const struct smk_sys_call *calls, unsigned count, struct trial *trial)
{
    trial->can_wait = 0;
    long child = enter6(SYS_clone, 0, 0, 0, 0, 0, 0);
    if (child == 0)
        try_in_child(calls, count, trial);
    if (child < 0)
        return (int)child;
    for (int step = 0; !smk_load_acquire(&trial->can_wait); step++) {
        if (step == TRIAL_STEPS)
            return -EPERM;
        smk_sys_sleep(TRIAL_STEP_NS);
    }
    long rc;
    do
        rc = enter4(SYS_wait4, child, NULL, __WCLONE, NULL);
    while (rc == -EINTR);
    return rc < 0 ? (int)rc : 0;
}

int smk_sys_try(const struct smk_sys_call *calls, unsigned count, uint64_t *refused)
{
    long addr = enter6(SYS_mmap, 0, (long)sizeof(struct trial), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (addr < 0 && addr > -4096)
        return (int)addr;
    struct trial *trial = (struct trial *)addr;
    int rc = 0;
    *refused = 0;
    while (rc == 0 && trial->next < count) {
        rc = try_from(calls, count, trial);
        if (rc < 0 || smk_load_acquire(&trial->next) >= count) /* pairs with: try_in_child */
            break;
        *refused |= UINT64_C(1) << trial->next;
        trial->next++;
    }
    smk_sys_unmap(trial, sizeof *trial);
    return rc;
}

#define SIGNAL_BIT(n) (UINT64_C(1) << ((n) - 1)) /* of the kernel's sigset_t, 64 bits */

void smk_sys_block_signals(uint64_t *before)
{
    uint64_t all = UINT64_MAX;
    enter4(SYS_rt_sigprocmask, SIG_SETMASK, &all, before, sizeof all);
}

void smk_sys_restore_signals(uint64_t before)
{
    enter4(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
}

static bool signal_pends(int signal)
{
    uint64_t pending = 0;
    enter2(SYS_rt_sigpending, &pending, sizeof pending);
    return pending & SIGNAL_BIT(signal);
}

static void drop_signal(int signal)
{
    uint64_t set = SIGNAL_BIT(signal);
    struct timespec now = {0};
    enter4(SYS_rt_sigtimedwait, &set, NULL, &now, sizeof set);
}

void smk_sys_hush(struct smk_sys_hushed *hushed)
{
    smk_sys_block_signals(&hushed->before);
    hushed->pipe = signal_pends(SIGPIPE);
    hushed->size = signal_pends(SIGXFSZ);
}

void smk_sys_unhush(const struct smk_sys_hushed *hushed)
{
    if (!hushed->pipe && signal_pends(SIGPIPE))
        drop_signal(SIGPIPE);
    if (!hushed->size && signal_pends(SIGXFSZ))
        drop_signal(SIGXFSZ);
    smk_sys_restore_signals(hushed->before);
}

/* ---- time ------------------------------------------------------------------------------------------- */

uint64_t smk_sys_clock(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The clock's number as the kernel makes it: include/linux/posix-timers.h, CPUCLOCK_PERTHREAD_MASK |
 * CPUCLOCK_SCHED. */
uint64_t smk_sys_thread_cpu(int tid)
{
    struct timespec ts;
    if (enter2(SYS_clock_gettime, (long)(int32_t)(~(uint32_t)tid << 3 | 6), &ts) < 0)
        return 0;
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void smk_sys_sleep(uint64_t ns)
{
    struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
    enter4(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, NULL);
}

/* ---- files ------------------------------------------------------------------------------------------ */

int smk_sys_openat(int dir, const char *path, int flags, mode_t mode)
{
    return raised(enter4(SYS_openat, dir, path, flags | O_CLOEXEC, mode));
}

int smk_sys_open(const char *path, int flags, mode_t mode)
{
    return smk_sys_openat(AT_FDCWD, path, flags, mode);
}

int smk_sys_close(int fd) { return (int)enter1(SYS_close, fd); }

ssize_t smk_sys_read(int fd, void *buf, size_t len) { return enter3(SYS_read, fd, buf, len); }

ssize_t smk_sys_pread(int fd, void *buf, size_t len, uint64_t offset)
{
    return enter4(SYS_pread64, fd, buf, len, offset);
}

ssize_t smk_sys_write(int fd, const void *buf, size_t len) { return enter3(SYS_write, fd, buf, len); }

ssize_t smk_sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
    return enter4(SYS_pwrite64, fd, buf, len, offset);
}

int smk_sys_eventfd(void) { return raised(enter2(SYS_eventfd2, 0, O_CLOEXEC | O_NONBLOCK)); }

int smk_sys_memfd(void) { return raised(enter2(SYS_memfd_create, "stallmark", 1 /* MFD_CLOEXEC */)); }

int smk_sys_fsync(int fd) { return (int)enter1(SYS_fsync, fd); }
int smk_sys_truncate(int fd, uint64_t size) { return (int)enter2(SYS_ftruncate, fd, size); }

int smk_sys_fstat(int fd, struct stat *st)
{
    return (int)enter4(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

int smk_sys_statat(int dir, const char *name, struct stat *st)
{
    return (int)enter4(SYS_newfstatat, dir, name, st, AT_SYMLINK_NOFOLLOW);
}

int smk_sys_mkdir(const char *path, mode_t mode)
{
    return (int)enter3(SYS_mkdirat, AT_FDCWD, path, mode);
}

int smk_sys_fchmod(int fd, mode_t mode) { return (int)enter2(SYS_fchmod, fd, mode); }

int smk_sys_unlinkat(int dir, const char *name) { return (int)enter3(SYS_unlinkat, dir, name, 0); }

int smk_sys_renameat(int dir, const char *from, const char *to)
{
    return (int)enter6(SYS_renameat2, dir, (long)from, dir, (long)to, 0, 0);
}

int smk_sys_may_write(int dir)
{
    int rc = (int)enter4(SYS_faccessat2, dir, ".", W_OK | X_OK, AT_EACCESS);
    return rc == -ENOSYS ? (int)enter3(SYS_faccessat, dir, ".", W_OK | X_OK) : rc; /* Linux before 5.8 */
}

int smk_sys_getdents(int dir, void *buf, size_t len)
{
    return (int)enter3(SYS_getdents64, dir, buf, len);
}

bool smk_sys_may_execute(const char *path)
{
    struct stat st;
    if (enter3(SYS_faccessat, AT_FDCWD, path, X_OK) != 0)
        return false;
    int fd = smk_sys_open(path, O_PATH, 0);
    bool is_file = fd >= 0 && smk_sys_fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (fd >= 0)
        smk_sys_close(fd);
    return is_file;
}

int64_t smk_sys_seek(int fd, int64_t offset, int whence)
{
    return enter3(SYS_lseek, fd, offset, whence);
}

int smk_sys_free_space(int fd, uint64_t *bytes)
{
    struct statfs fs;
    long rc = enter2(SYS_fstatfs, fd, &fs);
    if (rc < 0)
        return (int)rc;
    *bytes = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
    return 0;
}

bool smk_sys_is_in_memory(int fd)
{
    struct statfs fs;
    uint32_t type = enter2(SYS_fstatfs, fd, &fs) == 0 ? (uint32_t)fs.f_type : 0;
    return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

uint64_t smk_sys_memory(void)
{
    char text[256];
    const char *line = smk_sys_slurp("/proc/meminfo", text, sizeof text) > 0 ? strstr(text, "MemTotal:") : NULL;
    return line ? strtoull(line + 9, NULL, 10) * 1024 : UINT64_MAX;
}

int smk_sys_dup_from(int fd, int from) { return (int)enter3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, from); }
int smk_sys_dup3(int from, int to, int flags) { return (int)enter3(SYS_dup3, from, to, flags); }

int smk_sys_status_flags(int fd) { return (int)enter3(SYS_fcntl, fd, F_GETFL, 0); }

int smk_sys_nofile_limit(void)
{
    struct rlimit limit = {.rlim_cur = 1024};
    enter2(SYS_getrlimit, RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > 1 << 30 ? 1 << 30 : (int)limit.rlim_cur;
}

uint64_t smk_sys_address_space_left(void)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};
    char status[4096];
    enter2(SYS_getrlimit, RLIMIT_AS, &limit);
    if (limit.rlim_cur == RLIM_INFINITY || smk_sys_slurp("/proc/self/status", status, sizeof status) <= 0)
        return UINT64_MAX;
    const char *line = strstr(status, "\nVmSize:");
    uint64_t used = line ? strtoull(line + 8, NULL, 10) * 1024 : 0;
    return used < limit.rlim_cur ? limit.rlim_cur - used : 0;
}

int smk_sys_readlink(const char *path, char *buf, size_t size)
{
    int n = (int)enter4(SYS_readlinkat, AT_FDCWD, path, buf, size - 1);
    if (n >= 0)
        buf[n] = '\0';
    return n;
}

int smk_sys_slurp(const char *path, char *buf, size_t size)
{
    int fd = smk_sys_open(path, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    size_t len = 0;
    ssize_t n = 1;
    while (n > 0 && len < size - 1) {
        n = smk_sys_read(fd, buf + len, size - 1 - len);
        if (n > 0)
            len += (size_t)n;
        else if (n == -EINTR)
            n = 1;
    }
    smk_sys_close(fd);
    buf[len] = '\0';
    return n < 0 ? (int)n : (int)len;
}

int smk_sys_random(void *buf, size_t len)
{
    long n = enter3(SYS_getrandom, buf, len, 0);
    return n < 0 ? (int)n : n == (long)len ? 0 : -EIO;
}

/* ---- sockets ---------------------------------------------------------------------------------------- */

int smk_sys_socket(int domain, int type)
{
    return raised(enter3(SYS_socket, domain, type | SOCK_CLOEXEC, 0));
}

int smk_sys_bind(int fd, const struct sockaddr *address, size_t size)
{
    return (int)enter3(SYS_bind, fd, address, size);
}

int smk_sys_listen(int fd, int backlog) { return (int)enter2(SYS_listen, fd, backlog); }

int smk_sys_connect(int fd, const struct sockaddr *address, size_t size)
{
    return (int)enter3(SYS_connect, fd, address, size);
}

int smk_sys_accept(int fd, struct sockaddr *address, uint32_t *size)
{
    return raised(enter4(SYS_accept4, fd, address, size, SOCK_CLOEXEC));
}

int smk_sys_getsockname(int fd, struct sockaddr *address, uint32_t *size)
{
    return (int)enter3(SYS_getsockname, fd, address, size);
}

int smk_sys_getpeername(int fd, struct sockaddr *address, uint32_t *size)
{
    return (int)enter3(SYS_getpeername, fd, address, size);
}

int smk_sys_getsockopt(int fd, int level, int name, void *value, uint32_t *size)
{
    return (int)enter5(SYS_getsockopt, fd, level, name, value, size);
}

int smk_sys_setsockopt(int fd, int level, int name, const void *value, uint32_t size)
{
    return (int)enter5(SYS_setsockopt, fd, level, name, value, size);
}

ssize_t smk_sys_send(int fd, const void *buf, size_t len, int flags)
{
    return enter4(SYS_sendto, fd, buf, len, flags | MSG_NOSIGNAL);
}

ssize_t smk_sys_recv(int fd, void *buf, size_t len, int flags)
{
    return enter4(SYS_recvfrom, fd, buf, len, flags);
}

int smk_sys_shutdown(int fd, int how) { return (int)enter2(SYS_shutdown, fd, how); }

int smk_sys_poll(struct pollfd *fds, unsigned count, int timeout_ms)
{
    struct timespec ts = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};
    return (int)enter4(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &ts, NULL);
}
