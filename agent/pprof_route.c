/* pprof_route.c: /debug/pprof/…, as net/http/pprof has it: `go tool pprof URL` and `go tool trace` find what they know.
 *
 * A timed capture of what the profile needs; when it has ended it is read at the desk, and is gone, unless somebody
 * joined it: its name is "pprof". What comes out is in memory of its own, of report_memory at most. A client that goes
 * away ends it.
 *
 *     request ──▶ capture, `seconds` long ──▶ the desk, when it is free ──▶ answer
 *        waits                       waits (a timer)            desk.c's
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "base/sys.h"
#include "captures.h"
#include "core/fds.h"
#include "desk.h"
#include "export/export.h"
#include "export/pprof_text.h"
#include "heap.h"
#include "log.h"
#include "pprof_route.h"
#include "routes.h"
#include "text.h"

#define CAPTURE_BYTES (UINT64_C(32) << 20)
#define AGAIN_NS      UINT64_C(50000000) /* until a desk that is taken is asked for again */
#define PATIENCE      1200u              /* so often: a minute */
#define WAITS                                                                                                      \
    (SMK_CAT_LOCK | SMK_CAT_COND | SMK_CAT_NET | SMK_CAT_POLL | SMK_CAT_DISK | SMK_CAT_SLEEP | SMK_CAT_MEMORY |    \
     SMK_CAT_JOIN | SMK_CAT_REQUEST)

const struct smk_parameter smk_pprof_parameters[] = {
    {"seconds", "how long, from 0.01, decimals allowed; default 30 for profile, 5 for block and mutex, 1 for trace"},
    {"debug", "of block and mutex: 1 is text, default 0; not with seconds"},
    {NULL, NULL},
};

struct profile {
    const char *name, *format, *what;
    uint32_t categories; /* 0: those of a timed capture */
    unsigned seconds;
    bool has_text;
};

static const struct profile profiles[] = {
    {"profile", "pprof-cpu", "CPU samples", SMK_CAT_CPU, 30, false},
    {"block", "pprof-block", "where threads waited, and how long", WAITS, 5, true},
    {"mutex", "pprof-mutex", "unlocks, with how long others had waited for them", SMK_CAT_LOCK, 5, true},
    {"trace", "go", "all of it, for go tool trace", 0, 1, false},
};

struct pprof_job {
    struct smk_desk_job desk; /* first */
    const struct profile *profile;
    bool text;
    int output; /* -1: none yet */
    uint64_t len;
};

/* One that waits for its capture, and then for the desk. */
struct pprof_wait {
    struct smk_exchange *exchange; /* NULL: the client has gone */
    struct smk_running *running;   /* NULL: it has ended */
    bool shared;                   /* it was joined, and stays */
    struct smk_timer *timer;
    const struct profile *profile;
    bool text;
    char id[SMK_CAPTURE_ID_SIZE];
    unsigned asked;
    struct pprof_wait *next;
};

static struct pprof_wait *waits; /* the loop's */

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void refuse(struct smk_exchange *exchange, int status, const char *format, ...) SMK_PRINTF(3, 4);

static void refuse(struct smk_exchange *exchange, int status, const char *format, ...)
{
    char words[2600];
    __builtin_va_list args;
    __builtin_va_start(args, format);
    int n = vsnprintf(words, sizeof words - 1, format, args);
    __builtin_va_end(args);
    size_t len = smk_min_u64(n > 0 ? (size_t)n : 0, sizeof words - 2);
    words[len++] = '\n';
    words[len] = '\0';
    smk_answer_header(&exchange->answer, "X-Go-Pprof", "1");
    smk_answer_memory(&exchange->answer, status, "text/plain; charset=utf-8", smk_heap_strdup(words), len);
    smk_exchange_answer(exchange);
}

struct output {
    int fd;
    uint64_t at;
};

static ssize_t read_output(void *arg, void *data, size_t size)
{
    struct output *output = arg;
    ssize_t n = smk_sys_pread(output->fd, data, size, output->at);
    output->at += n > 0 ? (uint64_t)n : 0;
    return n;
}

static void close_output(void *arg)
{
    smk_fd_close(((struct output *)arg)->fd);
    smk_heap_free(arg);
}

static void answer_output(struct pprof_job *job, struct smk_answer *answer)
{
    struct output *output = smk_heap_zalloc(sizeof *output);
    if (!output) {
        smk_answer_failure(answer, smk_fail(SMK_E_NOMEM, "the agent's heap is full"));
        return;
    }
    output->fd = job->output;
    job->output = -1;
    answer->status = 200;
    answer->body = (struct smk_body){
        .length = (int64_t)job->len, .read = read_output, .close = close_output, .arg = output};
    smk_answer_header(answer, "Content-Type", job->text ? "text/plain; charset=utf-8" : "application/octet-stream");
    if (!job->text)
        smk_answer_header(answer, "Content-Disposition", "attachment; filename=\"%s\"", job->profile->name);
}

