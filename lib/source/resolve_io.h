/* resolve_io.h: of resolve.h's table, the calls on descriptors and on files. */
#ifndef SMK_SOURCE_RESOLVE_IO_H
#define SMK_SOURCE_RESOLVE_IO_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#ifdef __GLIBC__
#define SMK_SOCKADDR       __SOCKADDR_ARG
#define SMK_CONST_SOCKADDR __CONST_SOCKADDR_ARG
#else
#define SMK_SOCKADDR       struct sockaddr *
#define SMK_CONST_SOCKADDR const struct sockaddr *
#endif

/* clang-format off */

/* What a server's loop calls: eight pointers, which are one line. */
#define SMK_REAL_SERVER_CALLS(X)                                                                   \
    X(ssize_t, read, NULL, (int fd, void *buf, size_t len), (fd, buf, len), SMK_ABSENT_ERRNO)      \
    X(ssize_t, write, NULL, (int fd, const void *buf, size_t len),                                 \
      (fd, buf, len), SMK_ABSENT_ERRNO)                                                            \
    X(ssize_t, recv, NULL, (int fd, void *buf, size_t len, int flags),                             \
      (fd, buf, len, flags), SMK_ABSENT_ERRNO)                                                     \
    X(ssize_t, send, NULL, (int fd, const void *buf, size_t len, int flags),                       \
      (fd, buf, len, flags), SMK_ABSENT_ERRNO)                                                     \
    X(ssize_t, sendmsg, NULL, (int fd, const struct msghdr *message, int flags),                   \
      (fd, message, flags), SMK_ABSENT_ERRNO)                                                      \
    X(ssize_t, writev, NULL, (int fd, const struct iovec *pieces, int count),                      \
      (fd, pieces, count), SMK_ABSENT_ERRNO)                                                       \
    X(ssize_t, sendfile, NULL, (int to, int from, off_t *at, size_t len),                          \
      (to, from, at, len), SMK_ABSENT_ERRNO)                                                       \
    X(int, epoll_wait, NULL, (int fd, struct epoll_event *events, int count, int ms),              \
      (fd, events, count, ms), SMK_ABSENT_ERRNO)

