/* ctf.c: events as they were recorded, in the common trace format 1.8: for babeltrace2, Trace Compass and the like.
 *
 * One stream, in order of time; a wait stands at its end, with its length. Each event has its process, thread and
 * request, and its fields as the table of events has them (format/events.h): numbers of strings, sites and stacks are
 * what they stand for. Behind a lock's address comes its name, behind a stack the function that the program was in.
 *
 * A packet is put together in memory, since its head has its length.
 *
 *     offset  size
 *          0     4  magic                      \
 *          4    16  uuid                        | packet header
 *         20     4  stream id                  /
 *         24     8  time of the first event    \
 *         32     8  time of the last            | packet context
 *         40     8  bits of content             |
 *         48     8  bits of the packet         /
 *         56        events: id (2), time (8), context, fields; nothing is aligned
 */
#include "export/ctf.h"

#include <stdio.h>
#include <string.h>

#include "export/exporter.h"
#include "stallmark/version.h"

#define MAGIC        0xc1fc1fc1u
#define PACKET_BYTES 262144u
#define EVENT_BYTES  16384u /* more than any event takes: 4 texts, and a stack of STACK_MAX */
#define HEAD_BYTES   56u
#define STACK_MAX    256u
#define IDS_MAX      1000u
#define GAP_ID       IDS_MAX

struct ctf {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
    uint8_t *packet;
    uint32_t used;
    uint64_t first, last; /* times in the packet */
    uint64_t latest;      /* what a reader can add the clock's offset to, in 63 bits */
    uint64_t uuid[2];
    uint32_t thread;      /* whose name is at hand: serial */
    struct smk_export_text name;
};

static struct ctf *ctf_of(void *arg) { return arg; }

static uint64_t clock_offset(smk_trace *trace)
{
    int64_t offset = smk_trace_get_info(trace)->realtime_offset;
    return offset > 0 ? (uint64_t)offset : 0;
}

static void make_uuid(uint64_t uuid[2], smk_trace *trace)
{
    const char *id = smk_trace_get_info(trace)->capture_id;
    uuid[0] = smk_hash_bytes(id, strlen(id));
    uuid[1] = smk_hash_word(uuid[0]);
}

/* ---- bytes ---------------------------------------------------------------------------------------------- */

static void put(struct ctf *to, const void *bytes, size_t len)
{
    memcpy(to->packet + to->used, bytes, len);
    to->used += (uint32_t)len;
}

static void put_u16(struct ctf *to, uint16_t value) { put(to, &value, sizeof(value)); }
static void put_u32(struct ctf *to, uint32_t value) { put(to, &value, sizeof(value)); }
static void put_u64(struct ctf *to, uint64_t value) { put(to, &value, sizeof(value)); }
static void put_text(struct ctf *to, const char *text) { put(to, text, strlen(text) + 1); }

static void flush_packet(struct ctf *to)
{
    uint32_t used = to->used;
    if (used == HEAD_BYTES)
        return;
    to->used = 0;
    put_u32(to, MAGIC);
    put(to, to->uuid, sizeof(to->uuid));
    put_u32(to, 0);
    put_u64(to, to->first);
    put_u64(to, to->last);
    put_u64(to, (uint64_t)used * 8);
    put_u64(to, (uint64_t)used * 8);
    smk_out_bytes(&to->exporter->out, to->packet, used);
    to->used = HEAD_BYTES;
}

static void begin_event(struct ctf *to, uint32_t id, uint64_t time)
{
    if (to->used + EVENT_BYTES > PACKET_BYTES)
        flush_packet(to);
    /* A gap may begin before the event that it is found at. */
    time = smk_max_u64(smk_min_u64(time, to->latest), to->last);
    if (to->used == HEAD_BYTES)
        to->first = time;
    to->last = time;
    put_u16(to, (uint16_t)id);
    put_u64(to, time);
}

static void put_context(struct ctf *to, uint32_t process, uint32_t thread, uint64_t request)
{
    if (thread != to->thread)
        smk_export_thread(to->exporter, &to->name, thread);
    to->thread = thread;
    put_u32(to, smk_export_pid(to->exporter, process));
    put_u32(to, smk_export_tid_of(to->exporter, thread));
    put_text(to, to->name.text);
    put_u64(to, request);
}

/* ---- fields --------------------------------------------------------------------------------------------- */

enum field {
    FIELD_NUMBER,
    FIELD_SIGNED,
    FIELD_ADDRESS,
    FIELD_LOCK,
    FIELD_TEXT,
    FIELD_STRING,
    FIELD_SITE,
    FIELD_STACK
};

