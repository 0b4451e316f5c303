/* hook_stdio.c: stdio that reaches a descriptor. What it calls for that is inside libc, where no wrapper of ours
 * is met, so its own calls are timed, and those that slept are waits of the stream's descriptor. Most only move
 * bytes in a buffer.
 *
 * The printf family goes on through its own forms with a va_list, which is what libc does. What reads or writes
 * one character is not wrapped: a branch more would be felt there.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#undef __NO_INLINE__
#define __NO_INLINE__ 1 /* libc has some of these inline: clang takes no second word on them */
#include <stdarg.h>
#include <stdio.h>

#include "source/io.h"

/* Macros of libc's. */
#undef fread_unlocked
#undef fwrite_unlocked

/* What programs that were built with _FORTIFY_SOURCE call. */
size_t __fread_chk(void *to, size_t room, size_t size, size_t count, FILE *stream);
size_t __fread_unlocked_chk(void *to, size_t room, size_t size, size_t count, FILE *stream);
char *__fgets_chk(char *to, size_t room, int size, FILE *stream);
char *__fgets_unlocked_chk(char *to, size_t room, int size, FILE *stream);
int __vprintf_chk(int flag, const char *format, va_list list);
int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list list);
int __vdprintf_chk(int fd, int flag, const char *format, va_list list);
int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __dprintf_chk(int fd, int flag, const char *format, ...);

/* -1: it has none, or there is no stream. */
static int fd_of(FILE *stream)
{
    int saved = errno;
    int fd = stream ? fileno(stream) : -1;
    errno = saved;
    return fd;
}

static void begin_stream(struct smk_seen *seen, enum smk_call call, const void *stream,
                         struct smk_caller from)
{
    smk_seen_begin(seen, call, SMK_WAIT_OTHER, (uint64_t)(uintptr_t)stream, from);
}

static void end_stream(struct smk_seen *seen, FILE *stream, int64_t result)
{
    uint64_t now = smk_seen_end(seen, SMK_CAT_IO, smk_load_relaxed(&smk_slept.fd));
    if (now)
        smk_io_record(seen, fd_of(stream), now, smk_seen_result(result));
}

#define STREAM(type, name, stream, args, number)                                                   \
    if (!smk_gate_open(SMK_CAT_IO))                                                                \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    begin_stream(&seen, SMK_CALL_##name, (stream), SMK_CALLER);                                    \
    type result = SMK_REAL(name) args;                                                             \
    end_stream(&seen, (stream), (int64_t)(number));                                                \
    return result

SMK_EXPORT int fflush(FILE *stream) { STREAM(int, fflush, stream, (stream), result); }

SMK_EXPORT int fflush_unlocked(FILE *stream) { STREAM(int, fflush_unlocked, stream, (stream), result); }

SMK_EXPORT size_t fwrite(const void *from, size_t size, size_t count, FILE *stream)
{
    STREAM(size_t, fwrite, stream, (from, size, count, stream), size * result);
}

SMK_EXPORT size_t fwrite_unlocked(const void *from, size_t size, size_t count, FILE *stream)
{
    STREAM(size_t, fwrite_unlocked, stream, (from, size, count, stream), size * result);
}

SMK_EXPORT size_t fread(void *to, size_t size, size_t count, FILE *stream)
{
    STREAM(size_t, fread, stream, (to, size, count, stream), size * result);
}

SMK_EXPORT size_t fread_unlocked(void *to, size_t size, size_t count, FILE *stream)
{
    STREAM(size_t, fread_unlocked, stream, (to, size, count, stream), size * result);
}

SMK_EXPORT size_t __fread_chk(void *to, size_t room, size_t size, size_t count, FILE *stream)
{
    STREAM(size_t, __fread_chk, stream, (to, room, size, count, stream), size * result);
}

SMK_EXPORT size_t __fread_unlocked_chk(void *to, size_t room, size_t size, size_t count,
                                       FILE *stream)
{
    STREAM(size_t, __fread_unlocked_chk, stream, (to, room, size, count, stream), size * result);
}

SMK_EXPORT char *fgets(char *to, int size, FILE *stream)
{
    STREAM(char *, fgets, stream, (to, size, stream), result != NULL);
}

SMK_EXPORT char *fgets_unlocked(char *to, int size, FILE *stream)
{
    STREAM(char *, fgets_unlocked, stream, (to, size, stream), result != NULL);
}

SMK_EXPORT char *__fgets_chk(char *to, size_t room, int size, FILE *stream)
{
    STREAM(char *, __fgets_chk, stream, (to, room, size, stream), result != NULL);
}

SMK_EXPORT char *__fgets_unlocked_chk(char *to, size_t room, int size, FILE *stream)
{
    STREAM(char *, __fgets_unlocked_chk, stream, (to, room, size, stream), result != NULL);
}

SMK_EXPORT ssize_t getline(char **line, size_t *size, FILE *stream)
{
    STREAM(ssize_t, getline, stream, (line, size, stream), result);
}

SMK_EXPORT ssize_t getdelim(char **line, size_t *size, int end, FILE *stream)
{
    STREAM(ssize_t, getdelim, stream, (line, size, end, stream), result);
}

SMK_EXPORT ssize_t __getdelim(char **line, size_t *size, int end, FILE *stream)
{
    STREAM(ssize_t, __getdelim, stream, (line, size, end, stream), result);
}

SMK_EXPORT int fputs(const char *text, FILE *stream)
{
    STREAM(int, fputs, stream, (text, stream), result);
}

SMK_EXPORT int fputs_unlocked(const char *text, FILE *stream)
{
    STREAM(int, fputs_unlocked, stream, (text, stream), result);
}

SMK_EXPORT int puts(const char *text) { STREAM(int, puts, stdout, (text), result); }

/* ---- opening and closing ----------------------------------------------------------------------------------- */

SMK_EXPORT FILE *fopen(const char *path, const char *mode)
{
    SMK_PATH_CALL(FILE *, fopen, path, (path, mode), result ? 0 : -1);
}

SMK_EXPORT FILE *fopen64(const char *path, const char *mode)
{
    SMK_PATH_CALL(FILE *, fopen64, path, (path, mode), result ? 0 : -1);
}

SMK_EXPORT int fclose(FILE *stream)
{
    if (!smk_gate_open(SMK_CAT_IO))
        return SMK_REAL(fclose)(stream);
    struct smk_io io;
    smk_io_begin(&io, SMK_CALL_fclose, fd_of(stream), SMK_CALLER);
    io.closes = true;
    int rc = SMK_REAL(fclose)(stream);
    smk_io_end(&io, rc, false);
    smk_fd_forget(io.fd);
    return rc;
}

/* ---- the printf family -------------------------------------------------------------------------------------- */

SMK_EXPORT int vprintf(const char *format, va_list list)
{
    STREAM(int, vprintf, stdout, (format, list), result);
}

SMK_EXPORT int __vprintf_chk(int flag, const char *format, va_list list)
{
    STREAM(int, __vprintf_chk, stdout, (flag, format, list), result);
}

SMK_EXPORT int vfprintf(FILE *stream, const char *format, va_list list)
{
    STREAM(int, vfprintf, stream, (stream, format, list), result);
}

SMK_EXPORT int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list list)
{
    STREAM(int, __vfprintf_chk, stream, (stream, flag, format, list), result);
}

