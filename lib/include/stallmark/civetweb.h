/* stallmark/civetweb.h: requests of a civetweb server in a trace.
 *
 * All of them, with two lines where the server begins:
 *
 *     struct mg_callbacks callbacks = {0};
 *     SMK_CIVETWEB_CALLBACKS(callbacks);       begin_request and end_request
 *     mg_start(&callbacks, NULL, options);
 *
 * or those of one handler, with one line in it:
 *
 *     static int get_cart(struct mg_connection *connection, void *arg)
 *     {
 *         SMK_CIVETWEB_REQUEST(request, connection);
 *         …
 *         return smk_civetweb_status(request, 200);
 *     }
 *
 * not both. Who has callbacks of its own calls smk_civetweb_begin and smk_civetweb_end in them.
 *
 * A request begins when its bytes arrived, as far as its worker's poll tells, is named by method and path (digits, hex
 * and uuids become ":id"), takes the traceparent header over, and ends with its handler.
 *
 * Cost: one load and one predicted branch while nothing records. The program links civetweb itself, the tracer needs
 * none. With SMK_DISABLE all of it does nothing.
 *
 * Since 0.1. SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_CIVETWEB_H
#define STALLMARK_CIVETWEB_H

#include <civetweb.h>

#include <stallmark/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The request that this thread was handed. A worker serves one at a time. */
static inline smk_served smk_civetweb_begin(const struct mg_connection *connection)
{
    smk_served none = {{0, 0, 0, 0}, 0};
#ifndef SMK_DISABLE
    if (SMK__ARMED(SMK_ABI_CAT_REQUEST)) {
        const struct mg_request_info *info = mg_get_request_info(connection);
        return smk_abi_request_served(-1, info->request_method, info->local_uri,
                                      mg_get_header(connection, "traceparent"));
    }
#endif
    (void)connection;
    return none;
}

static inline void smk_civetweb_end(smk_served served, int status)
{
#ifndef SMK_DISABLE
    if (__builtin_expect(served.request.id != 0, 0))
        smk_abi_request_answered(&served, status);
#endif
    (void)served;
    (void)status;
}

/* ---- one handler -------------------------------------------------------------------------------------- */

typedef struct smk_civetweb_request {
    smk_served served;
    int status;
} smk_civetweb_request;

static inline void smk__civetweb_scope_end(smk_civetweb_request *request)
{
    smk_civetweb_end(request->served, request->status);
}

/* What it is answered with: the value, for the handler's return. */
static inline int smk__civetweb_status(smk_civetweb_request *request, int status)
{
    request->status = status;
    return status;
}
#define smk_civetweb_status(variable, status) smk__civetweb_status(&(variable), (status))

/* A request from here to the end of the scope, in a variable of this name. */
#define SMK_CIVETWEB_REQUEST(variable, connection)                                                 \
    smk_civetweb_request variable __attribute__((cleanup(smk__civetweb_scope_end), unused)) = {    \
        smk_civetweb_begin(connection), 200}

/* ---- all requests ------------------------------------------------------------------------------------- */

static __thread smk_served smk__civetweb_served __attribute__((unused));

static inline int smk__civetweb_begin_request(struct mg_connection *connection)
{
    smk__civetweb_served = smk_civetweb_begin(connection);
    return 0; /* civetweb goes on */
}

static inline void smk__civetweb_end_request(const struct mg_connection *connection, int status)
{
    smk_served none = {{0, 0, 0, 0}, 0};
    (void)connection;
    smk_civetweb_end(smk__civetweb_served, status);
    smk__civetweb_served = none;
}

/* callbacks: a struct mg_callbacks that has neither. */
#define SMK_CIVETWEB_CALLBACKS(callbacks)                                                          \
    ((callbacks).begin_request = smk__civetweb_begin_request,                                      \
     (callbacks).end_request = smk__civetweb_end_request)

#ifdef __cplusplus
}
#endif
#endif
