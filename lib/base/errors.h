/* errors.h: how a failing function says why. The list of codes is stallmark/error.h.
 *
 * The message of a thread lives in memory that the thread gets at its first failure, since our
 * thread-local storage is for the record path. A function that fails calls smk_fail() once, where it
 * knows most, and everybody above passes the code on.
 */
#ifndef SMK_BASE_ERRORS_H
#define SMK_BASE_ERRORS_H

#include "base/compiler.h"
#include "stallmark/error.h"

/* Keeps the message for smk_last_error() and returns `code`. */
int smk_fail(int code, const char *format, ...) SMK_PRINTF(2, 3);

/* The same for a system call that returned -errno_value: picks the code, appends the reason. */
int smk_fail_errno(int errno_value, const char *format, ...) SMK_PRINTF(2, 3);

/* Forgets this thread's message, so that a later smk_last_error() is not about something old. */
void smk_error_clear(void);

#endif
