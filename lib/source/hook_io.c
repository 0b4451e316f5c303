/* hook_io.c: reading and writing by descriptor: sockets, pipes and files have these calls in common, io.h
 * tells them apart. All are cancellation points and stay so (seen.h).
 *
 * A call that moves bytes between two descriptors counts as one on that which it writes to, and where that is
 * a socket in non-blocking mode, on that which it reads: a file may have to come from the disk.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "source/io.h"

/* What programs that were built with _FORTIFY_SOURCE call. */
ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);
ssize_t __pread_chk(int fd, void *buf, size_t len, off_t at, size_t size);
ssize_t __pread64_chk(int fd, void *buf, size_t len, off_t at, size_t size);

SMK_EXPORT SMK_HOT ssize_t read(int fd, void *buf, size_t len)
{
    SMK_BYTES_CALL(read, fd, (fd, buf, len), false, read, buf, len);
}

SMK_EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t size)
{
    SMK_BYTES_CALL(__read_chk, fd, (fd, buf, len, size), false, read, buf, len);
}

SMK_EXPORT SMK_HOT ssize_t write(int fd, const void *buf, size_t len)
{
    SMK_BYTES_CALL(write, fd, (fd, buf, len), false, write, buf, len);
}

SMK_EXPORT ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    SMK_PIECES_CALL(readv, fd, (fd, pieces, count), false, read, pieces, count);
}

SMK_EXPORT SMK_HOT ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    SMK_PIECES_CALL(writev, fd, (fd, pieces, count), false, write, pieces, count);
}

SMK_EXPORT ssize_t pread(int fd, void *buf, size_t len, off_t at)
{
    SMK_FD_CALL(ssize_t, pread, fd, (fd, buf, len, at), false);
}

SMK_EXPORT ssize_t pread64(int fd, void *buf, size_t len, off_t at)
{
    SMK_FD_CALL(ssize_t, pread64, fd, (fd, buf, len, at), false);
}

SMK_EXPORT ssize_t __pread_chk(int fd, void *buf, size_t len, off_t at, size_t size)
{
    SMK_FD_CALL(ssize_t, __pread_chk, fd, (fd, buf, len, at, size), false);
}

SMK_EXPORT ssize_t __pread64_chk(int fd, void *buf, size_t len, off_t at, size_t size)
{
    SMK_FD_CALL(ssize_t, __pread64_chk, fd, (fd, buf, len, at, size), false);
}

SMK_EXPORT ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
    SMK_FD_CALL(ssize_t, pwrite, fd, (fd, buf, len, at), false);
}

SMK_EXPORT ssize_t pwrite64(int fd, const void *buf, size_t len, off_t at)
{
    SMK_FD_CALL(ssize_t, pwrite64, fd, (fd, buf, len, at), false);
}

SMK_EXPORT ssize_t preadv(int fd, const struct iovec *pieces, int count, off_t at)
{
    SMK_FD_CALL(ssize_t, preadv, fd, (fd, pieces, count, at), false);
}

SMK_EXPORT ssize_t preadv64(int fd, const struct iovec *pieces, int count, off_t at)
{
    SMK_FD_CALL(ssize_t, preadv64, fd, (fd, pieces, count, at), false);
}

SMK_EXPORT ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at)
{
    SMK_FD_CALL(ssize_t, pwritev, fd, (fd, pieces, count, at), false);
}

SMK_EXPORT ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off_t at)
{
    SMK_FD_CALL(ssize_t, pwritev64, fd, (fd, pieces, count, at), false);
}

SMK_EXPORT ssize_t preadv2(int fd, const struct iovec *pieces, int count, off_t at, int flags)
{
    SMK_FD_CALL(ssize_t, preadv2, fd, (fd, pieces, count, at, flags), (flags & RWF_NOWAIT) != 0);
}

SMK_EXPORT ssize_t preadv64v2(int fd, const struct iovec *pieces, int count, off_t at, int flags)
{
    SMK_FD_CALL(ssize_t, preadv64v2, fd, (fd, pieces, count, at, flags), (flags & RWF_NOWAIT) != 0);
}

SMK_EXPORT ssize_t pwritev2(int fd, const struct iovec *pieces, int count, off_t at, int flags)
{
    SMK_FD_CALL(ssize_t, pwritev2, fd, (fd, pieces, count, at, flags), (flags & RWF_NOWAIT) != 0);
}

SMK_EXPORT ssize_t pwritev64v2(int fd, const struct iovec *pieces, int count, off_t at, int flags)
{
    SMK_FD_CALL(ssize_t, pwritev64v2, fd, (fd, pieces, count, at, flags),
                (flags & RWF_NOWAIT) != 0);
}

/* What moves bytes into a descriptor from another one; they are seen by nobody. */
#define SENDFILE_CALL(name, to, from, args)                                                        \
    if (!smk_gate_open(SMK_CAT_IO))                                                                \
        return SMK_REAL(name) args;                                                                \
    struct smk_io io;                                                                              \
    smk_io_begin_sendfile(&io, SMK_CALL_##name, (to), (from), SMK_CALLER);                         \
    ssize_t result = SMK_REAL(name) args;                                                          \
    smk_io_end_sendfile(&io, (to), result);                                                        \
    return result

/* ---- between two ---------------------------------------------------------------------------------------- */

SMK_EXPORT ssize_t sendfile(int to, int from, off_t *at, size_t len)
{
    SENDFILE_CALL(sendfile, to, from, (to, from, at, len));
}

SMK_EXPORT ssize_t sendfile64(int to, int from, off_t *at, size_t len)
{
    SENDFILE_CALL(sendfile64, to, from, (to, from, at, len));
}

SMK_EXPORT ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t len,
                                   unsigned flags)
{
    SMK_FD_CALL(ssize_t, copy_file_range, smk_fd_that_waits(to, from),
                (from, from_at, to, to_at, len, flags), false);
}

SMK_EXPORT ssize_t splice(int from, off_t *from_at, int to, off_t *to_at, size_t len,
                          unsigned flags)
{
    if (!smk_gate_open(SMK_CAT_IO))
        return SMK_REAL(splice)(from, from_at, to, to_at, len, flags);
    struct smk_io io;
    smk_io_begin(&io, SMK_CALL_splice, smk_fd_that_waits(to, from), SMK_CALLER);
    ssize_t result = SMK_REAL(splice)(from, from_at, to, to_at, len, flags);
    smk_io_end_copy(&io, to, result, (flags & SPLICE_F_NONBLOCK) != 0);
    return result;
}
