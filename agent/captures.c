#include "captures.h"

#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/atomic.h"
#include "base/errors.h"
#include "base/sys.h"
#include "control.h"
#include "dryrun.h"
#include "family.h"
#include "heap.h"
#include "log.h"
#include "recorder.h"
#include "rules.h"
#include "store.h"

#define RETAIN_MOST_NS UINT64_C(600000000000)
#define STOP_WAIT_NS   UINT64_C(10000000000) /* until a stop is answered though the file is not whole */

/* The control loop's. */
static struct {
    struct smk_running *running; /* newest first */
    struct smk_timer *retain_timer;
    struct smk_captures_stats stats;
} captures;

void smk_captures_get_stats(struct smk_captures_stats *stats) { *stats = captures.stats; }

/* ---- looking ------------------------------------------------------------------------------------------------- */

struct smk_running *smk_captures_timed(void)
{
    struct smk_running *running = captures.running;
    while (running && (running->arm.kind != SMK_CAPTURE_TIMED || running->arm.rule[0]))
        running = running->next;
    return running;
}

struct smk_running *smk_captures_find(const char *id)
{
    struct smk_running *running = captures.running;
    while (running && strcmp(running->id, id) != 0)
        running = running->next;
    return running;
}

struct smk_running *smk_captures_at(size_t number)
{
    struct smk_running *running = captures.running;
    while (running && number-- > 0)
        running = running->next;
    return running;
}

static bool is_running(const char *id) { return smk_captures_find(id) != NULL; }

static bool rotates(const struct smk_running *running)
{
    return running->arm.rotate_bytes || running->arm.rotate_every_ns;
}

bool smk_captures_path(const struct smk_running *running, char *path, size_t size)
{
    return !running->arm.link && smk_store_path(running->id, rotates(running), false, path, size);
}

void smk_captures_put(struct smk_json *json, const struct smk_running *running)
{
    struct smk_capture_progress progress;
    char path[4400], download[80], categories[200];
    smk_capture_get_progress(running->capture, &progress);
    smk_categories_format(running->arm.categories, categories, sizeof categories);
    snprintf(download, sizeof download, "/debug/traces/%s", running->id);
    bool file = smk_captures_path(running, path, sizeof path);
    smk_json_text(json, "id", running->id);
    smk_json_text(json, "state", running->done                               ? "done"
                                 : progress.state >= SMK_CAPTURE_FINISHING ? "finishing"
                                                                             : "recording");
    smk_json_text(json, "kind", running->arm.kind == SMK_CAPTURE_TIMED ? "timed" : "snapshot");
    if (running->arm.name[0])
        smk_json_text(json, "name", running->arm.name);
    if (running->arm.rule[0]) {
        smk_json_text(json, "rule", running->arm.rule_name);
        smk_json_text(json, "cause", running->arm.cause);
    }
    smk_json_time(json, "started", running->started_unix_ns);
    smk_json_time(json, "stops_at", running->stops_unix_ns);
    smk_json_text(json, "path", file ? path : NULL);
    smk_json_text(json, "download", download);
    smk_json_text(json, "categories", categories);
    smk_json_number(json, "max_bytes", running->arm.max_bytes);
    smk_json_number(json, "bytes", progress.bytes);
    smk_json_number(json, "events", progress.events);
    smk_json_number(json, "lost", progress.lost);
    smk_json_number(json, "segments", progress.segments);
    if (running->family) {
        uint32_t others, armed;
        smk_family_capture_counts(running->family, &others, &armed);
        smk_json_number(json, "processes", others + 1);
        smk_json_number(json, "processes_armed", armed + 1);
    }
}

/* ---- the end of one ------------------------------------------------------------------------------------------ */

static void answer_stopper(struct smk_exchange *exchange, const struct smk_running *running)
{
    struct smk_json json = {0};
    size_t len = 0;
    smk_json_begin(&json, NULL, '{');
    smk_captures_put(&json, running);
    smk_json_text(&json, "reason_ended", running->done ? smk_reason_name(running->reason) : NULL);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, running->done ? 200 : 202, "application/json", text, len);
    smk_exchange_answer(exchange);
}

