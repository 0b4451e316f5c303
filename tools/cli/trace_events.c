/* trace_events.c: an event as a line of `stallmark dump`. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "format/events.h"
#include "trace_dump.h"
#include "trace_open.h"

#define NAME_SIZE 512

void smk_dump_quoted(FILE *out, const char *text, size_t len)
{
    fputc('"', out);
    while (len > 0) {
        size_t plain = 0;
        while (plain < len && text[plain] != '"' && text[plain] != '\\')
            plain++;
        smk_cli_put(out, text, plain);
        if (plain < len) {
            fputc('\\', out);
            fputc(text[plain++], out);
        }
        text += plain;
        len -= plain;
    }
    fputc('"', out);
}

/* ---- text ----------------------------------------------------------------------------------------------- */

static void put_name(const struct smk_dump *dump, const char *name)
{
    if (!name)
        return;
    fputc(':', dump->out);
    smk_dump_quoted(dump->out, name, strlen(name));
}

static void put_site(const struct smk_dump *dump, uint32_t id)
{
    const smk_site_info *site = smk_trace_site(dump->trace, id);
    fprintf(dump->out, "%" PRIu32, id);
    if (!site)
        return;
    put_name(dump, site->name);
    fputc('(', dump->out);
    smk_cli_puts(dump->out, site->file);
    fprintf(dump->out, ":%" PRIu32 ")", site->line);
}

static void put_tid(const struct smk_dump *dump, const smk_event *event, uint32_t tid)
{
    const smk_thread_info *thread =
        tid ? smk_trace_process_tid(dump->trace, event->process, tid, event->time) : NULL;
    fprintf(dump->out, "%" PRIu32, tid);
    put_name(dump, thread ? thread->name : NULL);
}

/* A name that was given, else the static object that the file says lies there; NULL: neither. */
static const char *address_name(const struct smk_dump *dump, uint32_t process, uint64_t address, char name[NAME_SIZE])
{
    const char *given = smk_trace_process_lock_name(dump->trace, process, address);
    const smk_module_info *module = given ? NULL : smk_trace_process_module(dump->trace, process, address);
    const smk_symbol_info *object = module ? smk_trace_data_symbol(dump->trace, module, address) : NULL;
    if (!object)
        return given;
    if (object->address == object->start)
        return object->frames[0].function;
    snprintf(name, NAME_SIZE, "%.480s+0x%" PRIx64, object->frames[0].function, object->address - object->start);
    return name;
}

static void put_text_arg(const struct smk_dump *dump, const smk_event *event, unsigned type,
                         uint64_t value)
{
    FILE *out = dump->out;
    char name[NAME_SIZE];
    switch (type) {
    case SMK_ARG_SITE:
        put_site(dump, (uint32_t)value);
        break;
    case SMK_ARG_STRING:
        fprintf(out, "%" PRIu64, value);
        put_name(dump, smk_trace_string(dump->trace, (uint32_t)value));
        break;
    case SMK_ARG_THREAD:
        put_tid(dump, event, (uint32_t)value);
        break;
    case SMK_ARG_ADDRESS:
        fprintf(out, "0x%" PRIx64, value);
        put_name(dump, address_name(dump, event->process, value, name));
        break;
    case SMK_ARG_TICKS:
        fprintf(out, "%" PRIu64 "ns", value);
        break;
    case SMK_ARG_REQUEST:
        fprintf(out, "%" PRIx64, value);
        break;
    case SMK_ARG_BITS:
        fprintf(out, "%016" PRIx64, value);
        break;
    case SMK_ARG_SIGNED:
    case SMK_ARG_VALUE:
        fprintf(out, "%" PRId64, (int64_t)value);
        break;
    case SMK_ARG_TEXT:
        smk_dump_quoted(out, event->text, event->text_len);
        break;
    default:
        fprintf(out, "%" PRIu64, value);
    }
}

static void put_text(const struct smk_dump *dump, const smk_event *event)
{
    const struct smk_event_spec *spec = smk_event_spec(event->id);
    const smk_thread_info *thread = smk_trace_thread(dump->trace, event->thread);
    smk_cli_put_seconds(dump->out, (int64_t)(event->time - dump->origin));
    if (dump->several)
        fprintf(dump->out, " process %" PRIu32, event->process);
    fprintf(dump->out, " %" PRIu32 "/%" PRIu32, event->thread, event->tid);
    put_name(dump, thread ? thread->name : NULL);
    fprintf(dump->out, " %s", spec->name);
    for (unsigned i = 0; i < event->arg_count; i++) {
        fprintf(dump->out, " %s=", spec->args[i].name);
        put_text_arg(dump, event, spec->args[i].type, event->args[i]);
    }
    fputc('\n', dump->out);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void member(const struct smk_dump *dump, const char *key, const char *suffix, const char *text)
{
    if (!text)
        return;
    fprintf(dump->out, ",\"%s%s\":", key, suffix);
    smk_cli_put_json(dump->out, text, strlen(text));
}

/* What has 64 bits without being a count is a string: a reader of JSON may have 53 of them. */
static void put_json_arg(const struct smk_dump *dump, const smk_event *event, const char *key,
                         unsigned type, uint64_t value)
{
    FILE *out = dump->out;
    char name[NAME_SIZE];
    const smk_thread_info *thread;
    const smk_site_info *site;
    fprintf(out, ",\"%s\":", key);
    if (type == SMK_ARG_ADDRESS)
        fprintf(out, "\"0x%" PRIx64 "\"", value);
    else if (type == SMK_ARG_REQUEST)
        fprintf(out, "\"%" PRIx64 "\"", value);
    else if (type == SMK_ARG_BITS)
        fprintf(out, "\"%016" PRIx64 "\"", value);
    else if (type == SMK_ARG_SIGNED || type == SMK_ARG_VALUE)
        fprintf(out, "%" PRId64, (int64_t)value);
    else if (type == SMK_ARG_TEXT)
        smk_cli_put_json(out, event->text, event->text_len);
    else
        fprintf(out, "%" PRIu64, value);
    if (type == SMK_ARG_SITE && (site = smk_trace_site(dump->trace, (uint32_t)value)))
        member(dump, key, "_name", site->name);
    if (type == SMK_ARG_STRING)
        member(dump, key, "_text", smk_trace_string(dump->trace, (uint32_t)value));
    if (type == SMK_ARG_ADDRESS)
        member(dump, key, "_name", address_name(dump, event->process, value, name));
    if (type == SMK_ARG_THREAD && value &&
        (thread = smk_trace_process_tid(dump->trace, event->process, (uint32_t)value, event->time)))
        member(dump, key, "_name", thread->name);
}

static void put_json(const struct smk_dump *dump, const smk_event *event)
{
    const struct smk_event_spec *spec = smk_event_spec(event->id);
    const smk_thread_info *thread = smk_trace_thread(dump->trace, event->thread);
    fprintf(dump->out, "{\"time\":%" PRId64 ",\"event\":\"%s\",\"thread\":%" PRIu32 ",\"tid\":%" PRIu32,
            (int64_t)(event->time - dump->origin), spec->name, event->thread, event->tid);
    member(dump, "thread", "_name", thread ? thread->name : NULL);
    if (dump->several)
        fprintf(dump->out, ",\"process\":%" PRIu32, event->process);
    for (unsigned i = 0; i < event->arg_count; i++)
        put_json_arg(dump, event, spec->args[i].name, spec->args[i].type, event->args[i]);
    fputs("}\n", dump->out);
}

void smk_dump_event(const struct smk_dump *dump, const smk_event *event)
{
    if (dump->json)
        put_json(dump, event);
    else
        put_text(dump, event);
}
