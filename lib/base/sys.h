/* sys.h: every system call of the library, in one place.
 *
 * They enter the kernel themselves instead of through libc, for three reasons: the library stands in
 * front of libc's functions and must not meet itself; a host's errno is never touched; and none of
 * them is a cancellation point.
 *
 * All of them: result >= 0, or -errno. Pointers are never NULL unless said. Any thread, signal
 * handlers too.
 */
#ifndef SMK_BASE_SYS_H
#define SMK_BASE_SYS_H

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include "base/compiler.h"

/* ---- memory ------------------------------------------------------------------------------------ */

/* Private anonymous memory, page aligned, zeroed. smk_sys_map_dumpless keeps it out of core dumps and
 * gives a fork's child zeroes in its place (MADV_WIPEONFORK): not copied, and never a fault, as
 * MADV_DONTFORK would be for a signal handler that runs in the child before our fork handler.
 * Returns NULL when there is none. */
void *smk_sys_map(size_t size);
void *smk_sys_map_dumpless(size_t size);
void smk_sys_unmap(void *addr, size_t size);
/* Faults all pages in, so that no later write does. Returns 0 or -errno: then they fault one by one. */
int smk_sys_prefault(void *addr, size_t size);
/* A file, shared, to read and write. NULL, and -errno in *error. */
void *smk_sys_map_file(int fd, size_t size, int *error);
/* Zeroed memory that children of fork share with us; kept out of core dumps. NULL when there is none. */
void *smk_sys_map_shared(size_t size);
/* A file, shared, to read and write; neither in core dumps nor in fork's children. NULL, and -errno in *error. */
void *smk_sys_map_box(int fd, size_t size, int *error);
/* A file, to read, and to write into a copy of our own. NULL when there is none. */
void *smk_sys_map_copy(int fd, size_t size);
/* Private memory reads as zeroes in fork's children from now on. */
void smk_sys_wipe_on_fork(void *addr, size_t size);
/* mprotect: PROT_… of whole pages. */
int smk_sys_protect(void *addr, size_t size, int protection);
/* Gives the pages back; they read as zeroes. */
void smk_sys_discard(void *addr, size_t size);

/* ---- threads and processes ------------------------------------------------------------------------ */

int smk_sys_gettid(void);
int smk_sys_getpid(void);
int smk_sys_getppid(void);
/* The calling process's session. */
int smk_sys_getsid(void);
/* Whether there is a process of this number; a zombie is one. Sends nothing. */
bool smk_sys_process_exists(int pid);
/* The name of the calling thread, at most 15 bytes and NUL. */
int smk_sys_get_thread_name(char name[16]);
int smk_sys_set_thread_name(const char *name);
/* Sleeps while *word == expected, at most timeout_ns (UINT64_MAX: without limit). -EAGAIN when the
 * word differed, -ETIMEDOUT, -EINTR; 0 when woken. */
int smk_sys_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns);
int smk_sys_futex_wake(uint32_t *word, int count);
/* Makes every running thread of this process pass a full barrier (membarrier, private expedited).
 * -EPERM before smk_sys_barrier_prepare(), -ENOSYS where the kernel has none. */
int smk_sys_barrier(void);
int smk_sys_barrier_prepare(void);
/* From now on it is -ENOSYS: a filter of the host's forbids it. */
void smk_sys_barrier_forget(void);
int smk_sys_get_affinity(int tid, void *mask, size_t size);
struct perf_event_attr;
/* An event of one thread (0: the calling one) on all CPUs, close-on-exec. -ENOSYS after
 * smk_sys_perf_forget(). */
int smk_sys_perf_event(const struct perf_event_attr *attr, int tid);
/* As smk_sys_barrier_forget; smk_sys_perf_retry takes it back, when it was found out anew. */
void smk_sys_perf_forget(void);
void smk_sys_perf_retry(void);
/* Copies memory of this process, at most len bytes, up to the first page that cannot be read: the
 * number of bytes, -EFAULT when not even the first, -ENOSYS or -EPERM where the kernel refuses. */
ssize_t smk_sys_copy_memory(void *buf, size_t len, uint64_t from);
/* As smk_sys_barrier_forget. */
void smk_sys_copy_memory_forget(void);
/* Whether 8 bytes there can be read, without a fault if not: asks rt_sigprocmask to read a set from
 * there for something that it does not know, so that nothing changes. Every host makes that call, so
 * no filter kills it. */
bool smk_sys_is_readable(uint64_t addr);

/* A system call as numbers, so that one can be tried where it cannot hurt. */
struct smk_sys_call {
    const char *name;
    long number;
    long args[4];
};

/* Makes the calls one after the other in a child that shares nothing with us and of whose end the host is
 * not told, and finds those that the child does not survive: *refused gets a bit for each. At most 64.
 * Returns 0, or -errno when there can be no child: then nothing is known. */
int smk_sys_try(const struct smk_sys_call *calls, unsigned count, uint64_t *refused);
/* Blocks every signal for the calling thread, those that libc keeps for itself too; what was blocked
 * before goes to *before, for smk_sys_restore_signals. */
void smk_sys_block_signals(uint64_t *before);
void smk_sys_restore_signals(uint64_t before);
/* Around writes on a thread of the host's: one that is too large or that nobody reads makes a signal for this
 * very thread (SIGXFSZ, SIGPIPE), which ends the host. It gets an error instead. */