static void answer_stoppers(struct smk_running *running)
{
    while (running->stoppers) {
        struct smk_exchange *exchange = running->stoppers;
        running->stoppers = exchange->next;
        answer_stopper(exchange, running);
    }
}

static void unlink_running(struct smk_running *running)
{
    struct smk_running **at = &captures.running;
    while (*at && *at != running)
        at = &(*at)->next;
    if (*at)
        *at = running->next;
}

static void free_running(struct smk_running *running)
{
    smk_timer_free(running->timer);
    smk_family_capture_release(running->family);
    smk_tape_release(running->tape);
    if (running->capture)
        smk_capture_release(running->capture);
    smk_heap_free(running);
}

static void say_saved(const struct smk_running *running, const struct smk_capture_progress *progress)
{
    char path[1024];
    bool file = smk_store_path(running->id, rotates(running), false, path, sizeof path);
    if (running->arm.link)
        return; /* the first of the family says it */
    smk_agent_log("trace saved to %s: %s, %llu events, %llu lost, %llu bytes", file ? path : "memory",
                  smk_reason_name(running->reason), (unsigned long long)progress->events,
                  (unsigned long long)progress->lost, (unsigned long long)progress->bytes);
}

static void count_end(const struct smk_running *running, const struct smk_capture_progress *progress)
{
    struct smk_captures_stats *stats = &captures.stats;
    stats->ended[(unsigned)running->reason % SMK_ARRAY_LEN(stats->ended)]++;
    stats->events += progress->events;
    stats->lost += progress->lost;
    stats->bytes += progress->bytes;
    smk_store_count_bytes(progress->bytes);
}

/* On the loop; the writer needs nothing of it any more. */
static void run_finished(struct smk_job *job)
{
    struct smk_running *running =
        (struct smk_running *)((char *)job - offsetof(struct smk_running, finished));
    struct smk_capture_progress progress;
    smk_capture_get_progress(running->capture, &progress);
    running->done = true;
    unlink_running(running);
    count_end(running, &progress);
    say_saved(running, &progress);
    if (!running->tape->directory && !running->arm.link && progress.bytes > 0)
        smk_store_keep_memory(running->id, running->tape, running->reason, running->started_unix_ns);
    answer_stoppers(running);
    if (running->arm.rule[0])
        smk_rules_capture_ended(running, smk_reason_name(running->reason), progress.bytes);
    if (running->arm.link)
        smk_link_free(running->arm.link);
    if (running->ended)
        running->ended(running->ended_arg);
    free_running(running);
    smk_store_retain(is_running);
}

/* On the writer. Where there is no loop any more what it holds stays: the agent is ending. */
static void finished(void *arg, struct smk_capture *capture, enum smk_reason reason)
{
    struct smk_running *running = arg;
    running->reason = reason;
    if (running->family) {
        smk_family_capture_own_done(running->family); /* the others' parts come behind it */
        return;
    }
    if (running->arm.link)
        smk_link_end(running->arm.link, capture, reason);
    smk_tape_end(running->tape);
    smk_control_post(&running->finished);
}

/* ---- the family -------------------------------------------------------------------------------------------------- */

/* On the family's thread. */
static void family_done(void *arg)
{
    struct smk_running *running = arg;
    smk_control_post(&running->finished);
}

static bool may_end(void *arg, enum smk_reason reason)
{
    struct smk_running *running = arg;
    return smk_family_capture_may_end(running->family, reason);
}

static void facts(void *arg, smk_add_fact add, void *table)
{
    struct smk_running *running = arg;
    smk_family_capture_facts(running->family, add, table);
}

static bool wants_itself(const struct smk_arm *arm)
{
    int self = smk_sys_getpid();
    for (uint32_t i = 0; i < arm->pid_count; i++)
        if (arm->pids[i] == self)
            return true;
    return arm->pid_count == 0;
}

/* Only the first takes the others in, and only when it is not itself alone that is wanted. */
static bool takes_family_in(const struct smk_arm *arm)
{
    bool itself_alone = arm->pid_count == 1 && arm->pids[0] == smk_sys_getpid();
    return !arm->link && !itself_alone && smk_family_exists() && smk_family_is_first();
}

