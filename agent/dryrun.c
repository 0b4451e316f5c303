#include "dryrun.h"

#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/cost.h"
#include "family.h"
#include "format/chunk.h"
#include "heap.h"
#include "log.h"

#define SECOND_NS     UINT64_C(1000000000)
#define PASS_FIRST_NS UINT64_C(100000000) /* threads that do little go into the file so often in the first second … */
#define PASS_NS       SECOND_NS           /* … and so often then (core/pass.c) */
#define FULL_EVENTS   250u /* a chunk of so many events is a sub-buffer's, which goes when it is full */
#define LEAST_ERROR   10u  /* per cent: of anything that is told out of 200 ms */
#define BYTES_ERROR   40u  /* per cent: how well zstd does, and how many names and stacks are still to come */

/* What came out of the encoder, by what it would be in a longer capture. */
struct sums {
    uint64_t events, lost;
    uint64_t event_bytes; /* payloads of events */
    uint64_t full, small; /* chunks of events: of full sub-buffers, of threads that do little */
    uint64_t once_bytes;  /* tables, facts and what else a file has, but for the clock pairs */
};

struct probe {
    struct smk_job finished;
    struct smk_exchange *exchange; /* the loop's; NULL: its client went away */
    struct smk_arm arm;            /* the loop's */
    struct smk_capture *capture;
    struct smk_cost before, begin, end; /* before: the loop's; the writer's until `finished` is posted */
    struct sums sums;                   /* the same */
    bool begun, ended;                  /* the same */
};

static struct probe *current; /* the loop's; NULL: none */

/* What is told, whoever counted. */
struct told {
    const char *how;
    uint32_t categories;
    uint64_t events, ns;          /* counted, in so long */
    uint64_t bytes, once_bytes;   /* in the whole of what was asked for; of it what is in any file */
    uint64_t bytes_error;
    uint64_t cost_ns, cost_error, cpu_ns, cost_window; /* of the tracer and of the process, in so long */
    uint64_t once_ns;             /* of arming and ending */
    uint64_t lost;
};

/* ---- the sink: counts, and keeps nothing; on the writer ------------------------------------------------------- */

static int sink_open(void *arg, uint32_t number)
{
    struct probe *probe = arg;
    (void)number;
    smk_cost_read(&probe->begin);
    probe->begun = true;
    return 0;
}

static void count_chunk(struct sums *sums, const struct smk_chunk *chunk)
{
    if (chunk->kind == SMK_CHUNK_EVENTS) {
        sums->events += chunk->count;
        sums->event_bytes += chunk->stored_size;
        sums->full += chunk->count >= FULL_EVENTS;
        sums->small += chunk->count < FULL_EVENTS;
    } else if (chunk->kind != SMK_CHUNK_CLOCK) {
        sums->once_bytes += SMK_CHUNK_HEADER + chunk->stored_size;
    }
}

static int sink_write(void *arg, const void *data, size_t size)
{
    struct probe *probe = arg;
    const uint8_t *at = data, *end = at + size;
    struct smk_chunk chunk;
    const char *why;
    while ((size_t)(end - at) >= SMK_CHUNK_HEADER && smk_chunk_unpack(&chunk, at, &why) == 0 &&
           chunk.stored_size <= (size_t)(end - at) - SMK_CHUNK_HEADER) {
        count_chunk(&probe->sums, &chunk);
        at += SMK_CHUNK_HEADER + chunk.stored_size;
    }
    return 0;
}

static int sink_close(void *arg, bool good)
{
    (void)arg;
    (void)good;
    return 0;
}

static const struct smk_sink counting_sink = {.open = sink_open, .write = sink_write, .close = sink_close};

/* The gate is closed: what comes now is done once a capture. */
static bool may_end(void *arg, enum smk_reason reason)
{
    struct probe *probe = arg;
    (void)reason;
    smk_cost_read(&probe->end);
    probe->ended = true;
    return true;
}

static void finished(void *arg, struct smk_capture *capture, enum smk_reason reason)
{
    struct probe *probe = arg;
    (void)capture;
    (void)reason;
    smk_control_post(&probe->finished);
}

/* ---- what it tells --------------------------------------------------------------------------------------------- */

static uint64_t scaled(uint64_t count, uint64_t wanted, uint64_t had)
{
    return had ? (uint64_t)((double)count * (double)wanted / (double)had) : 0;
}

/* How often threads that do little are written in so long. */
static uint64_t passes(uint64_t ns)
{
    uint64_t first = smk_min_u64(ns, SECOND_NS);
    return first / PASS_FIRST_NS + (ns - first) / PASS_NS + 1;
}

/* Chunks of threads that do little become fewer and larger after the first second: their headers count by pass,
 * what is in them by time. */
static uint64_t bytes_in(const struct sums *sums, uint64_t ns)
{
    uint64_t events = scaled(sums->event_bytes + sums->full * SMK_CHUNK_HEADER, ns, SMK_PROBE_NS);
    uint64_t heads = scaled(sums->small * SMK_CHUNK_HEADER, passes(ns), passes(SMK_PROBE_NS));
    return events + heads + sums->once_bytes;
}

