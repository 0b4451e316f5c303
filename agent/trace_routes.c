/* trace_routes.c: the routes that arm, stop and list, and the same from C. */
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "captures.h"
#include "control.h"
#include "dryrun.h"
#include "heap.h"
#include "log.h"
#include "routes.h"
#include "stallmark/agent.h"
#include "store.h"

#define CALL_NS UINT64_C(5000000000)

/* ---- answers -------------------------------------------------------------------------------------------------- */

static void answer_running(struct smk_exchange *exchange, struct smk_running *running, bool wait, int status)
{
    struct smk_answer *answer = &exchange->answer;
    struct smk_json json = {0};
    size_t len = 0;
    if (wait) {
        smk_captures_stream(answer, running);
        smk_exchange_answer(exchange);
        return;
    }
    smk_answer_header(answer, "Location", "/debug/traces/%s", running->id);
    smk_json_begin(&json, NULL, '{');
    smk_captures_put(&json, running);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(answer, status, "application/json", text, len);
    smk_exchange_answer(exchange);
}

static void arm(struct smk_exchange *exchange, const struct smk_arm *wanted, const char *action)
{
    struct smk_running *running = NULL;
    const char *peer = exchange->request.peer ? exchange->request.peer : "";
    int rc = smk_captures_begin(wanted, &running);
    if (rc == 0 || (rc == SMK_E_BUSY && wanted->join)) {
        smk_agent_audit(peer, action, running->id, rc == 0 ? 202 : 200);
        answer_running(exchange, running, wanted->wait, rc == 0 ? 202 : 200);
        return;
    }
    smk_answer_failure(&exchange->answer, rc);
    if (rc == SMK_E_BUSY && running) {
        smk_answer_header(&exchange->answer, "Location", "/debug/traces/%s", running->id);
        smk_answer_header(&exchange->answer, "Retry-After", "%llu",
                          (unsigned long long)smk_captures_seconds_left(running));
    }
    smk_agent_audit(peer, action, "refused", exchange->answer.status);
    smk_exchange_answer(exchange);
}

static void answer_wrong(struct smk_exchange *exchange, int rc)
{
    smk_answer_failure(&exchange->answer, rc);
    smk_exchange_answer(exchange);
}

/* ---- the routes ------------------------------------------------------------------------------------------------ */

void smk_handle_trace(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_arm wanted;
    int rc = smk_arm_parse_timed(&match->query, &wanted);
    if (rc < 0)
        answer_wrong(exchange, rc);
    else if (wanted.dryrun)
        smk_dryrun_answer(exchange, &wanted);
    else
        arm(exchange, &wanted, "arm");
}

void smk_handle_snapshot(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_arm wanted;
    int rc = smk_arm_parse_snapshot(&match->query, &wanted);
    if (rc < 0)
        answer_wrong(exchange, rc);
    else
        arm(exchange, &wanted, "snapshot");
}

/* The client of a stop went away; the stop stands. */
static void stopper_abandoned(struct smk_exchange *exchange)
{
    struct smk_running *running = exchange->handler;
    struct smk_exchange **at = &running->stoppers;
    while (*at && *at != exchange)
        at = &(*at)->next;
    if (*at)
        *at = exchange->next;
}