#define SMK_REAL_DESCRIPTOR_CALLS(X)                                                               \
    X(ssize_t, __read_chk, NULL, (int fd, void *buf, size_t len, size_t size),                     \
      (fd, buf, len, size), SMK_ABSENT_ERRNO)                                                      \
    X(ssize_t, readv, NULL, (int fd, const struct iovec *pieces, int count),                       \
      (fd, pieces, count), SMK_ABSENT_ERRNO)                                                       \
    X(ssize_t, pread, NULL, (int fd, void *buf, size_t len, off_t at),                             \
      (fd, buf, len, at), SMK_ABSENT_ERRNO)                                                        \
    X(ssize_t, pread64, NULL, (int fd, void *buf, size_t len, off_t at),                           \
      (fd, buf, len, at), SMK_ABSENT_ERRNO)                                                        \
    X(ssize_t, __pread_chk, NULL, (int fd, void *buf, size_t len, off_t at, size_t size),          \
      (fd, buf, len, at, size), SMK_ABSENT_ERRNO)                                                  \
    X(ssize_t, __pread64_chk, NULL, (int fd, void *buf, size_t len, off_t at, size_t size),        \
      (fd, buf, len, at, size), SMK_ABSENT_ERRNO)                                                  \
    X(ssize_t, pwrite, NULL, (int fd, const void *buf, size_t len, off_t at),                      \
      (fd, buf, len, at), SMK_ABSENT_ERRNO)                                                        \
    X(ssize_t, pwrite64, NULL, (int fd, const void *buf, size_t len, off_t at),                    \
      (fd, buf, len, at), SMK_ABSENT_ERRNO)                                                        \
    X(ssize_t, preadv, NULL, (int fd, const struct iovec *pieces, int count, off_t at),            \
      (fd, pieces, count, at), SMK_ABSENT_ERRNO)                                                   \
    X(ssize_t, preadv64, NULL, (int fd, const struct iovec *pieces, int count, off_t at),          \
      (fd, pieces, count, at), SMK_ABSENT_ERRNO)                                                   \
    X(ssize_t, pwritev, NULL, (int fd, const struct iovec *pieces, int count, off_t at),           \
      (fd, pieces, count, at), SMK_ABSENT_ERRNO)                                                   \
    X(ssize_t, pwritev64, NULL, (int fd, const struct iovec *pieces, int count, off_t at),         \
      (fd, pieces, count, at), SMK_ABSENT_ERRNO)                                                   \
    X(ssize_t, preadv2, NULL,                                                                      \
      (int fd, const struct iovec *pieces, int count, off_t at, int flags),                        \
      (fd, pieces, count, at, flags), SMK_ABSENT_ERRNO)                                            \
    X(ssize_t, preadv64v2, NULL,                                                                   \
      (int fd, const struct iovec *pieces, int count, off_t at, int flags),                        \
      (fd, pieces, count, at, flags), SMK_ABSENT_ERRNO)                                            \
    X(ssize_t, pwritev2, NULL,                                                                     \
      (int fd, const struct iovec *pieces, int count, off_t at, int flags),                        \
      (fd, pieces, count, at, flags), SMK_ABSENT_ERRNO)                                            \
    X(ssize_t, pwritev64v2, NULL,                                                                  \
      (int fd, const struct iovec *pieces, int count, off_t at, int flags),                        \
      (fd, pieces, count, at, flags), SMK_ABSENT_ERRNO)                                            \
    X(ssize_t, sendfile64, NULL, (int to, int from, off_t *at, size_t len),                        \
      (to, from, at, len), SMK_ABSENT_ERRNO)                                                       \
    X(ssize_t, splice, NULL,                                                                       \
      (int from, off_t *from_at, int to, off_t *to_at, size_t len, unsigned flags),                \
      (from, from_at, to, to_at, len, flags), SMK_ABSENT_ERRNO)                                    \
    X(ssize_t, copy_file_range, NULL,                                                              \
      (int from, off_t *from_at, int to, off_t *to_at, size_t len, unsigned flags),                \
      (from, from_at, to, to_at, len, flags), SMK_ABSENT_ERRNO)                                    \
    X(ssize_t, __recv_chk, NULL, (int fd, void *buf, size_t len, size_t size, int flags),          \
      (fd, buf, len, size, flags), SMK_ABSENT_ERRNO)                                               \
    X(ssize_t, recvfrom, NULL,                                                                     \
      (int fd, void *buf, size_t len, int flags, SMK_SOCKADDR address, socklen_t *size),           \
      (fd, buf, len, flags, address, size), SMK_ABSENT_ERRNO)                                      \
    X(ssize_t, __recvfrom_chk, NULL,                                                               \
      (int fd, void *buf, size_t len, size_t room, int flags, SMK_SOCKADDR address,                \
       socklen_t *size), (fd, buf, len, room, flags, address, size), SMK_ABSENT_ERRNO)             \
    X(ssize_t, recvmsg, NULL, (int fd, struct msghdr *message, int flags),                         \
      (fd, message, flags), SMK_ABSENT_ERRNO)                                                      \
    X(int, recvmmsg, NULL,                                                                         \
      (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *ts),          \
      (fd, messages, count, flags, ts), SMK_ABSENT_ERRNO)                                          \
    X(ssize_t, sendto, NULL,                                                                       \
      (int fd, const void *buf, size_t len, int flags, SMK_CONST_SOCKADDR address,                 \
       socklen_t size), (fd, buf, len, flags, address, size), SMK_ABSENT_ERRNO)                    \
    X(int, sendmmsg, NULL, (int fd, struct mmsghdr *messages, unsigned count, int flags),          \
      (fd, messages, count, flags), SMK_ABSENT_ERRNO)                                              \
    X(int, connect, NULL, (int fd, SMK_CONST_SOCKADDR address, socklen_t size),                    \
      (fd, address, size), SMK_ABSENT_ERRNO)                                                       \
    X(int, accept, NULL, (int fd, SMK_SOCKADDR address, socklen_t *len),                           \
      (fd, address, len), SMK_ABSENT_ERRNO)                                                        \
    X(int, accept4, NULL, (int fd, SMK_SOCKADDR address, socklen_t *len, int flags),               \
      (fd, address, len, flags), SMK_ABSENT_ERRNO)