static enum field field_of(uint32_t id, uint32_t number)
{
    static const struct {
        const char *type;
        enum field field;
    } fields[] = {{"signed", FIELD_SIGNED}, {"value", FIELD_SIGNED}, {"address", FIELD_ADDRESS},
                  {"bits", FIELD_ADDRESS},  {"text", FIELD_TEXT},    {"string", FIELD_STRING},
                  {"site", FIELD_SITE},     {"stack", FIELD_STACK}};
    const char *type = smk_event_arg_type(id, number), *name = smk_event_arg_name(id, number);
    for (size_t i = 0; i < SMK_ARRAY_LEN(fields); i++)
        if (strcmp(type, fields[i].type) == 0)
            return fields[i].field == FIELD_ADDRESS && strcmp(name, "lock") == 0 ? FIELD_LOCK : fields[i].field;
    return FIELD_NUMBER;
}

static void put_lock(struct ctf *to, const smk_event *event, uint64_t address)
{
    struct smk_export_text text;
    struct smk_span_wait wait = {
        .kind = SMK_WAIT_LOCK, .process = event->process, .object = address, .from = event->time};
    int stack = smk_event_find_arg(event->id, "stack");
    wait.stack = stack >= 0 && (uint32_t)stack < event->arg_count ? (uint32_t)event->args[stack] : 0;
    put_u64(to, address);
    put_text(to, smk_export_object(to->exporter, &text, &wait));
}

static void put_stack(struct ctf *to, uint32_t stack)
{
    struct smk_export_text text;
    const smk_stack_info *info = stack ? smk_trace_stack(to->exporter->trace, stack) : NULL;
    uint32_t depth = info ? (uint32_t)smk_min_u64(info->depth, STACK_MAX) : 0;
    put_u32(to, depth);
    for (uint32_t i = 0; i < depth; i++)
        put_u64(to, info->pcs[i]);
    put_text(to, smk_export_function(to->exporter, &text, stack));
}

static void put_words(struct ctf *to, const smk_event *event)
{
    char words[SMK_EXPORT_TEXT_MAX];
    struct smk_export_text text;
    snprintf(words, sizeof(words), "%.*s", event->text ? (int)event->text_len : 0, event->text ? event->text : "");
    put_text(to, smk_export_clean(&text, words));
}

static void put_field(struct ctf *to, const smk_event *event, uint32_t number)
{
    struct smk_export_text text;
    uint64_t value = number < event->arg_count ? event->args[number] : 0;
    switch (field_of(event->id, number)) {
    case FIELD_LOCK:
        put_lock(to, event, value);
        break;
    case FIELD_TEXT:
        put_words(to, event);
        break;
    case FIELD_STRING:
        put_text(to, smk_export_string(to->exporter, &text, (uint32_t)value));
        break;
    case FIELD_SITE:
        put_text(to, value ? smk_export_site(to->exporter, &text, (uint32_t)value) : "");
        break;
    case FIELD_STACK:
        put_stack(to, (uint32_t)value);
        break;
    default:
        put_u64(to, value);
    }
}

static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    struct ctf *to = ctf_of(arg);
    smk_export_event(to->exporter, event);
    if (event->id >= IDS_MAX || !smk_event_name(event->id))
        return; /* of a later version */
    begin_event(to, event->id, event->time);
    put_context(to, event->process, event->thread, request);
    for (uint32_t i = 0; smk_event_arg_name(event->id, i); i++)
        put_field(to, event, i);
}

static void on_gap(void *arg, const smk_gap *gap)
{
    struct ctf *to = ctf_of(arg);
    struct smk_export_text text;
    begin_event(to, GAP_ID, gap->from);
    put_context(to, gap->process, 0, 0);
    put_text(to, smk_category_name(gap->category) ? smk_category_name(gap->category) : "?");
    put_text(to, smk_export_clean(&text, gap->reason));
    put_u64(to, gap->to - gap->from);
}

static int run(struct smk_exporter *exporter)
{
    static const struct smk_timeline_calls calls = {.event = on_event, .gap = on_gap};
    struct ctf to = {.exporter = exporter,
                     .packet = smk_mem_new(&exporter->mem, PACKET_BYTES),
                     .used = HEAD_BYTES,
                     .latest = INT64_MAX - clock_offset(exporter->trace),
                     .thread = UINT32_MAX};
    int result = smk_mem_failed(&exporter->mem);
    make_uuid(to.uuid, exporter->trace);
    if (result == 0)
        result = smk_export_timeline(exporter, &calls, &to);
    if (to.packet)
        flush_packet(&to);
    smk_mem_free(&exporter->mem, to.packet, PACKET_BYTES);
    return result;
}

const struct smk_export_format smk_export_ctf = {
    "ctf", "a directory of CTF 1.8, for babeltrace2: all events as they were recorded", run};

/* ---- metadata ------------------------------------------------------------------------------------------- */