/* Our own capture carries the file, and where nothing of ours is wanted it has no category. */
static int join_family(struct smk_running *running, struct smk_capture_spec *spec)
{
    const struct smk_arm *arm = &running->arm;
    struct smk_family_spec family = {.id = running->id,
                                     .name = arm->name,
                                     .kind = arm->kind,
                                     .categories = arm->categories,
                                     .duration_ns = arm->duration_ns,
                                     .before_ns = arm->before_ns,
                                     .after_ns = arm->after_ns,
                                     .max_bytes = arm->max_bytes,
                                     .pids = arm->pids,
                                     .pid_count = arm->pid_count,
                                     .without_own = !wants_itself(arm),
                                     .tape = running->tape,
                                     .done = family_done,
                                     .arg = running};
    if (smk_sys_random(&family.number, sizeof family.number) < 0 || family.number == 0)
        family.number = smk_sys_clock(CLOCK_MONOTONIC);
    spec->number = family.number;
    running->family = smk_family_capture_new(&family, &spec->max_bytes);
    if (!running->family)
        return SMK_E_NOMEM;
    if (family.without_own)
        spec->categories = 0;
    spec->may_end = may_end;
    spec->facts = facts;
    return 0;
}

/* ---- beginning ------------------------------------------------------------------------------------------------ */

static int check_kind(const struct smk_arm *arm, struct smk_running **running)
{
    unsigned snapshots = 0;
    struct smk_running *timed = smk_captures_timed();
    char stops[SMK_TIME_TEXT] = "";
    if (arm->kind == SMK_CAPTURE_TIMED && timed && !arm->rule[0]) {
        *running = timed;
        smk_time_format(timed->stops_unix_ns, stops);
        return smk_fail(SMK_E_BUSY, "capture %s runs until %s; join=1 shares it, POST /debug/trace/stop ends it",
                        timed->id, stops);
    }
    if (arm->kind == SMK_CAPTURE_SNAPSHOT && !smk_recorder_is_on())
        return smk_fail(SMK_E_UNAVAILABLE, "the flight recorder is off: %s; STALLMARK_RECORDER=10s, or stallmark run "
                        "--recorder 10s, turns it on from the start", smk_recorder_why_off());
    for (const struct smk_running *r = captures.running; r; r = r->next)
        snapshots += r->arm.kind == SMK_CAPTURE_SNAPSHOT && !r->arm.rule[0];
    if (arm->kind == SMK_CAPTURE_SNAPSHOT && !arm->rule[0] && snapshots >= SMK_SNAPSHOTS_MAX)
        return smk_fail(SMK_E_LIMIT, "%d snapshots are being written; so many are allowed at once", SMK_SNAPSHOTS_MAX);
    return 0;
}

/* What the day has left bounds a capture that did not say how large it may be; one that did is told. */
static int check_day(struct smk_arm *arm)
{
    char limit[32];
    uint64_t used = smk_store_day_bytes(), most = smk_agent.settings.day_bytes;
    for (const struct smk_running *r = captures.running; r; r = r->next)
        used += r->arm.max_bytes;
    uint64_t left = used < most ? most - used : 0;
    smk_format_bytes(most, limit, sizeof limit);
    if (left < SMK_MAX_BYTES_MIN || (arm->max_bytes_given && arm->max_bytes > left))
        return smk_fail(SMK_E_LIMIT, "day_bytes: of %s in 24 hours %llu bytes are left", limit,
                        (unsigned long long)left);
    arm->max_bytes = smk_min_u64(arm->max_bytes, left);
    return 0;
}

static int check_memory(struct smk_arm *arm)
{
    char limit[32];
    uint64_t most = smk_agent.settings.max_bytes;
    if (smk_store_directory())
        return 0;
    smk_format_bytes(most, limit, sizeof limit);
    if (arm->max_bytes > most)
        return smk_fail(SMK_E_LIMIT, "max_bytes: at most %s, since captures are kept in memory: %s", limit,
                        smk_store_why());
    arm->rotate_bytes = arm->rotate_every_ns = arm->keep_segments = 0; /* memory is one segment */
    return 0;
}

/* The buffer may hold more than the recorder was asked to keep: nobody gets that. */
static void narrow_to_reach(struct smk_arm *arm)
{
    uint64_t reach = smk_recorder_reach_ns();
    if (reach && (arm->before_ns == 0 || arm->before_ns > reach))
        arm->before_ns = reach;
}

