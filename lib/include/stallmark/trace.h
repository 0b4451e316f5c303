/* stallmark/trace.h: mark regions, requests, handoffs, waits, logs and counters in C and C++.
 *
 * From simple to seldom needed:
 *
 *     regions        SMK_REGION("load");                     to the end of the scope
 *                    smk_region r = SMK_REGION_BEGIN("load"); … smk_region_end(r);
 *     requests       SMK_REQUEST(r, "GET /cart");            to the end of the scope
 *                    smk_request r = smk_request_begin("GET /cart"); … smk_request_end(r);
 *     moving work    smk_handoff h = SMK_HANDOFF_BEGIN(r, "pool"); … smk_handoff_end(h);
 *                    SMK_IN_REQUEST(r);                      this thread works for r in this scope
 *     facts          SMK_LOG("cache miss", key_len, key);  SMK_COUNTER("queue depth", n);
 *     names          smk_lock_name(&lock, "cart_lock");  smk_thread_name("worker-3");
 *     rules          smk_trigger("cache full");               a rule may capture then
 *     own waits      smk_wait w = SMK_WAIT_BEGIN(SMK_WAITING_OTHER, "batch", b); … smk_wait_end(w);
 *
 * Cost: one load and one predicted branch while nothing records; a time stamp and a few stores while
 * something does. Everything here may be called from any thread, in signal handlers, before main and
 * after it. Unbalanced use is repaired by the reader and counted, never fatal: an end without a begin
 * is ignored, an inner region that was not ended ends with its outer one.
 *
 * Names of regions, handoffs, waits, logs and counters are string literals or live as long as the
 * object that contains the call; routes, lock names and thread names are copied. Names longer than 128
 * bytes are cut. There may be 65,536 routes and names and 16,384 call sites; what comes after those is
 * recorded without its name, and counted.
 *
 * With SMK_DISABLE defined before this header all of it compiles to nothing and needs no library.
 *
 * Since 0.1. SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_TRACE_H
#define STALLMARK_TRACE_H

#include <string.h>

#include <stallmark/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of an own wait. */
enum smk_waiting {
    SMK_WAITING_LOCK = 1,
    SMK_WAITING_COND = 2,
    SMK_WAITING_NET = 3,
    SMK_WAITING_POLL = 4,
    SMK_WAITING_DISK = 5,
    SMK_WAITING_SLEEP = 6,
    SMK_WAITING_MEMORY = 7,
    SMK_WAITING_JOIN = 8,
    SMK_WAITING_OTHER = 9
};

typedef struct smk_region {
    smk_site *site; /* NULL: nothing was recorded when it began */
} smk_region;

#define SMK__CAT(a, b)  SMK__CAT_(a, b)
#define SMK__CAT_(a, b) a##b
#define SMK__UNIQUE(p)  SMK__CAT(p, __LINE__)

#ifndef SMK_DISABLE

#define SMK__ARMED(categories)                                                                     \
    (__builtin_expect((__atomic_load_n(&smk_gate, __ATOMIC_RELAXED) & (categories)) != 0, 0))

/* A call site as an expression: its address. Statement expressions are GNU C; gcc and clang. */
#define SMK_SITE(text)                                                                             \
    (__extension__({                                                                               \
        static smk_site smk__site = {(text), __FILE__, __func__, __LINE__, 0};                     \
        &smk__site;                                                                                \
    }))

/* ---- regions ------------------------------------------------------------------------------------------ */

static inline smk_region smk__region_begin(smk_site *site)
{
    smk_region region = {0};
    if (SMK__ARMED(SMK_ABI_CAT_REGION)) {
        smk_abi_region_begin(site);
        region.site = site;
    }
    return region;
}

static inline void smk_region_end(smk_region region)
{
    if (__builtin_expect(region.site != NULL, 0))
        smk_abi_region_end(region.site);
}

static inline void smk__region_scope_end(smk_region *region) { smk_region_end(*region); }

/* A region of this thread, ended by hand, on the same thread. */
#define SMK_REGION_BEGIN(name) smk__region_begin(SMK_SITE(name))

/* A region from here to the end of the scope, however it is left (not by longjmp). */
#define SMK_REGION(name)                                                                           \
    smk_region SMK__UNIQUE(smk__region_)                                                           \
        __attribute__((cleanup(smk__region_scope_end), unused)) = SMK_REGION_BEGIN(name)

/* ---- requests ----------------------------------------------------------------------------------------- */