SMK_EXPORT int vdprintf(int fd, const char *format, va_list list)
{
    SMK_FD_CALL(int, vdprintf, fd, (fd, format, list), false);
}

SMK_EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list list)
{
    SMK_FD_CALL(int, __vdprintf_chk, fd, (fd, flag, format, list), false);
}

#define VARIADIC(call, stream, ...)                                                                \
    struct smk_seen seen = {.t = NULL};                                                            \
    va_list list;                                                                                  \
    if (smk_gate_open(SMK_CAT_IO))                                                                 \
        begin_stream(&seen, SMK_CALL_##call, (stream), SMK_CALLER);                                \
    va_start(list, format);                                                                        \
    int result = SMK_REAL(call)(__VA_ARGS__, list);                                                \
    va_end(list);                                                                                  \
    end_stream(&seen, (stream), result);                                                           \
    return result

#define VARIADIC_FD(call, ...)                                                                     \
    struct smk_io io = {.seen.t = NULL};                                                           \
    va_list list;                                                                                  \
    if (smk_gate_open(SMK_CAT_IO))                                                                 \
        smk_io_begin(&io, SMK_CALL_##call, fd, SMK_CALLER);                                        \
    va_start(list, format);                                                                        \
    int result = SMK_REAL(call)(__VA_ARGS__, list);                                                \
    va_end(list);                                                                                  \
    smk_io_end(&io, result, false);                                                                \
    return result

SMK_EXPORT int printf(const char *format, ...) { VARIADIC(vprintf, stdout, format); }

SMK_EXPORT int fprintf(FILE *stream, const char *format, ...)
{
    VARIADIC(vfprintf, stream, stream, format);
}

SMK_EXPORT int dprintf(int fd, const char *format, ...) { VARIADIC_FD(vdprintf, fd, format); }

SMK_EXPORT int __printf_chk(int flag, const char *format, ...)
{
    VARIADIC(__vprintf_chk, stdout, flag, format);
}

SMK_EXPORT int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    VARIADIC(__vfprintf_chk, stream, stream, flag, format);
}

SMK_EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
    VARIADIC_FD(__vdprintf_chk, fd, flag, format);
}
