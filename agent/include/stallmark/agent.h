/* stallmark/agent.h: the agent inside a service: HTTP fronts, timed captures, snapshots.
 *
 *     smk_agent_options options = SMK_AGENT_OPTIONS;
 *     options.listen = "127.0.0.1:6060";
 *     if (smk_agent_start(&options) < 0)
 *         fprintf(stderr, "no tracer: %s\n", smk_last_error());
 *     …
 *     smk_agent_stop();
 *
 * Every option can also be given as STALLMARK_<NAME> in the environment and in a config file; what the
 * program gives counts before the environment, the environment before the file (docs/options.md).
 * All functions: any thread, not in signal handlers; 0 or an error of stallmark/error.h, whose text
 * smk_last_error gives. A service works the same when the agent cannot start.
 *
 * Since 0.1. SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_AGENT_H
#define STALLMARK_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stallmark/capture.h>
#include <stallmark/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SMK_AGENT_API __attribute__((visibility("default")))

struct evhttp_request;

/* NULL, 0: the default. Everything is copied. */
typedef struct smk_agent_options {
    size_t size; /* sizeof(smk_agent_options) */
    const char *listen;           /* "127.0.0.1:6060", port 0: any free one; NULL: no TCP front */
    const char *socket;           /* path of the unix socket; "off": none; NULL: the default path */
    const char *directory;        /* of captures */
    const char *token_file;       /* whoever has this token may do everything */
    const char *read_token_file;  /* whoever has this one may look and download */
    const char *config;           /* path of the config file */
    const char *recorder;         /* flight recorder: how far back it shall reach, "10s"; "off" */
    const char *rules;            /* one a line: "cart: when request > 250ms on \"GET /cart*\"" (docs/rules.md) */
    const char *log_file;         /* "trace saved to …" and the audit lines; NULL: nowhere */
    void (*log)(void *arg, const char *line); /* the same, on a thread of the agent */
    void *log_arg;
    /* What more there is has no field: {"max_duration", "20m"}, …, ended by {NULL, NULL}. */
    const struct smk_agent_setting {
        const char *name, *value;
    } *settings;
} smk_agent_options;

/* clang-format off */
#define SMK_AGENT_OPTIONS {sizeof(smk_agent_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
                           NULL, NULL}
/* clang-format on */

/* Starts the agent's threads and opens its fronts. SMK_E_INVALID: an option, named with the allowed
 * values; SMK_E_BUSY: it runs already; SMK_E_IO: the address or the socket. Then nothing runs. */
SMK_AGENT_API int smk_agent_start(const smk_agent_options *options);

/* Ends captures, closes the fronts, joins the threads; at most two seconds. Also done at exit. */
SMK_AGENT_API int smk_agent_stop(void);

/* "127.0.0.1:6060" of the TCP front, or "" when there is none. */
SMK_AGENT_API int smk_agent_address(char *text, size_t size);

/* The same as GET /debug/trace, POST /debug/trace/stop and POST /debug/trace/snapshot. `query` is what
 * would stand behind the question mark, "duration=5s&categories=lock"; NULL: the defaults. `id` may be
 * NULL. SMK_E_BUSY: a timed capture runs; its id is in `id`. */
SMK_AGENT_API int smk_agent_capture(const char *query, char id[SMK_CAPTURE_ID_SIZE]);
SMK_AGENT_API int smk_agent_stop_capture(void);
SMK_AGENT_API int smk_agent_snapshot(const char *query, char id[SMK_CAPTURE_ID_SIZE]);

/* From a service's own evhttp callback: answers requests for /debug/ and returns true, leaves others
 * alone and returns false. Never waits. On the thread of the request's event loop. */
SMK_AGENT_API bool smk_agent_handle_evhttp(struct evhttp_request *request);

#ifdef __cplusplus
}
#endif
#endif
