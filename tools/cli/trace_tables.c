/* trace_tables.c: the tables of a trace as lines of `stallmark dump --tables`. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "format/events.h"
#include "trace_dump.h"
#include "trace_open.h"

/* A line is a word and fields: `thread serial=4 name="worker"`, or {"table":"thread","serial":4,…}. */

static void begin(const struct smk_dump *dump, const char *table)
{
    fprintf(dump->out, dump->json ? "{\"table\":\"%s\"" : "%s", table);
}

static void end(const struct smk_dump *dump) { fputs(dump->json ? "}\n" : "\n", dump->out); }

static void key(const struct smk_dump *dump, const char *name)
{
    fprintf(dump->out, dump->json ? ",\"%s\":" : " %s=", name);
}

static void number(const struct smk_dump *dump, const char *name, uint64_t value)
{
    key(dump, name);
    fprintf(dump->out, "%" PRIu64, value);
}

static void hex(const struct smk_dump *dump, const char *name, uint64_t value)
{
    key(dump, name);
    fprintf(dump->out, dump->json ? "\"0x%" PRIx64 "\"" : "0x%" PRIx64, value);
}

static void moment(const struct smk_dump *dump, const char *name, uint64_t ns)
{
    key(dump, name);
    if (dump->json)
        fprintf(dump->out, "%" PRId64, (int64_t)(ns - dump->origin));
    else
        smk_cli_put_seconds(dump->out, (int64_t)(ns - dump->origin));
}

static void text(const struct smk_dump *dump, const char *name, const char *value)
{
    key(dump, name);
    if (dump->json)
        smk_cli_put_json(dump->out, value, strlen(value));
    else
        smk_dump_quoted(dump->out, value, strlen(value));
}

/* What a line is of, where there are several processes. */
static void process(const struct smk_dump *dump, uint32_t value)
{
    if (dump->several)
        number(dump, "process", value);
}

/* ---- tables --------------------------------------------------------------------------------------------- */

static void put_processes(const struct smk_dump *dump)
{
    const smk_process_info *info;
    for (size_t i = 0; dump->several && (info = smk_trace_process_at(dump->trace, i)); i++) {
        begin(dump, "process");
        number(dump, "number", info->process);
        number(dump, "pid", info->pid);
        number(dump, "parent", info->parent);
        text(dump, "name", info->name);
        text(dump, "capture", info->capture_id);
        moment(dump, "first", info->first);
        moment(dump, "last", info->last);
        number(dump, "by_realtime", info->by_realtime);
        end(dump);
    }
}

static void put_facts(const struct smk_dump *dump, uint32_t of)
{
    const char *name, *value;
    for (size_t i = 0; smk_trace_process_fact_at(dump->trace, of, i, &name, &value); i++) {
        begin(dump, "fact");
        process(dump, of);
        text(dump, "key", name);
        text(dump, "value", value);
        end(dump);
    }
}

static void put_clocks(const struct smk_dump *dump, uint32_t of)
{
    smk_clock_info clock;
    for (size_t i = 0; smk_trace_process_clock_at(dump->trace, of, i, &clock); i++) {
        begin(dump, "clock");
        process(dump, of);
        number(dump, "monotonic", clock.monotonic);
        number(dump, "realtime", clock.realtime);
        number(dump, "error", clock.error);
        end(dump);
    }
}

static void put_threads(const struct smk_dump *dump)
{
    const smk_thread_info *thread;
    for (size_t i = 0; (thread = smk_trace_thread_at(dump->trace, i)); i++) {
        begin(dump, "thread");
        process(dump, thread->process);
        number(dump, "serial", thread->serial);
        number(dump, "tid", thread->tid);
        moment(dump, "started", thread->started);
        number(dump, "lost", thread->lost);
        text(dump, "name", thread->name);
        end(dump);
    }
}

static void put_strings(const struct smk_dump *dump)
{
    uint32_t id;
    const char *string;
    for (size_t i = 0; (string = smk_trace_string_at(dump->trace, i, &id)); i++) {
        begin(dump, "string");
        number(dump, "id", id);
        text(dump, "text", string);
        end(dump);
    }
}

static void put_sites(const struct smk_dump *dump)
{
    const smk_site_info *site;
    for (size_t i = 0; (site = smk_trace_site_at(dump->trace, i)); i++) {
        begin(dump, "site");
        number(dump, "id", site->id);
        text(dump, "name", site->name);
        text(dump, "file", site->file);
        number(dump, "line", site->line);
        text(dump, "function", site->function);
        end(dump);
    }
}