/* Begins a request of this route ("GET /cart") and makes it the one that this thread serves. */
static inline smk_request smk_request_begin(const char *route)
{
    smk_request none = {0, 0, 0, 0};
    return SMK__ARMED(SMK_ABI_CAT_REQUEST) ? smk_abi_request_begin(route, NULL) : none;
}

/* The same with the W3C traceparent header of the caller ("00-<32 hex>-<16 hex>-<2 hex>"), so that
 * the request is found again in the collector. One that is malformed is ignored. */
static inline smk_request smk_request_begin_traced(const char *route, const char *traceparent)
{
    smk_request none = {0, 0, 0, 0};
    return SMK__ARMED(SMK_ABI_CAT_REQUEST) ? smk_abi_request_begin(route, traceparent) : none;
}

/* What it was answered with: an HTTP status, or any number of yours. Recorded when it ends. */
static inline void smk_request_status(smk_request request, int status)
{
    if (__builtin_expect(request.id != 0, 0))
        smk_abi_request_status(&request, status);
}

/* Ends it, on any thread. */
static inline void smk_request_end(smk_request request)
{
    if (__builtin_expect(request.id != 0, 0))
        smk_abi_request_end(&request);
}

/* This thread works for the request from now on; the result is what smk_request_leave gives back. */
static inline uint64_t smk_request_enter(smk_request request)
{
    return __builtin_expect(request.id != 0, 0) ? smk_abi_request_enter(&request) : 0;
}

static inline void smk_request_leave(smk_request request, uint64_t previous)
{
    if (__builtin_expect(request.id != 0, 0))
        smk_abi_request_leave(&request, previous);
}

static inline void smk__request_scope_end(smk_request *request) { smk_request_end(*request); }

/* A request from here to the end of the scope, in a variable of this name. */
#define SMK_REQUEST(variable, route)                                                               \
    smk_request variable __attribute__((cleanup(smk__request_scope_end), unused)) =                \
        smk_request_begin(route)

typedef struct smk_request_scope {
    smk_request request;
    uint64_t previous;
} smk_request_scope;

static inline smk_request_scope smk__request_scope_enter(smk_request request)
{
    smk_request_scope scope = {request, smk_request_enter(request)};
    return scope;
}

static inline void smk__request_scope_leave(smk_request_scope *scope)
{
    smk_request_leave(scope->request, scope->previous);
}

/* This thread works for the request from here to the end of the scope. */
#define SMK_IN_REQUEST(request)                                                                    \
    smk_request_scope SMK__UNIQUE(smk__in_)                                                        \
        __attribute__((cleanup(smk__request_scope_leave), unused)) =                               \
            smk__request_scope_enter(request)

/* ---- regions of a request: may end in another callback or thread, may overlap ------------------------- */

static inline smk_request_region smk__region_begin_in(smk_request request, smk_site *site)
{
    smk_request_region none = {NULL, 0, 0, 0};
    return SMK__ARMED(SMK_ABI_CAT_REGION) ? smk_abi_request_region_begin(&request, site) : none;
}

#define smk_region_begin_in(request, name) smk__region_begin_in((request), SMK_SITE(name))

static inline void smk_region_end_in(smk_request_region region)
{
    if (__builtin_expect(region.site != NULL, 0))
        smk_abi_request_region_end(&region);
}

/* ---- handoffs ----------------------------------------------------------------------------------------- */

static inline smk_handoff smk__handoff_begin(smk_request request, smk_site *site)
{
    smk_handoff none = {NULL, 0, 0, 0, 0};
    return SMK__ARMED(SMK_ABI_CAT_REQUEST) ? smk_abi_handoff_begin(&request, site) : none;
}

/* Where work is put into a queue for another thread; keep the value with the work. */
#define SMK_HANDOFF_BEGIN(request, name) smk__handoff_begin((request), SMK_SITE(name))

/* Where it is taken out: the time between is queue time of the request. */
static inline void smk_handoff_end(smk_handoff handoff)
{
    if (__builtin_expect(handoff.site != NULL, 0))
        smk_abi_handoff_end(&handoff);
}

/* ---- own waits ---------------------------------------------------------------------------------------- */

static inline smk_wait smk__wait_begin(smk_site *site, enum smk_waiting kind, const void *object)
{
    smk_wait none = {NULL, 0, 0, 0, 0};
    return SMK__ARMED(SMK_ABI_CAT_OTHER) ? smk_abi_wait_begin(site, (uint32_t)kind, object) : none;
}

