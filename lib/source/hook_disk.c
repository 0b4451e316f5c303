/* hook_disk.c: calls on files that can stall: on the disk, on a file system far away, on somebody's lock.
 * What is a cancellation point stays one (seen.h). */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "source/io.h"

SMK_EXPORT int fsync(int fd) { SMK_FD_CALL(int, fsync, fd, (fd), false); }

SMK_EXPORT int fdatasync(int fd) { SMK_FD_CALL(int, fdatasync, fd, (fd), false); }

SMK_EXPORT int syncfs(int fd) { SMK_FD_CALL(int, syncfs, fd, (fd), false); }

SMK_EXPORT int sync_file_range(int fd, off_t from, off_t len, unsigned flags)
{
    SMK_FD_CALL(int, sync_file_range, fd, (fd, from, len, flags), false);
}

SMK_EXPORT int ftruncate(int fd, off_t len) { SMK_FD_CALL(int, ftruncate, fd, (fd, len), false); }

SMK_EXPORT int ftruncate64(int fd, off_t len) { SMK_FD_CALL(int, ftruncate64, fd, (fd, len), false); }

SMK_EXPORT int fallocate(int fd, int mode, off_t from, off_t len)
{
    SMK_FD_CALL(int, fallocate, fd, (fd, mode, from, len), false);
}

SMK_EXPORT int fallocate64(int fd, int mode, off_t from, off_t len)
{
    SMK_FD_CALL(int, fallocate64, fd, (fd, mode, from, len), false);
}

SMK_EXPORT int posix_fallocate(int fd, off_t from, off_t len)
{
    SMK_FD_CALL(int, posix_fallocate, fd, (fd, from, len), false);
}

SMK_EXPORT int posix_fallocate64(int fd, off_t from, off_t len)
{
    SMK_FD_CALL(int, posix_fallocate64, fd, (fd, from, len), false);
}

/* ---- locks on files -------------------------------------------------------------------------------------- */

SMK_EXPORT int flock(int fd, int operation)
{
    SMK_FD_CALL(int, flock, fd, (fd, operation), (operation & LOCK_NB) != 0);
}

SMK_EXPORT int lockf(int fd, int command, off_t len)
{
    SMK_FD_CALL(int, lockf, fd, (fd, command, len), command != F_LOCK);
}

SMK_EXPORT int lockf64(int fd, int command, off_t len)
{
    SMK_FD_CALL(int, lockf64, fd, (fd, command, len), command != F_LOCK);
}

/* A copy of a descriptor stands for the same connection, and a socket may be set to wait or not to. */
SMK_INLINE int controlled(int fd, int command, int result)
{
    if (command == F_SETFL)
        smk_fd_mode_forget(fd);
    if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && result >= 0 && smk_gate_open(SMK_CAT_REQUEST) &&
        !smk_tls.quiet)
        smk_conn_copied(fd, result);
    return result;
}

/* Most of what fcntl does is no wait, and is let through. The argument goes on, given or not. */
#define CONTROL(name)                                                                              \
    va_list list;                                                                                  \
    va_start(list, command);                                                                       \
    long argument = va_arg(list, long);                                                            \
    va_end(list);                                                                                  \
    if (SMK_LIKELY(command != F_SETLKW && command != F_OFD_SETLKW))                                \
        return controlled(fd, command, SMK_REAL(name)(fd, command, argument));                     \
    SMK_FD_CALL(int, name, fd, (fd, command, argument), false)

SMK_EXPORT int fcntl(int fd, int command, ...) { CONTROL(fcntl); }

SMK_EXPORT int fcntl64(int fd, int command, ...) { CONTROL(fcntl64); }

/* Seen for one of its requests alone. */
SMK_EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    long argument = va_arg(list, long);
    va_end(list);
    int rc = SMK_REAL(ioctl)(fd, request, argument);
    if (SMK_UNLIKELY(request == FIONBIO))
        smk_fd_mode_forget(fd);
    return rc;
}

/* ---- by name --------------------------------------------------------------------------------------------- */

/* The mode goes on, given or not. */
#define MODE(flags)                                                                                \
    va_list list;                                                                                  \
    va_start(list, flags);                                                                         \
    mode_t mode = va_arg(list, mode_t);                                                            \
    va_end(list)

SMK_EXPORT int open(const char *path, int flags, ...)
{
    MODE(flags);
    SMK_PATH_CALL(int, open, path, (path, flags, mode), result);
}

SMK_EXPORT int open64(const char *path, int flags, ...)
{
    MODE(flags);
    SMK_PATH_CALL(int, open64, path, (path, flags, mode), result);
}

SMK_EXPORT int openat(int directory, const char *path, int flags, ...)
{
    MODE(flags);
    SMK_PATH_CALL(int, openat, path, (directory, path, flags, mode), result);
}

SMK_EXPORT int openat64(int directory, const char *path, int flags, ...)
{
    MODE(flags);
    SMK_PATH_CALL(int, openat64, path, (directory, path, flags, mode), result);
}

/* What programs that were built with _FORTIFY_SOURCE call. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
/* What was called before glibc 2.33. */
int __xstat(int version, const char *path, struct stat *st);
int __xstat64(int version, const char *path, struct stat64 *st);
int __lxstat(int version, const char *path, struct stat *st);
int __lxstat64(int version, const char *path, struct stat64 *st);

SMK_EXPORT int __open_2(const char *path, int flags)
{
    SMK_PATH_CALL(int, __open_2, path, (path, flags), result);
}

SMK_EXPORT int __open64_2(const char *path, int flags)
{
    SMK_PATH_CALL(int, __open64_2, path, (path, flags), result);
}

