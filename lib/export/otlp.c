/* otlp.c: requests as spans of OpenTelemetry: one ExportTraceServiceRequest in OTLP's JSON, to be posted to a
 * collector's /v1/traces.
 *
 * Each span has where its time went as attributes. What a thread did is known some time after it did it (timeline.h),
 * so requests are kept, SLOTS of them, and written when the slot is wanted again or all is read. A slot of a request
 * that has not ended by then is given away, and from then on a span without parts says that they are not all.
 */
#include <inttypes.h>
#include <stdio.h>

#include "export/exporter.h"
#include "stallmark/version.h"

#define SLOTS 131072u

/* Parts: running, runnable, unknown, and waits by kind. */
enum { PART_RUNNING, PART_RUNNABLE, PART_UNKNOWN, PART_WAIT, PARTS = PART_WAIT + SMK_WAIT_OTHER + 1 };

struct slot {
    struct smk_span_request request; /* as its end said */
    uint64_t key, parts[PARTS];
    bool used, ended, or_runnable, cut;
};

struct otlp {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
    const smk_process_info *process;
    struct slot *slots;
    uint32_t next;
    struct smk_map by_request;
    bool gave_away; /* slots of requests that had not ended */
    bool any; /* a span is written before, of this process */
};

static struct otlp *otlp_of(void *arg) { return arg; }

/* ---- a span --------------------------------------------------------------------------------------------- */

static void put_key(struct smk_out *out, bool *first, const char *key)
{
    smk_out_format(out, "%s{\"key\":\"%s\",\"value\":{", *first ? "" : ",", key);
    *first = false;
}

static void put_text(struct smk_out *out, bool *first, const char *key, const char *value)
{
    if (!value[0])
        return;
    put_key(out, first, key);
    smk_out_text(out, "\"stringValue\":");
    smk_out_json(out, value);
    smk_out_text(out, "}}");
}

/* 64-bit numbers are texts in protobuf's JSON. */
static void put_number(struct smk_out *out, bool *first, const char *key, uint64_t value)
{
    put_key(out, first, key);
    smk_out_format(out, "\"intValue\":\"%" PRIu64 "\"}}", value);
}

static void put_parts(struct smk_out *out, bool *first, const struct slot *slot)
{
    static const char *const names[PART_WAIT] = {"stallmark.running_ns", "stallmark.runnable_ns",
                                                 "stallmark.unknown_ns"};
    char key[64];
    for (unsigned i = 0; i < PARTS; i++) {
        if (!slot->parts[i])
            continue;
        if (i < PART_WAIT)
            snprintf(key, sizeof(key), "%s", i == PART_RUNNING && slot->or_runnable
                                                  ? "stallmark.running_or_runnable_ns" : names[i]);
        else
            snprintf(key, sizeof(key), "stallmark.wait.%s_ns",
                     i == PART_WAIT ? "unknown" : smk_wait_kind_name(i - PART_WAIT));
        put_number(out, first, key, slot->parts[i]);
    }
}

static void put_attributes(struct otlp *to, const struct slot *slot)
{
    struct smk_out *out = &to->exporter->out;
    const struct smk_span_request *request = &slot->request;
    struct smk_export_text text;
    bool first = true;
    smk_out_text(out, ",\"attributes\":[");
    put_number(out, &first, "stallmark.request", request->id);
    put_number(out, &first, "stallmark.status", request->status);
    if (request->status >= 100 && request->status < 600)
        put_number(out, &first, "http.response.status_code", request->status);
    put_text(out, &first, "thread.name", smk_export_thread(to->exporter, &text, request->last_thread));
    put_text(out, &first, "stallmark.capture", smk_export_clean(&text, to->process->capture_id));
    if (request->read > request->from)
        put_number(out, &first, "stallmark.loop_delay_ns", request->read - request->from);
    put_parts(out, &first, slot);
    if (slot->cut)
        put_text(out, &first, "stallmark.parts", "not all");
    smk_out_text(out, "]");
}

/* Ids: of its traceparent; else made of its process's and its own, the same in each export. */
static void put_ids(struct otlp *to, const struct smk_span_request *request)
{
    struct smk_out *out = &to->exporter->out;
    uint64_t own[2] = {to->process->id, request->id}, span = smk_hash_bytes(own, sizeof(own)) | 1;
    uint64_t high = request->trace_high, low = request->trace_low;
    if (!high && !low) {
        high = smk_hash_word(span);
        low = span;
    }
    smk_out_format(out, "\"traceId\":\"%016" PRIx64 "%016" PRIx64 "\",\"spanId\":\"%016" PRIx64 "\"", high, low, span);
    if (request->parent)
        smk_out_format(out, ",\"parentSpanId\":\"%016" PRIx64 "\"", request->parent);
}

