/* stallmark/abi.h: what the macros of trace.h call. The binary interface, and no more.
 *
 * Programs include trace.h. Everything here may be called from any thread at any time, in signal
 * handlers, before main and after a thread's destructors: where nothing can be recorded the call does
 * nothing, and is counted. Nothing here blocks, allocates through malloc, prints, or touches errno.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_ABI_H
#define STALLMARK_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SMK_API __attribute__((visibility("default")))
#else
#define SMK_API
#endif

/* What is recorded now: a union of category bits, written by the library only. */
extern SMK_API uint32_t smk_gate;

/* The categories that the macros test. */
#define SMK_ABI_CAT_LOCK    (1u << 1)
#define SMK_ABI_CAT_LOOP    (1u << 11)
#define SMK_ABI_CAT_REQUEST (1u << 12)
#define SMK_ABI_CAT_REGION  (1u << 13)
#define SMK_ABI_CAT_OTHER   (1u << 14)

/* A place in the source that marks something. Static; the strings are copied at first use, so the
 * object that it is in may be unloaded. */
typedef struct smk_site {
    const char *name;
    const char *file;
    const char *function;
    uint32_t line;
    uint32_t id; /* 0 until its first use while armed */
} smk_site;

/* A request. A value: copy it into the job, the callback's argument, the connection. {0}: none. */
typedef struct smk_request {
    uint64_t id;
    uint64_t begin; /* ticks */
    uint32_t route;
    uint32_t slot;
} smk_request;

/* A region of a request that may end elsewhere. A value. {0}: none. */
typedef struct smk_request_region {
    smk_site *site;
    uint64_t request;
    uint64_t id;
    uint64_t begin; /* ticks */
} smk_request_region;

/* Something on its way from one thread to another. A value. {0}: none. */
typedef struct smk_handoff {
    smk_site *site;
    uint64_t request;
    uint64_t begin; /* ticks */
    uint32_t from;  /* tid */
    uint32_t unused;
} smk_handoff;

/* A wait that the library cannot see by itself. A value. {0}: none. */
typedef struct smk_wait {
    smk_site *site;
    uint64_t begin; /* ticks */
    uint64_t object;
    uint32_t kind;
    uint32_t unused;
} smk_wait;

/* A callback of an event loop, between its begin and its end, on one thread. A value. {0}: none. */
typedef struct smk_callback {
    smk_site *site;
    uint64_t begin; /* ticks */
    uint64_t delay; /* ticks from when it was ready to its begin */
    const void *base;
    uint64_t outer_since; /* the callback that it was called in; 0: none */
    uint32_t outer_site;
    uint32_t why;
} smk_callback;

/* A request that an event loop or a worker was handed with its head. A value. {0}: none. */
typedef struct smk_served {
    smk_request request; /* begins when its bytes arrived */
    uint64_t delay;      /* ticks from then to smk_abi_request_served */
} smk_served;

SMK_API uint32_t smk_abi_version(void);

SMK_API void smk_abi_region_begin(smk_site *site);
SMK_API void smk_abi_region_end(smk_site *site);

SMK_API smk_request smk_abi_request_begin(const char *route, const char *traceparent);
SMK_API void smk_abi_request_end(const smk_request *request);
SMK_API void smk_abi_request_status(const smk_request *request, int status);
SMK_API uint64_t smk_abi_request_enter(const smk_request *request);
SMK_API void smk_abi_request_leave(const smk_request *request, uint64_t previous);

/* fd: the connection, -1: not known; path: with its query or without, it is named as paths without source are
 * (digits, hex and uuids become ":id"); traceparent: NULL: none. */
SMK_API smk_served smk_abi_request_served(int fd, const char *method, const char *path, const char *traceparent);
SMK_API void smk_abi_request_answered(const smk_served *served, int status);

/* due: when it was to begin, of smk_abi_due; or one of these. */
#define SMK_ABI_DUE_UNKNOWN UINT64_C(0)
#define SMK_ABI_DUE_READY   UINT64_MAX /* as soon as the loop's poll told of it */
SMK_API smk_callback smk_abi_callback_begin(smk_site *site, const void *base, uint64_t due);
SMK_API void smk_abi_callback_end(const smk_callback *callback);
/* `ns` from now, in ticks; and `ns` from `due`, or from now where that is over (0: not known). */
SMK_API uint64_t smk_abi_due(uint64_t ns);
SMK_API uint64_t smk_abi_due_again(uint64_t due, uint64_t ns);

SMK_API smk_request_region smk_abi_request_region_begin(const smk_request *request, smk_site *site);
SMK_API void smk_abi_request_region_end(const smk_request_region *region);

SMK_API smk_handoff smk_abi_handoff_begin(const smk_request *request, smk_site *site);
SMK_API void smk_abi_handoff_end(const smk_handoff *handoff);

SMK_API smk_wait smk_abi_wait_begin(smk_site *site, uint32_t kind, const void *object);
SMK_API void smk_abi_wait_end(const smk_wait *wait);

SMK_API void smk_abi_log(smk_site *site, int64_t value, const char *text, size_t len);
SMK_API void smk_abi_counter(smk_site *site, int64_t value);
SMK_API void smk_abi_lock_name(const void *lock, const char *name);
SMK_API void smk_abi_thread_name(const char *name);
SMK_API void smk_abi_trigger(const char *name);

#ifdef __cplusplus
}
#endif
#endif