SMK_EXPORT int __openat_2(int directory, const char *path, int flags)
{
    SMK_PATH_CALL(int, __openat_2, path, (directory, path, flags), result);
}

SMK_EXPORT int __openat64_2(int directory, const char *path, int flags)
{
    SMK_PATH_CALL(int, __openat64_2, path, (directory, path, flags), result);
}

SMK_EXPORT int creat(const char *path, mode_t mode)
{
    SMK_PATH_CALL(int, creat, path, (path, mode), result);
}

SMK_EXPORT int creat64(const char *path, mode_t mode)
{
    SMK_PATH_CALL(int, creat64, path, (path, mode), result);
}

SMK_EXPORT int stat(const char *path, struct stat *st)
{
    SMK_PATH_CALL(int, stat, path, (path, st), result);
}

SMK_EXPORT int stat64(const char *path, struct stat64 *st)
{
    SMK_PATH_CALL(int, stat64, path, (path, st), result);
}

SMK_EXPORT int lstat(const char *path, struct stat *st)
{
    SMK_PATH_CALL(int, lstat, path, (path, st), result);
}

SMK_EXPORT int lstat64(const char *path, struct stat64 *st)
{
    SMK_PATH_CALL(int, lstat64, path, (path, st), result);
}

SMK_EXPORT int fstatat(int directory, const char *path, struct stat *st, int flags)
{
    SMK_PATH_CALL(int, fstatat, path, (directory, path, st, flags), result);
}

SMK_EXPORT int fstatat64(int directory, const char *path, struct stat64 *st, int flags)
{
    SMK_PATH_CALL(int, fstatat64, path, (directory, path, st, flags), result);
}

SMK_EXPORT int __xstat(int version, const char *path, struct stat *st)
{
    SMK_PATH_CALL(int, __xstat, path, (version, path, st), result);
}

SMK_EXPORT int __xstat64(int version, const char *path, struct stat64 *st)
{
    SMK_PATH_CALL(int, __xstat64, path, (version, path, st), result);
}

SMK_EXPORT int __lxstat(int version, const char *path, struct stat *st)
{
    SMK_PATH_CALL(int, __lxstat, path, (version, path, st), result);
}

SMK_EXPORT int __lxstat64(int version, const char *path, struct stat64 *st)
{
    SMK_PATH_CALL(int, __lxstat64, path, (version, path, st), result);
}

SMK_EXPORT int statx(int directory, const char *path, int flags, unsigned mask, struct statx *st)
{
    SMK_PATH_CALL(int, statx, path, (directory, path, flags, mask, st), result);
}

SMK_EXPORT int access(const char *path, int mode)
{
    SMK_PATH_CALL(int, access, path, (path, mode), result);
}

SMK_EXPORT int unlink(const char *path) { SMK_PATH_CALL(int, unlink, path, (path), result); }

SMK_EXPORT int unlinkat(int directory, const char *path, int flags)
{
    SMK_PATH_CALL(int, unlinkat, path, (directory, path, flags), result);
}

SMK_EXPORT int mkdir(const char *path, mode_t mode)
{
    SMK_PATH_CALL(int, mkdir, path, (path, mode), result);
}

SMK_EXPORT int mkdirat(int directory, const char *path, mode_t mode)
{
    SMK_PATH_CALL(int, mkdirat, path, (directory, path, mode), result);
}

SMK_EXPORT int rmdir(const char *path) { SMK_PATH_CALL(int, rmdir, path, (path), result); }

SMK_EXPORT int symlink(const char *to, const char *path)
{
    SMK_PATH_CALL(int, symlink, path, (to, path), result);
}

SMK_EXPORT int truncate(const char *path, off_t len)
{
    SMK_PATH_CALL(int, truncate, path, (path, len), result);
}

SMK_EXPORT int truncate64(const char *path, off_t len)
{
    SMK_PATH_CALL(int, truncate64, path, (path, len), result);
}

SMK_EXPORT int rename(const char *from, const char *to)
{
    SMK_PATH_CALL(int, rename, from, (from, to), result);
}

SMK_EXPORT int renameat(int directory, const char *from, int to_directory, const char *to)
{
    SMK_PATH_CALL(int, renameat, from, (directory, from, to_directory, to), result);
}

SMK_EXPORT int renameat2(int directory, const char *from, int to_directory, const char *to,
                         unsigned flags)
{
    SMK_PATH_CALL(int, renameat2, from, (directory, from, to_directory, to, flags), result);
}

SMK_EXPORT int link(const char *from, const char *to)
{
    SMK_PATH_CALL(int, link, from, (from, to), result);
}

SMK_EXPORT void sync(void)
{
    struct smk_seen seen = {.t = NULL};
    if (smk_gate_open(SMK_CAT_DISK))
        smk_seen_begin(&seen, SMK_CALL_sync, SMK_WAIT_DISK, 0, SMK_CALLER);
    SMK_REAL(sync)();
    smk_io_end_path(&seen, NULL, 0);
}

/* ---- directories ------------------------------------------------------------------------------------------ */

SMK_EXPORT DIR *opendir(const char *path)
{
    SMK_PATH_CALL(DIR *, opendir, path, (path), result ? 0 : -1);
}

/* At the end errno is as it was: that is no error, and no result either. */
SMK_EXPORT struct dirent *readdir(DIR *directory)
{
    SMK_PATH_CALL(struct dirent *, readdir, NULL, (directory), 0);
}

SMK_EXPORT struct dirent64 *readdir64(DIR *directory)
{
    SMK_PATH_CALL(struct dirent64 *, readdir64, NULL, (directory), 0);
}