static void put_frame(const struct smk_dump *dump, uint32_t of, uint64_t pc)
{
    const smk_module_info *module = smk_trace_process_module(dump->trace, of, pc);
    fprintf(dump->out, dump->json ? "\"0x%" PRIx64 "\"" : "0x%" PRIx64, pc);
    if (dump->json || !module)
        return;
    const char *base = strrchr(module->path, '/');
    fputc('(', dump->out);
    smk_cli_puts(dump->out, base ? base + 1 : module->path);
    fprintf(dump->out, "+0x%" PRIx64 ")", pc - module->bias);
}

static void put_stacks(const struct smk_dump *dump)
{
    const smk_stack_info *stack;
    for (size_t i = 0; (stack = smk_trace_stack_at(dump->trace, i)); i++) {
        begin(dump, "stack");
        process(dump, stack->process);
        number(dump, "id", stack->id);
        key(dump, "pcs");
        fputs(dump->json ? "[" : "", dump->out);
        for (uint32_t f = 0; f < stack->depth; f++) {
            fputs(f ? "," : "", dump->out);
            put_frame(dump, stack->process, stack->pcs[f]);
        }
        fputs(dump->json ? "]" : "", dump->out);
        end(dump);
    }
}

static void put_modules(const struct smk_dump *dump)
{
    const smk_module_info *module;
    for (size_t i = 0; (module = smk_trace_module_at(dump->trace, i)); i++) {
        begin(dump, "module");
        process(dump, module->process);
        number(dump, "id", module->id);
        hex(dump, "start", module->start);
        hex(dump, "end", module->end);
        hex(dump, "bias", module->bias);
        text(dump, "path", module->path);
        key(dump, "build_id");
        fputs(dump->json ? "\"" : "", dump->out);
        for (size_t b = 0; b < module->build_id_len; b++)
            fprintf(dump->out, "%02x", module->build_id[b]);
        fputs(dump->json ? "\"" : "", dump->out);
        end(dump);
    }
}

static void put_symbol_frame(const struct smk_dump *dump, const smk_symbol_frame *frame)
{
    text(dump, "function", frame->function);
    if (!frame->file[0])
        return;
    text(dump, "file", frame->file);
    number(dump, "line", frame->line);
}

/* A line for each frame; "inlined" says that the next line is what it was inlined into. */
static void put_symbols(const struct smk_dump *dump)
{
    const smk_symbol_info *symbol;
    for (size_t i = 0; (symbol = smk_trace_symbol_at(dump->trace, i)); i++)
        for (uint32_t f = 0; f < symbol->frame_count; f++) {
            begin(dump, "symbol");
            process(dump, symbol->process);
            text(dump, "of", symbol->data ? "data" : "code");
            number(dump, "module", symbol->module);
            hex(dump, "address", symbol->address);
            hex(dump, "start", symbol->start);
            number(dump, "size", symbol->size);
            number(dump, "inlined", f + 1 < symbol->frame_count);
            put_symbol_frame(dump, &symbol->frames[f]);
            end(dump);
        }
}

static void put_locks(const struct smk_dump *dump, uint32_t of)
{
    uint64_t address;
    const char *name;
    for (size_t i = 0; (name = smk_trace_process_lock_at(dump->trace, of, i, &address)); i++) {
        begin(dump, "lock");
        process(dump, of);
        hex(dump, "address", address);
        text(dump, "name", name);
        end(dump);
    }
}

static void put_open_waits(const struct smk_dump *dump)
{
    const smk_open_wait *wait;
    for (size_t i = 0; (wait = smk_trace_open_wait_at(dump->trace, i)); i++) {
        begin(dump, "open_wait");
        process(dump, wait->process);
        number(dump, "serial", wait->serial);
        number(dump, "tid", wait->tid);
        text(dump, "kind", smk_wait_kind_name(wait->kind));
        hex(dump, "object", wait->object);
        number(dump, "holder", wait->holder);
        moment(dump, "since", wait->since);
        number(dump, "stack", wait->stack);
        hex(dump, "request", wait->request);
        end(dump);
    }
}

void smk_dump_tables(const struct smk_dump *dump)
{
    uint32_t count = smk_trace_get_info(dump->trace)->processes;
    put_processes(dump);
    for (uint32_t i = 0; i < count; i++)
        put_facts(dump, i);
    for (uint32_t i = 0; i < count; i++)
        put_clocks(dump, i);
    put_threads(dump);
    put_strings(dump);
    put_sites(dump);
    put_stacks(dump);
    put_modules(dump);
    put_symbols(dump);
    for (uint32_t i = 0; i < count; i++)
        put_locks(dump, i);
    put_open_waits(dump);
}
