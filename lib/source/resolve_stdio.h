/* resolve_stdio.h: of resolve.h's table, the calls on streams. */
#ifndef SMK_SOURCE_RESOLVE_STDIO_H
#define SMK_SOURCE_RESOLVE_STDIO_H

#include <stdarg.h>
#include <stdio.h>

/* clang-format off */
#define SMK_REAL_STREAM_CALLS(X)                                                                   \
    X(int, fflush, NULL, (FILE *stream), (stream), EOF)                                            \
    X(int, fflush_unlocked, NULL, (FILE *stream), (stream), EOF)                                   \
    X(int, fclose, NULL, (FILE *stream), (stream), EOF)                                            \
    X(size_t, fwrite, NULL, (const void *from, size_t size, size_t count, FILE *stream),           \
      (from, size, count, stream), 0)                                                              \
    X(size_t, fwrite_unlocked, NULL,                                                               \
      (const void *from, size_t size, size_t count, FILE *stream),                                 \
      (from, size, count, stream), 0)                                                              \
    X(size_t, fread, NULL, (void *to, size_t size, size_t count, FILE *stream),                    \
      (to, size, count, stream), 0)                                                                \
    X(size_t, fread_unlocked, NULL, (void *to, size_t size, size_t count, FILE *stream),           \
      (to, size, count, stream), 0)                                                                \
    X(size_t, __fread_chk, NULL,                                                                   \
      (void *to, size_t room, size_t size, size_t count, FILE *stream),                            \
      (to, room, size, count, stream), 0)                                                          \
    X(size_t, __fread_unlocked_chk, NULL,                                                          \
      (void *to, size_t room, size_t size, size_t count, FILE *stream),                            \
      (to, room, size, count, stream), 0)                                                          \
    X(char *, fgets, NULL, (char *to, int size, FILE *stream), (to, size, stream), NULL)           \
    X(char *, fgets_unlocked, NULL, (char *to, int size, FILE *stream),                            \
      (to, size, stream), NULL)                                                                    \
    X(char *, __fgets_chk, NULL, (char *to, size_t room, int size, FILE *stream),                  \
      (to, room, size, stream), NULL)                                                              \
    X(char *, __fgets_unlocked_chk, NULL, (char *to, size_t room, int size, FILE *stream),         \
      (to, room, size, stream), NULL)                                                              \
    X(ssize_t, getline, NULL, (char **line, size_t *size, FILE *stream),                           \
      (line, size, stream), -1)                                                                    \
    X(ssize_t, getdelim, NULL, (char **line, size_t *size, int end, FILE *stream),                 \
      (line, size, end, stream), -1)                                                               \
    X(ssize_t, __getdelim, NULL, (char **line, size_t *size, int end, FILE *stream),               \
      (line, size, end, stream), -1)                                                               \
    X(int, fputs, NULL, (const char *text, FILE *stream), (text, stream), EOF)                     \
    X(int, fputs_unlocked, NULL, (const char *text, FILE *stream), (text, stream), EOF)            \
    X(int, puts, NULL, (const char *text), (text), EOF)                                            \
    X(int, vprintf, NULL, (const char *format, va_list list), (format, list), -1)                  \
    X(int, vfprintf, NULL, (FILE *stream, const char *format, va_list list),                       \
      (stream, format, list), -1)                                                                  \
    X(int, vdprintf, NULL, (int fd, const char *format, va_list list), (fd, format, list), -1)     \
    X(int, __vprintf_chk, NULL, (int flag, const char *format, va_list list),                      \
      (flag, format, list), -1)                                                                    \
    X(int, __vfprintf_chk, NULL, (FILE *stream, int flag, const char *format, va_list list),       \
      (stream, flag, format, list), -1)                                                            \
    X(int, __vdprintf_chk, NULL, (int fd, int flag, const char *format, va_list list),             \
      (fd, flag, format, list), -1)                                                                \
    X(FILE *, fopen, NULL, (const char *path, const char *mode), (path, mode), NULL)               \
    X(FILE *, fopen64, NULL, (const char *path, const char *mode), (path, mode), NULL)
/* clang-format on */

#endif