void smk_handle_stop(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    static const char idle[] = "{\"state\":\"idle\"}\n";
    struct smk_running *running = smk_captures_timed();
    (void)match;
    smk_agent_audit(exchange->request.peer ? exchange->request.peer : "", "stop", running ? running->id : "idle", 200);
    if (running) {
        smk_captures_stop(running);
        exchange->handler = running;
        exchange->abandoned = stopper_abandoned;
        exchange->next = running->stoppers;
        running->stoppers = exchange;
        return;
    }
    smk_answer_memory(&exchange->answer, 200, "application/json", smk_heap_strdup(idle), strlen(idle));
    smk_exchange_answer(exchange);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

static void put_stored(struct smk_json *json, const struct smk_stored *stored)
{
    static const char *const states[] = {"done", "cut", "recording"};
    char path[4400], download[80];
    bool partial = stored->count > 0 && stored->segments && stored->segments[stored->count - 1].partial;
    bool file = !stored->memory && smk_store_path(stored->id, stored->rotates, partial, path, sizeof path);
    snprintf(download, sizeof download, "/debug/traces/%s", stored->id);
    smk_json_begin(json, NULL, '{');
    smk_json_text(json, "id", stored->id);
    smk_json_text(json, "state", states[stored->state]);
    smk_json_time(json, "started", stored->started_unix_ns);
    smk_json_time(json, "ended", stored->state == SMK_STORED_ELSEWHERE ? 0 : stored->ended_unix_ns);
    smk_json_text(json, "reason_ended", stored->state == SMK_STORED_DONE  ? smk_reason_name(stored->reason)
                                        : stored->state == SMK_STORED_CUT ? "cut"
                                                                          : NULL);
    smk_json_number(json, "bytes", stored->bytes);
    smk_json_number(json, "segments", stored->count);
    smk_json_text(json, "path", file ? path : NULL);
    smk_json_text(json, "download", download);
    smk_json_end(json, '}');
}

void smk_handle_list(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_json json = {0};
    uint32_t count;
    size_t len = 0;
    const struct smk_stored *list = smk_store_list(&count);
    struct smk_directory *directory = smk_store_directory();
    (void)match;
    smk_json_begin(&json, NULL, '{');
    smk_json_text(&json, "directory", directory ? directory->path : NULL);
    smk_json_begin(&json, "captures", '[');
    for (size_t i = 0; smk_captures_at(i); i++) {
        smk_json_begin(&json, NULL, '{');
        smk_captures_put(&json, smk_captures_at(i));
        smk_json_text(&json, "reason_ended", NULL);
        smk_json_end(&json, '}');
    }
    for (uint32_t i = 0; i < count; i++)
        if (!smk_captures_find(list[i].id))
            put_stored(&json, &list[i]);
    smk_json_end(&json, ']');
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 200, "application/json", text, len);
    smk_exchange_answer(exchange);
}

/* ---- from C ---------------------------------------------------------------------------------------------------- */

struct call {
    const char *query;
    bool snapshot;
    char id[SMK_CAPTURE_ID_SIZE];
    int rc;
    char why[512];
};

static void run_arm(void *arg)
{
    struct call *call = arg;
    struct smk_query query;
    struct smk_arm wanted;
    struct smk_running *running = NULL;
    call->rc = smk_query_parse(&query, call->query, call->snapshot ? smk_snapshot_parameters : smk_trace_parameters);
    if (call->rc == 0)
        call->rc = call->snapshot ? smk_arm_parse_snapshot(&query, &wanted) : smk_arm_parse_timed(&query, &wanted);
    if (call->rc == 0 && (wanted.wait || wanted.dryrun))
        call->rc = smk_fail(SMK_E_INVALID, "%s: allowed only over HTTP", wanted.wait ? "wait" : "dryrun");
    if (call->rc == 0)
        call->rc = smk_captures_begin(&wanted, &running);
    if (call->rc == SMK_E_BUSY && wanted.join)
        call->rc = 0;
    if (running)
        memcpy(call->id, running->id, sizeof call->id);
    if (call->rc < 0)
        snprintf(call->why, sizeof call->why, "%s", smk_last_error());
}

/* The loop's message is the loop's thread's; the caller gets a copy. */
static int call_loop(void (*run)(void *arg), struct call *call)
{
    int rc = smk_control_call(run, call, CALL_NS);
    if (rc == 0 && call->rc < 0)
        rc = smk_fail(call->rc, "%s", call->why);
    return rc;
}

static int call_arm(const char *query, bool snapshot, char id[SMK_CAPTURE_ID_SIZE])
{
    struct call call = {.query = query, .snapshot = snapshot};
    int rc = call_loop(run_arm, &call);
    if (id && (rc == 0 || rc == SMK_E_BUSY))
        memcpy(id, call.id, SMK_CAPTURE_ID_SIZE);
    return rc;
}

SMK_EXPORT int smk_agent_capture(const char *query, char id[SMK_CAPTURE_ID_SIZE])
{
    return call_arm(query, false, id);
}

SMK_EXPORT int smk_agent_snapshot(const char *query, char id[SMK_CAPTURE_ID_SIZE])
{
    return call_arm(query, true, id);
}

static void run_stop(void *arg)
{
    (void)arg;
    struct smk_running *running = smk_captures_timed();
    if (running)
        smk_captures_stop(running);
}

SMK_EXPORT int smk_agent_stop_capture(void)
{
    struct call call = {0};
    return call_loop(run_stop, &call);
}