static void answer(struct smk_desk_job *base, struct smk_exchange *exchange)
{
    struct smk_desk_failure failure;
    smk_desk_failed(base, &failure);
    if (failure.status) {
        refuse(exchange, failure.status, "%s: %s", failure.title, failure.detail);
        return;
    }
    answer_output((struct pprof_job *)base, &exchange->answer);
    smk_exchange_answer(exchange);
}

static void drop(struct smk_desk_job *base) { smk_fd_close(((struct pprof_job *)base)->output); }

/* ---- at the desk ------------------------------------------------------------------------------------------------ */

static int put(void *arg, const void *bytes, size_t len)
{
    struct pprof_job *job = arg;
    if (job->len + len > job->desk.max_memory) {
        job->desk.too_large = true;
        return 1;
    }
    if (smk_sys_pwrite(job->output, bytes, len, job->len) != (ssize_t)len)
        return 1;
    job->len += len;
    return 0;
}

static const struct smk_export_format *format_of(const struct pprof_job *job)
{
    const struct smk_export_format *format;
    if (job->text)
        return strcmp(job->profile->name, "mutex") == 0 ? &smk_export_pprof_mutex_text : &smk_export_pprof_block_text;
    for (size_t i = 0; (format = smk_export_format_at(i)) != NULL; i++)
        if (strcmp(format->name, job->profile->format) == 0)
            break;
    return format;
}

