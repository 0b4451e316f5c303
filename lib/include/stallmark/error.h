/* stallmark/error.h: the one list of errors.
 *
 * Every function of stallmark that can fail returns an int: 0 or a positive count when it did what
 * was asked, one of these negative codes when it did not. smk_last_error() then says it in words,
 * with the values that would have been allowed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_ERROR_H
#define STALLMARK_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*        name            value  text */
#define SMK_ERRORS(X)                                                                              \
    X(SMK_E_INVALID,        -1, "invalid argument")                                                \
    X(SMK_E_BUSY,           -2, "a capture is already running")                                    \
    X(SMK_E_NOMEM,          -3, "not enough memory")                                               \
    X(SMK_E_IO,             -4, "input or output failed")                                          \
    X(SMK_E_NOSPACE,        -5, "no space left")                                                   \
    X(SMK_E_FORMAT,         -6, "not a stallmark trace, or damaged")                               \
    X(SMK_E_VERSION,        -7, "a version that this library does not know")                       \
    X(SMK_E_LIMIT,          -8, "a limit was reached")                                             \
    X(SMK_E_UNAVAILABLE,    -9, "not available in this process")                                   \
    X(SMK_E_NOTFOUND,      -10, "no such thing")                                                   \
    X(SMK_E_PERMISSION,    -11, "not permitted")                                                   \
    X(SMK_E_TIMEOUT,       -12, "timed out")                                                       \
    X(SMK_E_INERT,         -13, "stallmark is inert in this process")

enum smk_error {
    SMK_OK = 0,
#define SMK__ERROR_ENUM(name, value, text) name = value,
    SMK_ERRORS(SMK__ERROR_ENUM)
#undef SMK__ERROR_ENUM
};

/* The name ("SMK_E_BUSY") and the text of a code; "SMK_E_?" and "unknown error" for any other
 * number. Static strings; any thread; since 0.1. */
const char *smk_error_name(int code);
const char *smk_error_text(int code);

/* What the last failing call of this thread said, in words; "" when none failed. The string belongs
 * to the library and is valid until this thread's next call into it. Any thread; since 0.1. */
const char *smk_last_error(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