static void put_span(struct otlp *to, const struct slot *slot)
{
    struct smk_out *out = &to->exporter->out;
    const struct smk_span_request *request = &slot->request;
    struct smk_export_text text;
    uint64_t offset = (uint64_t)to->process->realtime_offset;
    smk_out_text(out, to->any ? ",\n{" : "\n{");
    to->any = true;
    put_ids(to, request);
    smk_out_text(out, ",\"name\":");
    smk_out_json(out, smk_export_route(to->exporter, &text, request->route));
    smk_out_format(out, ",\"kind\":2,\"startTimeUnixNano\":\"%" PRIu64 "\",\"endTimeUnixNano\":\"%" PRIu64 "\"",
                   request->from + offset, request->to + offset);
    put_attributes(to, slot);
    smk_out_text(out, request->status >= 500 && request->status < 600 ? ",\"status\":{\"code\":2}}"
                                                                      : ",\"status\":{}}");
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static void finish_slot(struct otlp *to, struct slot *slot)
{
    if (!slot->used)
        return;
    if (slot->ended)
        put_span(to, slot);
    smk_map_remove(&to->by_request, slot->key);
    slot->used = false;
}

static struct slot *slot_of(struct otlp *to, uint64_t request)
{
    uint64_t key = smk_map_own(0, request);
    uint32_t index = smk_map_get(&to->by_request, key);
    if (index != SMK_MAP_NONE)
        return &to->slots[index];
    index = to->next++ % SLOTS;
    struct slot *slot = &to->slots[index];
    to->gave_away |= slot->used && !slot->ended;
    finish_slot(to, slot);
    *slot = (struct slot){.key = key, .used = true};
    if (!smk_map_put(&to->by_request, &to->exporter->mem, key, index))
        return NULL;
    return slot;
}

static void on_span(void *arg, const struct smk_span *span)
{
    struct otlp *to = otlp_of(arg);
    struct slot *slot = span->request ? slot_of(to, span->request) : NULL;
    if (!slot)
        return;
    unsigned part = span->state == SMK_SPAN_RUNNING    ? PART_RUNNING
                    : span->state == SMK_SPAN_RUNNABLE ? PART_RUNNABLE
                    : span->state == SMK_SPAN_UNKNOWN  ? PART_UNKNOWN
                                                       : PART_WAIT + span->kind;
    slot->parts[part] += span->to - span->from;
    slot->or_runnable |= (span->flags & SMK_SPAN_OR_RUNNABLE) != 0;
}

/* One that had not ended has no end to tell; of one that began before nobody knows how long it took. */
static void on_request(void *arg, const struct smk_span_request *request)
{
    struct otlp *to = otlp_of(arg);
    bool is_new = smk_map_get(&to->by_request, smk_map_own(0, request->id)) == SMK_MAP_NONE;
    struct slot *slot = slot_of(to, request->id);
    if (!slot)
        return;
    slot->cut = is_new && to->gave_away;
    slot->request = *request;
    slot->ended = !request->open && !request->begin_unseen;
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static void put_resource(struct otlp *to)
{
    struct smk_out *out = &to->exporter->out;
    struct smk_export_text text;
    bool first = true;
    smk_out_text(out, "{\"resource\":{\"attributes\":[");
    put_text(out, &first, "service.name", smk_export_clean(&text, smk_program_of(to->process)));
    put_number(out, &first, "process.pid", to->process->pid);
    put_text(out, &first, "process.executable.path", smk_export_clean(&text, to->process->exe));
    put_text(out, &first, "host.name", smk_export_clean(&text, to->process->host));
    smk_out_text(out, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"stallmark\",\"version\":\"" SMK_VERSION_STRING
                      "\"},\"spans\":[");
}

/* A process is a resource, and a pass of its own: spans of several may not mix. */
static int put_process(struct otlp *to, uint32_t number)
{
    static const struct smk_timeline_calls calls = {.span = on_span, .request = on_request};
    to->process = smk_trace_process_at(to->exporter->trace, number);
    to->any = false;
    to->exporter->process = number + 1;
    put_resource(to);
    int result = smk_export_timeline(to->exporter, &calls, to);
    for (uint32_t i = 0; i < SLOTS; i++)
        finish_slot(to, &to->slots[(to->next + i) % SLOTS]);
    smk_out_text(&to->exporter->out, "]}]}");
    return result;
}

static int run(struct smk_exporter *exporter)
{
    struct otlp to = {.exporter = exporter, .slots = smk_mem_new(&exporter->mem, SLOTS * sizeof(*to.slots))};
    uint32_t processes = smk_trace_get_info(exporter->trace)->processes;
    int result = smk_mem_failed(&exporter->mem);
    smk_out_text(&exporter->out, "{\"resourceSpans\":[");
    for (uint32_t i = 0; result == 0 && exporter->out.result == 0 && i < processes; i++) {
        smk_out_text(&exporter->out, i ? ",\n" : "\n");
        result = put_process(&to, i);
    }
    smk_out_text(&exporter->out, "]}\n");
    smk_mem_free(&exporter->mem, to.slots, SLOTS * sizeof(*to.slots));
    smk_map_free(&to.by_request, &exporter->mem);
    return result;
}

const struct smk_export_format smk_export_otlp = {
    "otlp", "OTLP's JSON: requests as spans, with where their time went", run};