struct smk_sys_hushed {
    uint64_t before;
    bool pipe, size; /* they were pending already */
};
void smk_sys_hush(struct smk_sys_hushed *hushed);
void smk_sys_unhush(const struct smk_sys_hushed *hushed);

/* ---- time ----------------------------------------------------------------------------------------- */

/* Nanoseconds of a clock (CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID …), through the
 * vdso. */
uint64_t smk_sys_clock(clockid_t clock);
/* CPU time of a thread of this process, ns; 0 when there is no such thread. */
uint64_t smk_sys_thread_cpu(int tid);
/* What the kernel counted so far for the calling thread, or for all of the process. CPU time may be split into
 * user and system by where timer ticks fell, which is coarse. 0; -ENOSYS after smk_sys_usage_forget. */
struct smk_usage {
    uint64_t user_ns, system_ns, minor_faults, major_faults;
};
int smk_sys_usage(bool thread, struct smk_usage *usage);
/* As smk_sys_perf_forget and smk_sys_perf_retry. */
void smk_sys_usage_forget(void);
void smk_sys_usage_retry(void);
/* Sleeps for ns. */
void smk_sys_sleep(uint64_t ns);

/* ---- files ---------------------------------------------------------------------------------------- */

/* Whatever gives a new descriptor (open, memfd, socket, accept …) moves it to a free number >= first at once, where
 * there is one, and leaves the lowest ones to the host, which may count on them. 0, as at first: it does not. */
void smk_sys_numbers_from(uint32_t first);

int smk_sys_open(const char *path, int flags, mode_t mode);
int smk_sys_openat(int dir, const char *path, int flags, mode_t mode);
int smk_sys_close(int fd);
ssize_t smk_sys_read(int fd, void *buf, size_t len);
ssize_t smk_sys_pread(int fd, void *buf, size_t len, uint64_t offset);
ssize_t smk_sys_write(int fd, const void *buf, size_t len);
ssize_t smk_sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset);
int smk_sys_fsync(int fd);
int smk_sys_truncate(int fd, uint64_t size);
int smk_sys_fstat(int fd, struct stat *st);
int smk_sys_statat(int dir, const char *name, struct stat *st);
int smk_sys_mkdir(const char *path, mode_t mode);
int smk_sys_fchmod(int fd, mode_t mode);
int smk_sys_unlinkat(int dir, const char *name);
int smk_sys_renameat(int dir, const char *from, const char *to);
int smk_sys_getdents(int dir, void *buf, size_t len);
int64_t smk_sys_seek(int fd, int64_t offset, int whence);
/* Is this a file that this process may execute? */
bool smk_sys_may_execute(const char *path);
/* 0 when files may be made in this directory. */
int smk_sys_may_write(int dir);
/* Bytes that an ordinary user may still write on the file system of fd. */
int smk_sys_free_space(int fd, uint64_t *bytes);
/* Are the files of this file system memory? */
bool smk_sys_is_in_memory(int fd);
/* Bytes of memory that the machine has; UINT64_MAX: it does not say. */
uint64_t smk_sys_memory(void);
/* A copy of fd at the lowest free number >= from, close-on-exec. */
int smk_sys_dup_from(int fd, int from);
int smk_sys_dup3(int from, int to, int flags);
/* O_NONBLOCK and the like of an open descriptor. */
int smk_sys_status_flags(int fd);
int smk_sys_nofile_limit(void);

/* Bytes that RLIMIT_AS leaves this process; UINT64_MAX: there is no limit. */
uint64_t smk_sys_address_space_left(void);
int smk_sys_readlink(const char *path, char *buf, size_t size);
/* The whole of a small file (at most size - 1 bytes), ended by NUL; its length or -errno. */
int smk_sys_slurp(const char *path, char *buf, size_t size);
/* A counter that poll can wait for; never blocks. */
int smk_sys_eventfd(void);
/* A file without a name, in memory. */
int smk_sys_memfd(void);
/* Unpredictable bytes. */
int smk_sys_random(void *buf, size_t len);

/* ---- sockets -------------------------------------------------------------------------------------- */

struct pollfd;
struct sockaddr;

/* `type` may have SOCK_NONBLOCK in it. All of them are close-on-exec. */
int smk_sys_socket(int domain, int type);
int smk_sys_bind(int fd, const struct sockaddr *address, size_t size);
int smk_sys_listen(int fd, int backlog);
int smk_sys_connect(int fd, const struct sockaddr *address, size_t size);
/* `address` NULL: not asked for; else *size goes in and out. */
int smk_sys_accept(int fd, struct sockaddr *address, uint32_t *size);
int smk_sys_getsockname(int fd, struct sockaddr *address, uint32_t *size);
int smk_sys_getpeername(int fd, struct sockaddr *address, uint32_t *size);
int smk_sys_getsockopt(int fd, int level, int name, void *value, uint32_t *size);
int smk_sys_setsockopt(int fd, int level, int name, const void *value, uint32_t size);
/* Never a SIGPIPE. */
ssize_t smk_sys_send(int fd, const void *buf, size_t len, int flags);
ssize_t smk_sys_recv(int fd, void *buf, size_t len, int flags);
/* The descriptor that came with a message of one byte, close-on-exec; it is not waited for. */
int smk_sys_recv_fd(int fd);
int smk_sys_shutdown(int fd, int how);
/* timeout_ms < 0: without limit. */
int smk_sys_poll(struct pollfd *fds, unsigned count, int timeout_ms);

#endif
