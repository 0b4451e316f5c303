/* pprof.c: profiles of github.com/google/pprof, as net/http/pprof's block, mutex and profile are: contentions/count and
 * delay/nanoseconds, or samples/count and cpu/nanoseconds.
 *
 * A location is an address with what was inlined there, innermost first; it lies one byte before a return address,
 * as pprof wants it. Strings, functions, mappings and locations are written when they are met first; the mapping of the
 * program before all others.
 */
#include <string.h>

#include "analysis/module_files.h"
#include "export/aggregate.h"
#include "export/gzip.h"
#include "export/proto.h"

enum {
    PROFILE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_TIME = 9,
    PROFILE_DURATION = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT = 14
};

#define LOCATIONS_MAX 1024u
#define LINES_MAX     64u

struct pprof_line {
    uint64_t function;
    uint32_t line;
};

struct pprof {
    struct smk_exporter *exporter;
    struct smk_out out; /* through gzip */
    struct smk_gzip gzip;
    struct smk_proto proto;
    struct smk_map strings, functions, mappings, locations;
    uint64_t of_stack[LOCATIONS_MAX]; /* innermost first */
    uint32_t of_stack_count;
    struct pprof_line lines[LINES_MAX]; /* of the location that is put together */
    uint32_t line_count;
};

static uint64_t string_of(struct pprof *to, const char *text)
{
    struct smk_export_text clean;
    smk_export_clean(&clean, text);
    uint64_t key = smk_hash_bytes(clean.text, strlen(clean.text));
    uint32_t number = smk_map_get(&to->strings, key);
    if (number != SMK_MAP_NONE)
        return number;
    number = to->strings.count;
    if (!smk_map_put(&to->strings, &to->exporter->mem, key, number))
        return 0;
    smk_proto_text(&to->proto, PROFILE_STRING, clean.text);
    smk_proto_flush(&to->proto, &to->out);
    return number;
}

static void put_type(struct pprof *to, unsigned field, const char *type, const char *unit)
{
    uint64_t type_string = string_of(to, type), unit_string = string_of(to, unit);
    smk_proto_begin(&to->proto, field);
    smk_proto_number(&to->proto, 1, type_string);
    smk_proto_number(&to->proto, 2, unit_string);
    smk_proto_end(&to->proto);
    smk_proto_flush(&to->proto, &to->out);
}

/* ---- places --------------------------------------------------------------------------------------------- */

static uint64_t function_of(struct pprof *to, const struct smk_export_frame *frame)
{
    uint64_t name = string_of(to, frame->function), file = string_of(to, frame->file);
    uint64_t key = name << 32 | file;
    uint32_t id = smk_map_get(&to->functions, key);
    if (id != SMK_MAP_NONE)
        return id;
    id = to->functions.count + 1;
    if (!smk_map_put(&to->functions, &to->exporter->mem, key, id))
        return 0;
    smk_proto_begin(&to->proto, PROFILE_FUNCTION);
    smk_proto_number(&to->proto, 1, id);
    smk_proto_number(&to->proto, 2, name);
    smk_proto_number(&to->proto, 3, name);
    smk_proto_number(&to->proto, 4, file);
    smk_proto_end(&to->proto);
    smk_proto_flush(&to->proto, &to->out);
    return id;
}

static void put_mapping(struct pprof *to, const smk_module_info *info, uint32_t id)
{
    char build_id[SMK_BUILD_ID_TEXT];
    smk_build_id_text(build_id, info);
    uint64_t path = string_of(to, info->path), build = string_of(to, build_id);
    smk_proto_begin(&to->proto, PROFILE_MAPPING);
    smk_proto_number(&to->proto, 1, id);
    smk_proto_number(&to->proto, 2, info->start);
    smk_proto_number(&to->proto, 3, info->end);
    smk_proto_number(&to->proto, 4, info->start - info->bias);
    smk_proto_number(&to->proto, 5, path);
    smk_proto_number(&to->proto, 6, build);
    for (unsigned field = 7; field <= 10; field++) /* functions, files, lines, inlined: what is known is here */
        smk_proto_number(&to->proto, field, 1);
    smk_proto_end(&to->proto);
    smk_proto_flush(&to->proto, &to->out);
}

