/* stallmark/capture.h: the tracer alone, without agent, port or event loop.
 *
 *     smk_capture_options options = SMK_CAPTURE_OPTIONS;
 *     options.path = "trace.stall";
 *     smk_capture_start(&options, NULL);
 *     …
 *     smk_capture_stop();
 *
 * One capture of this kind runs at a time. A program that uses the agent (agent.h) arms through it.
 * Any thread, not in signal handlers. Since 0.1. SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_CAPTURE_H
#define STALLMARK_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include <stallmark/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SMK_CAPTURE_API __attribute__((visibility("default")))
#else
#define SMK_CAPTURE_API
#endif

/* Room for an id and its NUL. */
#define SMK_CAPTURE_ID_SIZE 48

typedef struct smk_capture_options {
    size_t size; /* sizeof(smk_capture_options) */

    /* Where to: exactly one of the three. A path is written as <path>.partial and renamed at the end; a
     * descriptor stays the caller's; the callback is called on the writer thread with whole chunks and
     * returns 0 to go on. */
    const char *path;
    int fd; /* -1: none */
    int (*write)(void *arg, const void *data, size_t size);

    /* Called once for each capture that started, when its file is whole, on the writer thread (or on
     * the thread that stopped it, where there can be none): id, path or NULL, and the reason: timer,
     * stopped, max_bytes, no_space, io_error, exit, callback. */
    void (*on_finished)(void *arg, const char *id, const char *path, const char *reason);
    void *arg; /* of both callbacks */

    const char *categories; /* "default,-net,+alloc"; NULL: default */
    const char *name;       /* kept in the file; NULL: none */
    uint64_t duration_ns;   /* 0: until it is stopped */
    uint64_t max_bytes;     /* 0: 256 MiB */
} smk_capture_options;

/* clang-format off */
#define SMK_CAPTURE_OPTIONS {sizeof(smk_capture_options), NULL, -1, NULL, NULL, NULL, NULL, NULL, 0, 0}
/* clang-format on */

/* Starts a capture. `id`, which may be NULL, gets its id; where one is running already the result is
 * SMK_E_BUSY and `id` gets that one's. SMK_E_INVALID: the options; SMK_E_IO and others: the file. */
SMK_CAPTURE_API int smk_capture_start(const smk_capture_options *options,
                                      char id[SMK_CAPTURE_ID_SIZE]);

/* Stops it and waits, at most ten seconds, until its file is whole. 0 also when nothing is running;
 * SMK_E_TIMEOUT. */
SMK_CAPTURE_API int smk_capture_stop(void);

/* True, and its id, while one is running. */
SMK_CAPTURE_API int smk_capture_running(char id[SMK_CAPTURE_ID_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