#define SMK_WAIT_BEGIN(kind, name, object) smk__wait_begin(SMK_SITE(name), (kind), (object))

static inline void smk_wait_end(smk_wait wait)
{
    if (__builtin_expect(wait.site != NULL, 0))
        smk_abi_wait_end(&wait);
}

/* ---- facts and names ---------------------------------------------------------------------------------- */

static inline void smk__log(smk_site *site, int64_t value, const char *text)
{
    if (SMK__ARMED(SMK_ABI_CAT_OTHER))
        smk_abi_log(site, value, text, text ? strlen(text) : 0);
}

/* Something that happened: a name, a number, and a text of at most 1,024 bytes or NULL. */
#define SMK_LOG(name, value, text) smk__log(SMK_SITE(name), (value), (text))

static inline void smk__counter(smk_site *site, int64_t value)
{
    if (SMK__ARMED(SMK_ABI_CAT_OTHER))
        smk_abi_counter(site, value);
}

/* The value that something has from now on. */
#define SMK_COUNTER(name, value) smk__counter(SMK_SITE(name), (value))

/* Names a lock for as long as the process lives; call it where the lock is made, armed or not. */
static inline void smk_lock_name(const void *lock, const char *name)
{
    smk_abi_lock_name(lock, name);
}

/* Names this thread in traces, up to 31 bytes; its name in the system stays. Armed or not. */
static inline void smk_thread_name(const char *name) { smk_abi_thread_name(name); }

/* Something happened that rules may wait for: `when trigger "cache full"` (docs/rules.md). Any thread, armed or
 * not; names of more than 32 bytes are none. One load while no rule waits for any. */
static inline void smk_trigger(const char *name) { smk_abi_trigger(name); }

#else /* SMK_DISABLE: the same names, no code, no library */

#define SMK_SITE(text)                   ((smk_site *)0)
#define SMK_REGION_BEGIN(name)           smk__no_region()
#define SMK_REGION(name)                 ((void)0)
#define SMK_REQUEST(variable, route)     smk_request variable __attribute__((unused)) = {0, 0, 0, 0}
#define SMK_IN_REQUEST(request)          ((void)(request))
#define smk_region_begin_in(request, n)  smk__no_request_region(request)
#define SMK_HANDOFF_BEGIN(request, name) smk__no_handoff(request)
#define SMK_WAIT_BEGIN(kind, name, obj)  smk__no_wait((kind), (obj))
#define SMK_LOG(name, value, text)       ((void)(value), (void)(text))
#define SMK_COUNTER(name, value)         ((void)(value))

static inline smk_region smk__no_region(void)
{
    smk_region none = {0};
    return none;
}
static inline void smk_region_end(smk_region region) { (void)region; }
static inline smk_request smk_request_begin(const char *route)
{
    smk_request none = {0, 0, 0, 0};
    (void)route;
    return none;
}
static inline smk_request smk_request_begin_traced(const char *route, const char *traceparent)
{
    (void)traceparent;
    return smk_request_begin(route);
}
static inline void smk_request_status(smk_request request, int status)
{
    (void)request;
    (void)status;
}
static inline void smk_request_end(smk_request request) { (void)request; }
static inline uint64_t smk_request_enter(smk_request request)
{
    (void)request;
    return 0;
}
static inline void smk_request_leave(smk_request request, uint64_t previous)
{
    (void)request;
    (void)previous;
}
static inline smk_request_region smk__no_request_region(smk_request request)
{
    smk_request_region none = {NULL, 0, 0, 0};
    (void)request;
    return none;
}
static inline void smk_region_end_in(smk_request_region region) { (void)region; }
static inline smk_handoff smk__no_handoff(smk_request request)
{
    smk_handoff none = {NULL, 0, 0, 0, 0};
    (void)request;
    return none;
}
static inline void smk_handoff_end(smk_handoff handoff) { (void)handoff; }
static inline smk_wait smk__no_wait(enum smk_waiting kind, const void *object)
{
    smk_wait none = {NULL, 0, 0, 0, 0};
    (void)kind;
    (void)object;
    return none;
}
static inline void smk_wait_end(smk_wait wait) { (void)wait; }
static inline void smk_lock_name(const void *lock, const char *name)
{
    (void)lock;
    (void)name;
}
static inline void smk_thread_name(const char *name) { (void)name; }
static inline void smk_trigger(const char *name) { (void)name; }

#endif /* SMK_DISABLE */

#ifdef __cplusplus
}
#endif
#endif