static uint64_t mapping_of(struct pprof *to, uint32_t process, const smk_module_info *info)
{
    if (!info)
        return 0;
    uint64_t key = smk_map_pair(process + 1, info->id);
    uint32_t id = smk_map_get(&to->mappings, key);
    if (id != SMK_MAP_NONE)
        return id;
    id = to->mappings.count + 1;
    if (!smk_map_put(&to->mappings, &to->exporter->mem, key, id))
        return 0;
    put_mapping(to, info, id);
    return id;
}

/* Who reads a profile takes the first mapping for the program that it is of. */
static void put_program(struct pprof *to)
{
    smk_trace *trace = to->exporter->trace;
    const smk_process_info *process = smk_trace_process_at(trace, 0);
    const smk_module_info *info;
    for (size_t i = 0; process && (info = smk_trace_process_module_at(trace, 0, i)) != NULL; i++)
        if (strcmp(info->path, process->exe) == 0) {
            mapping_of(to, 0, info);
            return;
        }
}

static uint64_t location_of(struct pprof *to, const struct smk_export_frame *frame)
{
    uint64_t key = smk_map_own(frame->process, frame->pc);
    uint32_t id = smk_map_get(&to->locations, key);
    if (id != SMK_MAP_NONE)
        return id;
    uint64_t mapping =
        mapping_of(to, frame->process, smk_trace_process_module(to->exporter->trace, frame->process, frame->pc));
    id = to->locations.count + 1;
    if (!smk_map_put(&to->locations, &to->exporter->mem, key, id))
        return 0;
    smk_proto_begin(&to->proto, PROFILE_LOCATION);
    smk_proto_number(&to->proto, 1, id);
    smk_proto_number(&to->proto, 2, mapping);
    smk_proto_number(&to->proto, 3, frame->pc ? frame->pc - 1 : 0);
    for (uint32_t i = 0; i < to->line_count; i++) {
        smk_proto_begin(&to->proto, 4);
        smk_proto_number(&to->proto, 1, to->lines[i].function);
        smk_proto_number(&to->proto, 2, to->lines[i].line);
        smk_proto_end(&to->proto);
    }
    smk_proto_end(&to->proto);
    smk_proto_flush(&to->proto, &to->out);
    return id;
}

static bool each_frame(void *arg, const struct smk_export_frame *frame)
{
    struct pprof *to = arg;
    if (to->line_count < LINES_MAX)
        to->lines[to->line_count++] = (struct pprof_line){function_of(to, frame), frame->line};
    if (frame->inlined) /* and so at one address with the next */
        return true;
    to->of_stack[to->of_stack_count++] = location_of(to, frame);
    to->line_count = 0;
    return to->of_stack_count < LOCATIONS_MAX;
}

/* A stack that there is not is one frame that says so: a sample without a location is no sample for pprof. */
static void find_locations(struct pprof *to, uint32_t stack)
{
    static const struct smk_export_frame none = {.function = "[no stack]", .file = ""};
    to->of_stack_count = to->line_count = 0;
    smk_export_stack(to->exporter, stack, each_frame, to);
    if (to->of_stack_count == 0)
        each_frame(to, &none);
}

/* ---- samples -------------------------------------------------------------------------------------------- */

static void put_label(struct pprof *to, uint64_t key, uint64_t value)
{
    smk_proto_begin(&to->proto, 3);
    smk_proto_number(&to->proto, 1, key);
    smk_proto_number(&to->proto, 2, value);
    smk_proto_end(&to->proto);
}

static void put_sample(struct pprof *to, const struct smk_aggregate_entry *entry)
{
    uint64_t kind_key = string_of(to, "kind"), what_key = string_of(to, "what");
    uint64_t kind = entry->kind ? string_of(to, smk_wait_kind_name(entry->kind)) : 0;
    uint64_t what = entry->name[0] ? string_of(to, entry->name) : 0;
    find_locations(to, entry->stack);
    smk_proto_begin(&to->proto, PROFILE_SAMPLE);
    smk_proto_begin(&to->proto, 1);
    for (uint32_t i = 0; i < to->of_stack_count; i++)
        smk_proto_packed(&to->proto, to->of_stack[i]);
    smk_proto_end(&to->proto);
    smk_proto_begin(&to->proto, 2);
    smk_proto_packed(&to->proto, entry->count);
    smk_proto_packed(&to->proto, entry->ns);
    smk_proto_end(&to->proto);
    if (kind)
        put_label(to, kind_key, kind);
    if (what)
        put_label(to, what_key, what);
    smk_proto_end(&to->proto);
    smk_proto_flush(&to->proto, &to->out);
}