static int make(struct smk_desk_job *base, smk_trace *trace)
{
    struct pprof_job *job = (struct pprof_job *)base;
    const struct smk_export_options options = {.resize = smk_desk_resize,
                                               .resize_arg = base,
                                               .max_memory = base->max_memory,
                                               .progress = smk_desk_progress,
                                               .progress_arg = base};
    job->output = smk_fd_keep(smk_sys_memfd());
    if (job->output < 0)
        return smk_fail_errno(-job->output, "memory for the profile");
    return smk_export(trace, format_of(job), &options, put, job);
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static void free_wait(struct pprof_wait *wait)
{
    struct pprof_wait **at = &waits;
    while (*at != wait)
        at = &(*at)->next;
    *at = wait->next;
    smk_timer_free(wait->timer);
    smk_heap_free(wait);
}

static void forget(struct pprof_wait *wait)
{
    if (!wait->shared)
        smk_store_delete(wait->id);
    free_wait(wait);
}

/* Its files are open, or copied: they are read on when their names are gone. */
static void sit_down(struct pprof_wait *wait, const struct smk_stored *stored)
{
    struct pprof_job *job = smk_heap_zalloc(sizeof *job);
    if (!job) {
        smk_desk_leave();
        refuse(wait->exchange, 503, "the agent's heap is full");
        return;
    }
    job->desk.make = make;
    job->desk.answer = answer;
    job->desk.drop = drop;
    job->desk.instead = "the file of /debug/trace stays, and `stallmark export` reads it";
    job->profile = wait->profile;
    job->text = wait->text;
    job->output = -1;
    smk_desk_begin(&job->desk, wait->exchange, stored);
}

static void ask_for_desk(void *arg)
{
    struct pprof_wait *wait = arg;
    struct smk_exchange *exchange = wait->exchange;
    const struct smk_stored *stored = exchange ? smk_store_find(wait->id) : NULL;
    if (stored && !smk_desk_take()) {
        if (++wait->asked < PATIENCE) {
            smk_timer_set(wait->timer, AGAIN_NS);
            return;
        }
        smk_answer_header(&exchange->answer, "Retry-After", "2");
        refuse(exchange, 503, "reports are being made, one at a time");
    } else if (stored) {
        sit_down(wait, stored);
    } else if (exchange) {
        refuse(exchange, 500, "the capture has left nothing: /debug/trace/status says why");
    }
    forget(wait);
}

static void capture_ended(void *arg)
{
    struct pprof_wait *wait = arg;
    wait->shared = wait->running->shared;
    wait->running = NULL;
    ask_for_desk(wait);
}

/* The client has gone: the capture ends, if it is nobody else's, and then it is forgotten. */
static void abandoned(struct smk_exchange *exchange)
{
    struct pprof_wait *wait = exchange->handler;
    wait->exchange = NULL;
    if (wait->running && !wait->running->shared)
        smk_captures_stop(wait->running);
}

/* Whoever waits is told by the loop; a capture that ends with the agent keeps its file. */
void smk_pprof_end(void)
{
    while (waits) {
        if (waits->running)
            waits->running->ended = NULL;
        if (waits->exchange)
            waits->exchange->abandoned = NULL;
        free_wait(waits);
    }
}

void smk_pprof_reset_in_child(void) { waits = NULL; }

/* ---- beginning -------------------------------------------------------------------------------------------------- */

/* Seconds as Go's handlers take them: digits, and decimals. */
static int parse_seconds(const struct smk_query *query, uint64_t *ns)
{
    const char *text = smk_query_get(query, "seconds");
    char with_unit[40], most[32];
    uint64_t value;
    if (!text)
        return 0;
    snprintf(with_unit, sizeof with_unit, "%.30ss", text);
    if (strspn(text, "0123456789.") == strlen(text) && strlen(text) < 30 &&
        smk_parse_duration(with_unit, strlen(with_unit), &value) && value >= SMK_DURATION_LEAST &&
        value <= smk_agent.settings.max_duration) {
        *ns = value;
        return 0;
    }
    smk_format_duration(smk_agent.settings.max_duration, most, sizeof most);
    return smk_fail(SMK_E_INVALID, "seconds is '%.40s'; allowed is a number of seconds, from 0.01 to %s", text, most);
}

static int parse(const struct smk_query *query, const struct profile *profile, struct smk_arm *arm, bool *text)
{
    *arm = (struct smk_arm){.kind = SMK_CAPTURE_TIMED,
                            .name = "pprof",
                            .categories = profile->categories ? profile->categories : smk_categories_timed(),
                            .duration_ns = smk_min_u64(profile->seconds * UINT64_C(1000000000),
                                                       smk_agent.settings.max_duration),
                            .max_bytes = smk_min_u64(CAPTURE_BYTES, smk_agent.settings.max_bytes)};
    uint64_t debug = 0;
    int rc = parse_seconds(query, &arm->duration_ns);
    if (rc == 0)
        rc = smk_query_count(query, "debug", 0, 2, &debug);
    *text = debug > 0 && profile->has_text;
    if (rc == 0 && *text && smk_query_get(query, "seconds"))
        rc = smk_fail(SMK_E_INVALID, "seconds and debug params are incompatible");
    return rc;
}

static struct pprof_wait *new_wait(struct smk_exchange *exchange, const struct profile *profile, bool text)
{
    struct pprof_wait *wait = smk_heap_zalloc(sizeof *wait);
    struct smk_timer *timer = wait ? smk_timer_new(ask_for_desk, wait) : NULL;
    if (!timer) {
        smk_heap_free(wait);
        return NULL;
    }
    *wait = (struct pprof_wait){.exchange = exchange, .timer = timer, .profile = profile, .text = text, .next = waits};
    waits = wait;
    return wait;
}

static void refuse_capture(struct smk_exchange *exchange, int rc, const struct smk_running *running)
{
    if (rc == SMK_E_BUSY && running)
        smk_answer_header(&exchange->answer, "Retry-After", "%llu",
                          (unsigned long long)smk_captures_seconds_left(running));
    smk_agent_audit(exchange->request.peer ? exchange->request.peer : "", "pprof", "refused", 0);
    refuse(exchange, rc == SMK_E_BUSY ? 409 : 503, "%s", smk_last_error());
}

static void begin(struct smk_exchange *exchange, const struct profile *profile, const struct smk_arm *arm, bool text)
{
    struct smk_running *running = NULL;
    struct pprof_wait *wait = new_wait(exchange, profile, text);
    int rc = wait ? smk_captures_begin(arm, &running) : smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    if (rc < 0) {
        if (wait)
            free_wait(wait);
        refuse_capture(exchange, rc, running);
        return;
    }
    smk_agent_audit(exchange->request.peer ? exchange->request.peer : "", profile->name, running->id, 200);
    memcpy(wait->id, running->id, sizeof wait->id);
    wait->running = running;
    running->ended = capture_ended;
    running->ended_arg = wait;
    exchange->handler = wait;
    exchange->abandoned = abandoned;
}

void smk_handle_pprof(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_arm arm;
    bool text;
    for (size_t i = 0; i < SMK_ARRAY_LEN(profiles); i++) {
        if (strcmp(profiles[i].name, match->id) != 0)
            continue;
        if (parse(&match->query, &profiles[i], &arm, &text) < 0)
            refuse(exchange, 400, "%s", smk_last_error());
        else
            begin(exchange, &profiles[i], &arm, text);
        return;
    }
    refuse(exchange, 404, "Unknown profile; there are profile, block, mutex and trace");
}

void smk_handle_pprof_index(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_text page = {0};
    (void)match;
    smk_text_say(&page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                        "<title>/debug/pprof/, process %d</title></head><body>\n<h1>/debug/pprof/</h1>\n<table>\n",
                 smk_sys_getpid());
    for (size_t i = 0; i < SMK_ARRAY_LEN(profiles); i++)
        smk_text_say(&page, "<tr><td><code>%s?seconds=%u</code></td><td>%s</td></tr>\n", profiles[i].name,
                     profiles[i].seconds, profiles[i].what);
    smk_text_say(&page, "</table>\n<p>Each arms for so long; <a href=\"../threads\">threads</a> are there now.</p>\n"
                        "<pre>go tool pprof http://HOST/debug/pprof/block?seconds=5\n"
                        "curl -o trace http://HOST/debug/pprof/trace?seconds=5; go tool trace trace</pre>\n"
                        "</body></html>\n");
    smk_answer_memory(&exchange->answer, 200, "text/html; charset=utf-8", page.failed ? NULL : page.data, page.len);
    if (page.failed)
        smk_text_free(&page);
    smk_exchange_answer(exchange);
}