/* Twice the square root of what was counted, as for things that do not know of one another. */
static uint64_t count_error(uint64_t count)
{
    uint64_t root = 0;
    while ((root + 1) * (root + 1) <= count && root < 1000)
        root++;
    return count ? smk_max_u64(LEAST_ERROR, smk_min_u64(200 / smk_max_u64(root, 1), 100)) : 0;
}

static void put_share(struct smk_json *json, const char *key, uint64_t part, uint64_t whole)
{
    char text[32];
    uint64_t tenths = scaled(part, 1000, whole);
    snprintf(text, sizeof text, "%llu.%llu%%", (unsigned long long)tenths / 10, (unsigned long long)tenths % 10);
    smk_json_text(json, key, whole ? text : NULL);
}

static void put_cost(struct smk_json *json, const struct told *told)
{
    smk_json_begin(json, "cost", '{');
    put_share(json, "share", told->cost_ns, told->cpu_ns);
    put_share(json, "error_share", told->cost_error, told->cpu_ns);
    smk_json_number(json, "per_second_ns", scaled(told->cost_ns, SECOND_NS, told->cost_window));
    smk_json_number(json, "error_ns", scaled(told->cost_error, SECOND_NS, told->cost_window));
    smk_json_number(json, "process_ns", scaled(told->cpu_ns, SECOND_NS, told->cost_window));
    smk_json_number(json, "once_ns", told->once_ns);
    smk_json_end(json, '}');
}

/* A rate of nothing is no estimate: so many events as none were seen in that time there may still be. */
static void put_events(struct smk_json *json, const struct told *told)
{
    uint64_t rate = scaled(told->events, SECOND_NS, told->ns);
    smk_json_number(json, "events_per_second", rate);
    smk_json_number(json, "error_per_second",
                    told->events ? rate * count_error(told->events) / 100 : scaled(3, SECOND_NS, told->ns));
    smk_json_number(json, "events_counted", told->events);
    smk_json_number(json, "lost", told->lost);
}

static void answer(struct smk_exchange *exchange, const struct smk_arm *arm, const struct told *told)
{
    struct smk_json json = {0};
    char categories[200], duration[32];
    size_t len = 0;
    struct smk_family_process others[SMK_FAMILY_MAX];
    uint32_t count = smk_family_exists() && smk_family_is_first() ? smk_family_others(others) : 0;
    smk_categories_format(told->categories, categories, sizeof categories);
    smk_format_duration(arm->duration_ns, duration, sizeof duration);
    smk_json_begin(&json, NULL, '{');
    smk_json_flag(&json, "dryrun", true);
    smk_json_text(&json, "how", told->how);
    smk_json_text(&json, "exactness", "estimated");
    smk_json_text(&json, "duration", duration);
    smk_json_text(&json, "categories", categories);
    put_events(&json, told);
    smk_json_number(&json, "bytes", smk_min_u64(told->bytes, arm->max_bytes));
    smk_json_number(&json, "error_bytes", told->bytes_error);
    smk_json_number(&json, "once_bytes", told->once_bytes);
    smk_json_number(&json, "max_bytes", arm->max_bytes);
    smk_json_flag(&json, "ends_early", told->bytes > arm->max_bytes);
    put_cost(&json, told);
    smk_json_number(&json, "other_processes", count);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 200, "application/json", text, len);
    smk_exchange_answer(exchange);
}

static uint64_t ns_between(const struct smk_cost *begin, const struct smk_cost *end)
{
    return smk_ticks_to_ns(end->tick - begin->tick);
}

static void tell_cost(struct told *told, const struct smk_cost *begin, const struct smk_cost *end)
{
    told->cost_ns = smk_cost_between(begin, end, &told->cost_error);
    told->cpu_ns = end->process_ns - begin->process_ns;
    told->cost_window = ns_between(begin, end);
}

/* ---- the probe ------------------------------------------------------------------------------------------------- */

static void tell(struct probe *probe)
{
    struct told told = {.how = "counted in a probe of 200ms",
                        .categories = probe->arm.categories,
                        .events = probe->sums.events,
                        .ns = SMK_PROBE_NS,
                        .bytes = bytes_in(&probe->sums, probe->arm.duration_ns),
                        .once_bytes = probe->sums.once_bytes,
                        .lost = probe->sums.lost};
    struct smk_cost now;
    uint64_t error;
    smk_cost_read(&now);
    tell_cost(&told, &probe->begin, &probe->end);
    told.once_ns = now.own_ns - probe->before.own_ns - (probe->end.own_ns - probe->begin.own_ns);
    error = smk_max_u64(BYTES_ERROR, count_error(probe->sums.events));
    told.bytes_error = told.bytes * error / 100;
    answer(probe->exchange, &probe->arm, &told);
}

