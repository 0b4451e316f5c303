#define _GNU_SOURCE
#include "base/errors.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"

#include "base/sys.h"

#define MESSAGE_SIZE 512

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_ok;

/* Memory of our own: the host's allocator may be what hangs. */
static void forget_message(void *message) { smk_sys_unmap(message, MESSAGE_SIZE); }

static void make_key(void) { key_ok = pthread_key_create(&key, forget_message) == 0; }

/* NULL when there is no memory: then the code has to do. */
static char *own_message(bool create)
{
    pthread_once(&once, make_key);
    if (!key_ok)
        return NULL;
    char *message = pthread_getspecific(key);
    if (!message && create) {
        message = smk_sys_map(MESSAGE_SIZE);
        if (message && pthread_setspecific(key, message) != 0) {
            forget_message(message);
            message = NULL;
        }
    }
    return message;
}

static void keep(const char *format, va_list args, const char *reason)
{
    char *message = own_message(true);
    if (!message)
        return;
    int n = vsnprintf(message, MESSAGE_SIZE, format, args);
    if (reason && n >= 0 && n < MESSAGE_SIZE)
        snprintf(message + n, (size_t)(MESSAGE_SIZE - n), ": %s", reason);
}

int smk_fail(int code, const char *format, ...)
{
    int saved = errno;
    va_list args;
    va_start(args, format);
    keep(format, args, NULL);
    va_end(args);
    errno = saved;
    return code;
}

static int code_of_errno(int e)
{
    switch (e) {
    case ENOMEM:
        return SMK_E_NOMEM;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return SMK_E_NOSPACE;
    case ENOENT:
        return SMK_E_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return SMK_E_PERMISSION;
    case EINVAL:
        return SMK_E_INVALID;
    default:
        return SMK_E_IO;
    }
}

int smk_fail_errno(int errno_value, const char *format, ...)
{
    int saved = errno;
    int e = errno_value < 0 ? -errno_value : errno_value;
    const char *reason = strerrordesc_np(e);
    va_list args;
    va_start(args, format);
    keep(format, args, reason ? reason : "unknown reason");
    va_end(args);
    errno = saved;
    return code_of_errno(e);
}

void smk_error_clear(void)
{
    char *message = own_message(false);
    if (message)
        message[0] = '\0';
}

SMK_EXPORT const char *smk_last_error(void)
{
    const char *message = own_message(false);
    return message ? message : "";
}

SMK_EXPORT const char *smk_error_name(int code)
{
    switch (code) {
    case SMK_OK:
        return "SMK_OK";
#define NAME_CASE(name, value, text)                                                               \
    case name:                                                                                     \
        return #name;
        SMK_ERRORS(NAME_CASE)
#undef NAME_CASE
    }
    return "SMK_E_?";
}

SMK_EXPORT const char *smk_error_text(int code)
{
    switch (code) {
    case SMK_OK:
        return "ok";
#define TEXT_CASE(name, value, text)                                                               \
    case name:                                                                                     \
        return text;
        SMK_ERRORS(TEXT_CASE)
#undef TEXT_CASE
    }
    return "unknown error";
}