#define SMK_REAL_FILE_CALLS(X)                                                                     \
    X(int, fsync, NULL, (int fd), (fd), SMK_ABSENT_ERRNO)                                          \
    X(int, fdatasync, NULL, (int fd), (fd), SMK_ABSENT_ERRNO)                                      \
    X(int, syncfs, NULL, (int fd), (fd), SMK_ABSENT_ERRNO)                                         \
    X(int, sync_file_range, NULL, (int fd, off_t from, off_t len, unsigned flags),                 \
      (fd, from, len, flags), SMK_ABSENT_ERRNO)                                                    \
    X(int, ftruncate, NULL, (int fd, off_t len), (fd, len), SMK_ABSENT_ERRNO)                      \
    X(int, ftruncate64, NULL, (int fd, off_t len), (fd, len), SMK_ABSENT_ERRNO)                    \
    X(int, fallocate, NULL, (int fd, int mode, off_t from, off_t len),                             \
      (fd, mode, from, len), SMK_ABSENT_ERRNO)                                                     \
    X(int, fallocate64, NULL, (int fd, int mode, off_t from, off_t len),                           \
      (fd, mode, from, len), SMK_ABSENT_ERRNO)                                                     \
    X(int, posix_fallocate, NULL, (int fd, off_t from, off_t len),                                 \
      (fd, from, len), SMK_ABSENT_CODE)                                                            \
    X(int, posix_fallocate64, NULL, (int fd, off_t from, off_t len),                               \
      (fd, from, len), SMK_ABSENT_CODE)                                                            \
    X(int, flock, NULL, (int fd, int operation), (fd, operation), SMK_ABSENT_ERRNO)                \
    X(int, lockf, NULL, (int fd, int command, off_t len), (fd, command, len), SMK_ABSENT_ERRNO)    \
    X(int, lockf64, NULL, (int fd, int command, off_t len),                                        \
      (fd, command, len), SMK_ABSENT_ERRNO)                                                        \
    X(int, ioctl, NULL, (int fd, unsigned long request, long argument),                            \
      (fd, request, argument), SMK_ABSENT_ERRNO)                                                   \
    X(int, fcntl, NULL, (int fd, int command, long argument),                                      \
      (fd, command, argument), SMK_ABSENT_ERRNO)                                                   \
    X(int, fcntl64, NULL, (int fd, int command, long argument),                                    \
      (fd, command, argument), SMK_ABSENT_ERRNO)                                                   \
    X(int, open, NULL, (const char *path, int flags, mode_t mode),                                 \
      (path, flags, mode), SMK_ABSENT_ERRNO)                                                       \
    X(int, open64, NULL, (const char *path, int flags, mode_t mode),                               \
      (path, flags, mode), SMK_ABSENT_ERRNO)                                                       \
    X(int, openat, NULL, (int directory, const char *path, int flags, mode_t mode),                \
      (directory, path, flags, mode), SMK_ABSENT_ERRNO)                                            \
    X(int, openat64, NULL, (int directory, const char *path, int flags, mode_t mode),              \
      (directory, path, flags, mode), SMK_ABSENT_ERRNO)                                            \
    X(int, __open_2, NULL, (const char *path, int flags), (path, flags), SMK_ABSENT_ERRNO)         \
    X(int, __open64_2, NULL, (const char *path, int flags), (path, flags), SMK_ABSENT_ERRNO)       \
    X(int, __openat_2, NULL, (int directory, const char *path, int flags),                         \
      (directory, path, flags), SMK_ABSENT_ERRNO)                                                  \
    X(int, __openat64_2, NULL, (int directory, const char *path, int flags),                       \
      (directory, path, flags), SMK_ABSENT_ERRNO)                                                  \
    X(int, creat, NULL, (const char *path, mode_t mode), (path, mode), SMK_ABSENT_ERRNO)           \
    X(int, creat64, NULL, (const char *path, mode_t mode), (path, mode), SMK_ABSENT_ERRNO)         \
    X(int, stat, NULL, (const char *path, struct stat *st), (path, st), SMK_ABSENT_ERRNO)          \
    X(int, stat64, NULL, (const char *path, struct stat64 *st), (path, st), SMK_ABSENT_ERRNO)      \
    X(int, lstat, NULL, (const char *path, struct stat *st), (path, st), SMK_ABSENT_ERRNO)         \
    X(int, lstat64, NULL, (const char *path, struct stat64 *st), (path, st), SMK_ABSENT_ERRNO)     \
    X(int, fstatat, NULL, (int directory, const char *path, struct stat *st, int flags),           \
      (directory, path, st, flags), SMK_ABSENT_ERRNO)                                              \
    X(int, fstatat64, NULL, (int directory, const char *path, struct stat64 *st, int flags),       \
      (directory, path, st, flags), SMK_ABSENT_ERRNO)                                              \
    X(int, __xstat, NULL, (int version, const char *path, struct stat *st),                        \
      (version, path, st), SMK_ABSENT_ERRNO)                                                       \
    X(int, __xstat64, NULL, (int version, const char *path, struct stat64 *st),                    \
      (version, path, st), SMK_ABSENT_ERRNO)                                                       \
    X(int, __lxstat, NULL, (int version, const char *path, struct stat *st),                       \
      (version, path, st), SMK_ABSENT_ERRNO)                                                       \
    X(int, __lxstat64, NULL, (int version, const char *path, struct stat64 *st),                   \
      (version, path, st), SMK_ABSENT_ERRNO)                                                       \
    X(int, statx, NULL,                                                                            \
      (int directory, const char *path, int flags, unsigned mask, struct statx *st),               \
      (directory, path, flags, mask, st), SMK_ABSENT_ERRNO)                                        \
    X(int, access, NULL, (const char *path, int mode), (path, mode), SMK_ABSENT_ERRNO)             \
    X(int, rename, NULL, (const char *from, const char *to), (from, to), SMK_ABSENT_ERRNO)         \
    X(int, renameat, NULL, (int directory, const char *from, int to_directory, const char *to),    \
      (directory, from, to_directory, to), SMK_ABSENT_ERRNO)                                       \
    X(int, renameat2, NULL,                                                                        \
      (int directory, const char *from, int to_directory, const char *to, unsigned flags),         \
      (directory, from, to_directory, to, flags), SMK_ABSENT_ERRNO)                                \
    X(int, unlink, NULL, (const char *path), (path), SMK_ABSENT_ERRNO)                             \
    X(int, unlinkat, NULL, (int directory, const char *path, int flags),                           \
      (directory, path, flags), SMK_ABSENT_ERRNO)                                                  \
    X(int, mkdir, NULL, (const char *path, mode_t mode), (path, mode), SMK_ABSENT_ERRNO)           \
    X(int, mkdirat, NULL, (int directory, const char *path, mode_t mode),                          \
      (directory, path, mode), SMK_ABSENT_ERRNO)                                                   \
    X(int, rmdir, NULL, (const char *path), (path), SMK_ABSENT_ERRNO)                              \
    X(int, link, NULL, (const char *from, const char *to), (from, to), SMK_ABSENT_ERRNO)           \
    X(int, symlink, NULL, (const char *to, const char *path), (to, path), SMK_ABSENT_ERRNO)        \
    X(int, truncate, NULL, (const char *path, off_t len), (path, len), SMK_ABSENT_ERRNO)           \
    X(int, truncate64, NULL, (const char *path, off_t len), (path, len), SMK_ABSENT_ERRNO)         \
    X(void, sync, NULL, (void), (), (void)0)                                                       \
    X(DIR *, opendir, NULL, (const char *path), (path), (errno = ENOSYS, NULL))                    \
    X(struct dirent *, readdir, NULL, (DIR *directory), (directory), (errno = ENOSYS, NULL))       \
    X(struct dirent64 *, readdir64, NULL, (DIR *directory), (directory), (errno = ENOSYS, NULL))
/* clang-format on */

#endif