/* On the loop; the writer needs nothing of it any more. */
static void run_finished(struct smk_job *job)
{
    struct probe *probe = (struct probe *)((char *)job - offsetof(struct probe, finished));
    struct smk_capture_progress progress;
    smk_capture_get_progress(probe->capture, &progress);
    probe->sums.lost = progress.lost;
    current = NULL;
    if (probe->exchange && probe->begun && probe->ended && progress.reason == SMK_REASON_TIMER) {
        tell(probe);
    } else if (probe->exchange) {
        smk_answer_problem(&probe->exchange->answer, 503, "the probe did not come to its end", "it ended with %s",
                           smk_reason_name(progress.reason));
        smk_exchange_answer(probe->exchange);
    }
    smk_capture_release(probe->capture);
    smk_heap_free(probe);
}

/* The client went away; the probe goes on to its end. */
static void client_abandoned(struct smk_exchange *exchange)
{
    struct probe *probe = exchange->handler;
    probe->exchange = NULL;
}

static int begin(struct smk_exchange *exchange, const struct smk_arm *arm)
{
    struct probe *probe = smk_heap_zalloc(sizeof *probe);
    if (!probe)
        return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_TIMED,
                                    .name = "dryrun",
                                    .categories = arm->categories,
                                    .duration_ns = SMK_PROBE_NS,
                                    .sink = &counting_sink,
                                    .sink_arg = probe,
                                    .finished = finished,
                                    .may_end = may_end,
                                    .finished_arg = probe};
    smk_capture_new_id(spec.id);
    probe->arm = *arm;
    probe->finished.run = run_finished;
    smk_cost_read(&probe->before);
    int rc = smk_capture_begin(&spec, &probe->capture);
    if (rc < 0) {
        smk_heap_free(probe);
        return rc;
    }
    probe->exchange = exchange;
    exchange->handler = probe;
    exchange->abandoned = client_abandoned;
    current = probe;
    return 0;
}

/* ---- a capture that runs --------------------------------------------------------------------------------------- */

/* Its own counters lag by what the threads have not been asked for: a tenth of a second, later a whole one. */
static void tell_running(struct smk_exchange *exchange, const struct smk_arm *arm, const struct smk_running *running)
{
    struct smk_capture_progress progress;
    struct smk_cost now;
    smk_cost_read(&now);
    smk_capture_get_progress(running->capture, &progress);
    uint64_t ns = ns_between(&running->began, &now);
    struct told told = {.how = "counted in the running capture",
                        .categories = running->arm.categories,
                        .events = progress.events,
                        .ns = ns,
                        .bytes = scaled(progress.bytes, arm->duration_ns, ns),
                        .lost = progress.lost};
    uint64_t lag = scaled(100, ns < SECOND_NS ? PASS_FIRST_NS : PASS_NS, ns);
    tell_cost(&told, &running->began, &now);
    told.bytes_error = told.bytes * smk_min_u64(smk_max_u64(lag, LEAST_ERROR), 100) / 100;
    answer(exchange, arm, &told);
}

/* ---- asked ----------------------------------------------------------------------------------------------------- */

static int check(const struct smk_arm *arm)
{
    bool itself = arm->pid_count == 0;
    for (uint32_t i = 0; i < arm->pid_count; i++)
        itself |= arm->pids[i] == smk_sys_getpid();
    if (!smk_agent_check_privileges())
        return smk_fail(SMK_E_PERMISSION, "%s", smk_agent.fronts_why);
    if (arm->wait || arm->join)
        return smk_fail(SMK_E_INVALID, "dryrun: allowed only without wait and join, since there is no capture");
    if (!itself)
        return smk_fail(SMK_E_INVALID, "dryrun: counts this process alone, which is %d; pid names others",
                        smk_sys_getpid());
    return 0;
}

void smk_dryrun_answer(struct smk_exchange *exchange, const struct smk_arm *arm)
{
    const struct smk_running *running = smk_captures_timed();
    const char *peer = exchange->request.peer ? exchange->request.peer : "";
    int rc = check(arm);
    if (rc == 0 && !running && current) {
        smk_answer_header(&exchange->answer, "Retry-After", "1");
        rc = smk_fail(SMK_E_BUSY, "another dry run is under way, for 200ms");
    }
    if (rc == 0 && !running)
        rc = begin(exchange, arm);
    if (rc < 0)
        smk_answer_failure(&exchange->answer, rc);
    smk_agent_audit(peer, "dryrun", rc < 0 ? "refused" : running ? running->id : "probe",
                    rc < 0 ? exchange->answer.status : 200);
    if (rc < 0) {
        smk_exchange_answer(exchange);
    } else if (running) {
        tell_running(exchange, arm, running);
    }
}

void smk_dryrun_open(void) { current = NULL; }

/* What the writer posts is run by the loop before it ends. */
void smk_dryrun_end(uint64_t ns)
{
    if (!current)
        return;
    smk_capture_end(current->capture, SMK_REASON_EXIT);
    smk_capture_wait(current->capture, ns);
}