static void put_head(struct pprof *to, bool cpu)
{
    const smk_trace_info *info = smk_trace_get_info(to->exporter->trace);
    uint64_t period = cpu ? smk_aggregate_period(to->exporter) : 1;
    string_of(to, ""); /* the first is to be */
    put_type(to, PROFILE_TYPE, cpu ? "samples" : "contentions", "count");
    put_type(to, PROFILE_TYPE, cpu ? "cpu" : "delay", "nanoseconds");
    put_type(to, PROFILE_PERIOD_TYPE, cpu ? "cpu" : "contentions", cpu ? "nanoseconds" : "count");
    smk_proto_number(&to->proto, PROFILE_PERIOD, period);
    smk_proto_number(&to->proto, PROFILE_TIME, info->first + (uint64_t)info->realtime_offset);
    smk_proto_number(&to->proto, PROFILE_DURATION, info->last > info->first ? info->last - info->first : 0);
    smk_proto_number(&to->proto, PROFILE_DEFAULT, smk_map_get(&to->strings, smk_hash_bytes(cpu ? "cpu" : "delay",
                                                                                          cpu ? 3 : 5)));
    smk_proto_flush(&to->proto, &to->out);
}

static void release(struct pprof *to)
{
    struct smk_mem *mem = &to->exporter->mem;
    smk_map_free(&to->strings, mem);
    smk_map_free(&to->functions, mem);
    smk_map_free(&to->mappings, mem);
    smk_map_free(&to->locations, mem);
    smk_proto_free(&to->proto);
    smk_out_free(&to->out, mem);
}

static int write_profile(struct smk_aggregate *aggregate, bool cpu, int result)
{
    struct smk_exporter *exporter = aggregate->exporter;
    struct pprof *to = result == 0 ? smk_mem_new(&exporter->mem, sizeof(*to)) : NULL;
    if (to) {
        to->exporter = exporter;
        smk_proto_init(&to->proto, &exporter->mem);
        smk_gzip_begin(&to->gzip, &exporter->out);
        if (smk_out_init(&to->out, &exporter->mem, smk_gzip_put, &to->gzip)) {
            put_head(to, cpu);
            put_program(to);
            for (uint32_t i = 0; i < aggregate->count; i++)
                put_sample(to, &aggregate->entries[i]);
            smk_out_flush(&to->out);
        }
        smk_gzip_end(&to->gzip);
        release(to);
    }
    smk_mem_free(&exporter->mem, to, sizeof(*to));
    smk_aggregate_free(aggregate);
    return result != 0 ? result : smk_mem_failed(&exporter->mem);
}

static int run_block(struct smk_exporter *exporter)
{
    struct smk_aggregate aggregate;
    int result = smk_aggregate_waits(&aggregate, exporter, false);
    return write_profile(&aggregate, false, result);
}

static int run_mutex(struct smk_exporter *exporter)
{
    struct smk_aggregate aggregate;
    int result = smk_aggregate_unlocks(&aggregate, exporter);
    return write_profile(&aggregate, false, result);
}

static int run_cpu(struct smk_exporter *exporter)
{
    struct smk_aggregate aggregate;
    int result = smk_aggregate_samples(&aggregate, exporter);
    return write_profile(&aggregate, true, result);
}

const struct smk_export_format smk_export_pprof_block = {
    "pprof-block", "go tool pprof: where threads waited, but for work, and how long", run_block};
const struct smk_export_format smk_export_pprof_mutex = {
    "pprof-mutex", "go tool pprof: unlocks, with how long others had waited for them", run_mutex};
const struct smk_export_format smk_export_pprof_cpu = {"pprof-cpu", "go tool pprof: CPU samples", run_cpu};
