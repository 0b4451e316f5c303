/* query.c: the tables of a trace, as reader.h gives them out. */
#include <string.h>

#include "read/trace.h"

#define FIND(table, key)                                                                           \
    __extension__({                                                                                \
        uint32_t place = smk_idmap_get(&(table)->map, (key));                                      \
        place == SMK_IDMAP_NONE ? NULL : &(table)->list[place];                                    \
    })

/* ---- facts ---------------------------------------------------------------------------------------------- */

const char *smk_trace_fact(const smk_trace *trace, const char *key)
{
    for (uint32_t i = 0; i < trace->tables.facts.count; i++)
        if (strcmp(trace->tables.facts.list[i].key, key) == 0)
            return trace->tables.facts.list[i].value;
    return NULL;
}

bool smk_trace_fact_at(const smk_trace *trace, size_t number, const char **key, const char **value)
{
    if (number >= trace->tables.facts.count)
        return false;
    *key = trace->tables.facts.list[number].key;
    *value = trace->tables.facts.list[number].value;
    return true;
}

/* ---- by id ---------------------------------------------------------------------------------------------- */

const char *smk_trace_string(const smk_trace *trace, uint32_t id)
{
    const struct smk_string_entry *entry = FIND(&trace->tables.strings, id);
    return entry ? entry->text : NULL;
}

const smk_site_info *smk_trace_site(const smk_trace *trace, uint32_t id)
{
    const struct smk_site_entry *entry = FIND(&trace->tables.sites, id);
    return entry ? &entry->info : NULL;
}

const smk_stack_info *smk_trace_stack(const smk_trace *trace, uint32_t id)
{
    const struct smk_stack_entry *entry = FIND(&trace->tables.stacks, id);
    return entry ? &entry->info : NULL;
}

const smk_thread_info *smk_trace_thread(const smk_trace *trace, uint32_t serial)
{
    const struct smk_thread_entry *entry = FIND(&trace->tables.threads, serial);
    return entry ? &entry->info : NULL;
}

const char *smk_trace_lock_name(const smk_trace *trace, uint64_t address)
{
    const struct smk_lock_entry *entry = FIND(&trace->tables.locks, address);
    return entry ? smk_trace_string(trace, entry->string) : NULL;
}

/* The last of the tid's threads that had started by then; before the first that one: its start may be
 * known only from its first event. */
const smk_thread_info *smk_trace_thread_by_tid(const smk_trace *trace, uint32_t tid, uint64_t time)
{
    const struct smk_tid_entry *tids = trace->tables.tids;
    uint32_t low = 0, high = trace->tables.threads.count; /* the first that is behind (tid, time) */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        bool behind = tids[middle].tid != tid ? tids[middle].tid > tid : tids[middle].started > time;
        if (behind)
            high = middle;
        else
            low = middle + 1;
    }
    if (low > 0 && tids[low - 1].tid == tid)
        return &trace->tables.threads.list[tids[low - 1].place].info;
    if (low < trace->tables.threads.count && tids[low].tid == tid)
        return &trace->tables.threads.list[tids[low].place].info;
    return NULL;
}

/* Modules do not overlap, unless one was unloaded and another took its place: a few are looked at. */
const smk_module_info *smk_trace_module(const smk_trace *trace, uint64_t address)
{
    const smk_module_info *list = trace->tables.modules.list;
    uint32_t low = 0, high = trace->tables.modules.count; /* the first that begins behind it */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (list[middle].start > address)
            high = middle;
        else
            low = middle + 1;
    }
    for (uint32_t tries = 0; low > 0 && tries < 8; tries++)
        if (address < list[--low].end)
            return &list[low];
    return NULL;
}

static const smk_symbol_info *find_symbol(const smk_trace *trace, bool data, const smk_module_info *module,
                                          uint64_t address)
{
    uint64_t in_file = address - module->bias;
    const smk_symbol_info *info = FIND(&trace->tables.symbols, smk_symbol_key(data, module->id, in_file));
    return info && info->data == data && info->module == module->id && info->address == in_file ? info
                                                                                                 : NULL;
}

const smk_symbol_info *smk_trace_code_symbol(const smk_trace *trace, const smk_module_info *module,
                                             uint64_t address)
{
    return find_symbol(trace, false, module, address);
}

const smk_symbol_info *smk_trace_data_symbol(const smk_trace *trace, const smk_module_info *module,
                                             uint64_t address)
{
    return find_symbol(trace, true, module, address);
}

/* ---- by number ------------------------------------------------------------------------------------------ */

#define AT(table, number) ((number) < (table)->count ? &(table)->list[number] : NULL)

const smk_thread_info *smk_trace_thread_at(const smk_trace *trace, size_t number)
{
    const struct smk_thread_entry *entry = AT(&trace->tables.threads, number);
    return entry ? &entry->info : NULL;
}

const smk_module_info *smk_trace_module_at(const smk_trace *trace, size_t number)
{
    return AT(&trace->tables.modules, number);
}

const smk_symbol_info *smk_trace_symbol_at(const smk_trace *trace, size_t number)
{
    return AT(&trace->tables.symbols, number);
}

const smk_open_wait *smk_trace_open_wait_at(const smk_trace *trace, size_t number)
{
    return AT(&trace->tables.waits, number);
}

const smk_site_info *smk_trace_site_at(const smk_trace *trace, size_t number)
{
    const struct smk_site_entry *entry = AT(&trace->tables.sites, number);
    return entry ? &entry->info : NULL;
}

const smk_stack_info *smk_trace_stack_at(const smk_trace *trace, size_t number)
{
    const struct smk_stack_entry *entry = AT(&trace->tables.stacks, number);
    return entry ? &entry->info : NULL;
}

const char *smk_trace_string_at(const smk_trace *trace, size_t number, uint32_t *id)
{
    const struct smk_string_entry *entry = AT(&trace->tables.strings, number);
    if (entry)
        *id = entry->id;
    return entry ? entry->text : NULL;
}

const char *smk_trace_lock_at(const smk_trace *trace, size_t number, uint64_t *address)
{
    const struct smk_lock_entry *entry = AT(&trace->tables.locks, number);
    if (!entry)
        return NULL;
    const char *name = smk_trace_string(trace, entry->string);
    *address = entry->address;
    return name ? name : "";
}

bool smk_trace_clock_at(const smk_trace *trace, size_t number, smk_clock_info *clock)
{
    if (number >= trace->clocks.count)
        return false;
    const struct smk_clock_point *point = &trace->clocks.points[number];
    *clock = (smk_clock_info){point->monotonic, point->realtime, point->error};
    return true;
}