static const char types[] = "/* CTF 1.8 */\n"
                            "typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
                            "typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
                            "typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
                            "typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
                            "typealias integer { size = 64; align = 8; signed = true; } := int64_t;\n"
                            "typealias integer { size = 64; align = 8; signed = false; base = 16; } := address_t;\n";

static const char streams[] =
    "typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := time_t;\n"
    "stream {\n  id = 0;\n"
    "  packet.context := struct { time_t timestamp_begin; time_t timestamp_end; uint64_t content_size;\n"
    "                             uint64_t packet_size; };\n"
    "  event.header := struct { uint16_t id; time_t timestamp; };\n"
    "  event.context := struct { uint32_t _vpid; uint32_t _vtid; string _thread_name; uint64_t _request; };\n};\n";

static void put_field_type(struct smk_out *out, uint32_t id, uint32_t number)
{
    static const char *const plain[] = {[FIELD_NUMBER] = "uint64_t", [FIELD_SIGNED] = "int64_t",
                                        [FIELD_ADDRESS] = "address_t", [FIELD_LOCK] = "address_t",
                                        [FIELD_TEXT] = "string",     [FIELD_STRING] = "string",
                                        [FIELD_SITE] = "string"};
    const char *name = smk_event_arg_name(id, number);
    enum field field = field_of(id, number);
    if (field == FIELD_STACK)
        smk_out_format(out, " uint32_t _%s_depth; address_t _%s[_%s_depth]; string _%s_function;", name, name, name,
                       name);
    else
        smk_out_format(out, " %s _%s;", plain[field], name);
    if (field == FIELD_LOCK)
        smk_out_format(out, " string _%s_name;", name);
}

/* A name that begins with an underscore is shown without it, and is no keyword. */
static void put_event_types(struct smk_out *out)
{
    for (uint32_t id = 1; id < IDS_MAX; id++) {
        if (!smk_event_name(id))
            continue;
        smk_out_format(out, "event { name = \"%s\"; id = %u; stream_id = 0; fields := struct {", smk_event_name(id),
                       id);
        for (uint32_t i = 0; smk_event_arg_name(id, i); i++)
            put_field_type(out, id, i);
        smk_out_text(out, " }; };\n");
    }
    smk_out_format(out, "event { name = \"not_recorded\"; id = %u; stream_id = 0; fields := struct { string _category; "
                        "string _reason; uint64_t _duration; }; };\n", GAP_ID);
}

static void put_uuid(struct smk_out *out, const uint64_t uuid[2])
{
    const uint8_t *bytes = (const uint8_t *)uuid;
    smk_out_text(out, "\"");
    for (unsigned i = 0; i < 16; i++)
        smk_out_format(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    smk_out_text(out, "\"");
}

static void put_environment(struct smk_exporter *exporter)
{
    struct smk_out *out = &exporter->out;
    struct smk_export_text text;
    const smk_trace_info *info = smk_trace_get_info(exporter->trace);
    const smk_process_info *process = smk_trace_process_at(exporter->trace, 0);
    smk_out_text(out, "env {\n  tracer_name = \"stallmark\";\n  tracer_version = \"" SMK_VERSION_STRING "\";\n");
    smk_out_text(out, "  hostname = ");
    smk_out_json(out, smk_export_clean(&text, process ? process->host : ""));
    smk_out_text(out, ";\n  capture = ");
    smk_out_json(out, smk_export_clean(&text, info->capture_id));
    smk_out_text(out, ";\n  procname = ");
    smk_out_json(out, smk_export_clean(&text, process ? smk_program_of(process) : ""));
    smk_out_format(out, ";\n  lost_events = \"%llu\";\n};\n", (unsigned long long)info->lost);
}

static int run_metadata(struct smk_exporter *exporter)
{
    struct smk_out *out = &exporter->out;
    uint64_t uuid[2], offset = clock_offset(exporter->trace);
    make_uuid(uuid, exporter->trace);
    smk_out_text(out, types);
    smk_out_text(out, "trace {\n  major = 1;\n  minor = 8;\n  byte_order = le;\n  uuid = ");
    put_uuid(out, uuid);
    smk_out_text(out, ";\n  packet.header := struct { uint32_t magic; uint8_t uuid[16]; uint32_t stream_id; };\n};\n");
    put_environment(exporter);
    smk_out_text(out, "clock {\n  name = \"monotonic\";\n  freq = 1000000000;\n");
    smk_out_format(out, "  offset_s = %llu;\n  offset = %llu;\n};\n", (unsigned long long)(offset / 1000000000u),
                   (unsigned long long)(offset % 1000000000u));
    smk_out_text(out, streams);
    put_event_types(out);
    return 0;
}

const struct smk_export_format smk_export_ctf_metadata = {"ctf-metadata", "what describes `ctf`", run_metadata};