static int check(struct smk_arm *arm, struct smk_running **running)
{
    if (!smk_agent_check_privileges())
        return smk_fail(SMK_E_PERMISSION, "%s", smk_agent.fronts_why);
    int rc = check_kind(arm, running);
    if (arm->kind == SMK_CAPTURE_SNAPSHOT)
        narrow_to_reach(arm);
    if (arm->link)
        return rc; /* what goes out needs no room here */
    if (rc == 0)
        rc = check_day(arm);
    if (rc == 0)
        rc = check_memory(arm);
    return rc == 0 ? smk_store_check_space() : rc;
}

/* The writer stops it on time by itself; this is for a writer that sits in a slow disk. */
static void timer_due(void *arg)
{
    struct smk_running *running = arg;
    bool timed = running->arm.kind == SMK_CAPTURE_TIMED;
    smk_capture_end(running->capture, timed ? SMK_REASON_TIMER : SMK_REASON_COMPLETE);
    answer_stoppers(running);
}

static struct smk_tape *make_tape(const struct smk_running *running)
{
    struct smk_directory *directory = smk_store_directory();
    if (running->arm.link)
        return smk_link_tape(running->arm.link);
    return directory ? smk_tape_new_files(directory, running->id, rotates(running))
                     : smk_tape_new_memory(running->arm.max_bytes);
}

static struct smk_running *make(const struct smk_arm *arm)
{
    struct smk_running *running = smk_heap_zalloc(sizeof *running);
    if (!running)
        return NULL;
    running->arm = *arm;
    running->finished.run = run_finished;
    if (arm->link)
        snprintf(running->id, sizeof running->id, "%s", smk_link_id(arm->link));
    else
        smk_capture_new_id(running->id);
    running->timer = smk_timer_new(timer_due, running);
    running->tape = make_tape(running);
    if (running->tape && running->timer) {
        running->tape->free_floor = smk_agent.settings.free_floor;
        running->tape->keep_segments = (uint32_t)arm->keep_segments;
        return running;
    }
    free_running(running);
    return NULL;
}

/* Without a thread it is our own capture alone, and says so. */
static void begin_family(struct smk_running *running)
{
    if (running->family && smk_family_capture_begin(running->family) < 0)
        smk_agent_log("capture %s without the family: %s", running->id, smk_last_error());
}

static int begin(struct smk_running *running)
{
    const struct smk_arm *arm = &running->arm;
    uint64_t length = arm->kind == SMK_CAPTURE_TIMED ? arm->duration_ns : arm->after_ns;
    struct smk_capture_progress progress;
    struct smk_capture_spec spec = {.kind = arm->kind,
                                    .name = arm->name[0] ? arm->name : NULL,
                                    .rule = arm->rule[0] ? arm->rule : NULL,
                                    .cause = arm->rule[0] ? arm->cause : NULL,
                                    .categories = arm->categories,
                                    .duration_ns = arm->duration_ns,
                                    .before_ns = arm->before_ns,
                                    .after_ns = arm->after_ns,
                                    .max_bytes = arm->max_bytes,
                                    .rotate_bytes = arm->rotate_bytes,
                                    .rotate_every_ns = arm->rotate_every_ns,
                                    .sink = &smk_tape_calls,
                                    .sink_arg = running->tape,
                                    .finished = finished,
                                    .finished_arg = running};
    memcpy(spec.id, running->id, sizeof spec.id);
    spec.number = arm->link ? smk_link_number(arm->link) : 0;
    smk_cost_read(&running->began);
    int rc = takes_family_in(arm) ? join_family(running, &spec) : 0;
    if (rc == 0)
        rc = smk_capture_begin(&spec, &running->capture);
    if (rc < 0)
        return rc;
    begin_family(running);
    smk_capture_get_progress(running->capture, &progress);
    running->started_unix_ns = progress.started_unix_ns;
    running->stops_unix_ns = running->started_unix_ns + length;
    smk_timer_set(running->timer, length + 1);
    running->next = captures.running;
    captures.running = running;
    return 0;
}

int smk_captures_begin(const struct smk_arm *wanted, struct smk_running **out)
{
    struct smk_arm arm = *wanted;
    struct smk_running *running = NULL;
    int rc = check(&arm, out);
    if (rc == SMK_E_BUSY && arm.join)
        (*out)->shared = true;
    if (rc == 0) {
        running = make(&arm);
        rc = running ? begin(running) : smk_fail(SMK_E_NOMEM, "the agent's heap is full");
        if (rc < 0 && running)
            free_running(running);
    }
    if (rc < 0) {
        captures.stats.refused++;
        return rc;
    }
    if (arm.kind == SMK_CAPTURE_TIMED)
        captures.stats.timed++;
    else
        captures.stats.snapshots++;
    *out = running;
    return 0;
}

void smk_captures_stop(struct smk_running *running)
{
    smk_capture_end(running->capture, SMK_REASON_STOPPED);
    smk_timer_set(running->timer, STOP_WAIT_NS);
}

/* ---- answers -------------------------------------------------------------------------------------------------- */

void smk_captures_stream(struct smk_answer *answer, struct smk_running *running)
{
    if (running->arm.link) {
        smk_answer_problem(answer, 409, "elsewhere", "capture %s is written by process %d, the first of the family",
                           running->id, smk_family_first());
        return;
    }
    struct smk_tape_reader *reader = smk_tape_reader_new(running->tape);
    if (!reader) {
        smk_fail(SMK_E_NOMEM, "the agent's heap is full");
        smk_answer_failure(answer, SMK_E_NOMEM);
        return;
    }
    answer->status = 200;
    answer->slow = true;
    answer->body = (struct smk_body){
        .length = -1, .read = smk_tape_reader_read, .close = smk_tape_reader_close, .arg = reader};
    smk_answer_header(answer, "Content-Type", "application/octet-stream");
    smk_answer_header(answer, "Content-Disposition", "attachment; filename=\"%s.stall\"", running->id);
    smk_answer_header(answer, "Location", "/debug/traces/%s", running->id);
}

uint64_t smk_captures_seconds_left(const struct smk_running *running)
{
    uint64_t now = smk_sys_clock(CLOCK_REALTIME);
    return (running->stops_unix_ns > now ? running->stops_unix_ns - now : 0) / 1000000000u + 1;
}

void smk_captures_answer_recording(struct smk_answer *answer, const struct smk_running *running)
{
    char stops[SMK_TIME_TEXT];
    smk_time_format(running->stops_unix_ns, stops);
    smk_answer_header(answer, "Retry-After", "%llu", (unsigned long long)smk_captures_seconds_left(running));
    smk_answer_problem(answer, 409, "still recording",
                       "capture %s records until %s; wait=1 sends it as it grows, POST /debug/trace/stop ends it",
                       running->id, stops);
}

/* ---- the agent's beginning and end ----------------------------------------------------------------------------- */

static void retain_due(void *arg)
{
    (void)arg;
    smk_store_retain(is_running);
    uint64_t half_age = smk_agent.settings.keep_age / 2;
    smk_timer_set(captures.retain_timer, smk_min_u64(half_age, RETAIN_MOST_NS));
}

void smk_captures_open(void)
{
    memset(&captures, 0, sizeof captures);
    smk_dryrun_open();
    smk_store_open(&smk_agent.settings);
    captures.retain_timer = smk_timer_new(retain_due, NULL);
    retain_due(NULL);
}

void smk_captures_end(uint64_t ns)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ns;
    smk_timer_free(captures.retain_timer);
    captures.retain_timer = NULL;
    for (struct smk_running *r = captures.running; r; r = r->next) {
        smk_capture_end(r->capture, SMK_REASON_EXIT);
        smk_timer_free(r->timer);
        r->timer = NULL;
    }
    for (struct smk_running *r = captures.running; r; r = r->next) {
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        smk_capture_wait(r->capture, now < until ? until - now : 0);
        now = smk_sys_clock(CLOCK_MONOTONIC);
        if (r->family)
            smk_family_capture_finish(r->family, now < until ? until - now : 0);
        answer_stoppers(r);
    }
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    smk_dryrun_end(now < until ? until - now : 0);
}

void smk_captures_close(void) { smk_store_close(); }
