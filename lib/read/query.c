/* query.c: the tables of a trace, as reader.h gives them out. */
#include <string.h>

#include "read/trace.h"

#define FIND(table, key)                                                                           \
    __extension__({                                                                                \
        uint32_t place = smk_idmap_get(&(table)->map, (key));                                      \
        place == SMK_IDMAP_NONE ? NULL : &(table)->list[place];                                    \
    })

/* With several processes an id is a place + 1. */
#define BY_ID(trace, table, id)                                                                    \
    ((trace)->several ? ((id) - 1 < (table)->count ? &(table)->list[(id) - 1] : NULL)              \
                      : FIND((table), (id)))

/* ---- facts ---------------------------------------------------------------------------------------------- */

const char *smk_trace_process_fact(const smk_trace *trace, uint32_t process, const char *key)
{
    uint64_t hash = smk_key_of_word(process, smk_hash_bytes(key, strlen(key)));
    const struct smk_fact_entry *entry = FIND(&trace->tables.facts, hash);
    return entry && entry->process == process && strcmp(entry->key, key) == 0 ? entry->value : NULL;
}

bool smk_trace_process_fact_at(const smk_trace *trace, uint32_t process, size_t number, const char **key,
                               const char **value)
{
    if (process >= trace->process_count || number >= trace->processes[process].facts.count)
        return false;
    const struct smk_fact_entry *entry =
        &trace->tables.facts.list[trace->processes[process].facts.from + number];
    *key = entry->key;
    *value = entry->value;
    return true;
}

const char *smk_trace_fact(const smk_trace *trace, const char *key)
{
    return smk_trace_process_fact(trace, 0, key);
}

bool smk_trace_fact_at(const smk_trace *trace, size_t number, const char **key, const char **value)
{
    return smk_trace_process_fact_at(trace, 0, number, key, value);
}

/* ---- by id ---------------------------------------------------------------------------------------------- */

const char *smk_trace_string(const smk_trace *trace, uint32_t id)
{
    const struct smk_string_entry *entry = BY_ID(trace, &trace->tables.strings, id);
    return entry ? entry->text : NULL;
}

const smk_site_info *smk_trace_site(const smk_trace *trace, uint32_t id)
{
    const struct smk_site_entry *entry = BY_ID(trace, &trace->tables.sites, id);
    return entry ? &entry->info : NULL;
}

const smk_stack_info *smk_trace_stack(const smk_trace *trace, uint32_t id)
{
    const struct smk_stack_entry *entry = BY_ID(trace, &trace->tables.stacks, id);
    return entry ? &entry->info : NULL;
}

const smk_thread_info *smk_trace_thread(const smk_trace *trace, uint32_t serial)
{
    const struct smk_thread_entry *entry = BY_ID(trace, &trace->tables.threads, serial);
    return entry ? &entry->info : NULL;
}

const char *smk_trace_process_lock_name(const smk_trace *trace, uint32_t process, uint64_t address)
{
    const struct smk_lock_entry *entry = FIND(&trace->tables.locks, smk_key_of_word(process, address));
    bool its = entry && entry->process == process && entry->address == address;
    return its ? smk_trace_string(trace, entry->string) : NULL;
}

/* The last of the tid's threads that had started by then; before the first that one: its start may be
 * known only from its first event. */
const smk_thread_info *smk_trace_process_tid(const smk_trace *trace, uint32_t process, uint32_t tid,
                                             uint64_t time)
{
    if (process >= trace->process_count)
        return NULL;
    struct smk_slice slice = trace->processes[process].threads;
    const struct smk_tid_entry *tids = slice.count ? trace->tables.tids + slice.from : NULL;
    uint32_t low = 0, high = slice.count; /* the first that is behind (tid, time) */
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
    if (low < slice.count && tids[low].tid == tid)
        return &trace->tables.threads.list[tids[low].place].info;
    return NULL;
}

/* Modules do not overlap, unless one was unloaded and another took its place: a few are looked at. */
const smk_module_info *smk_trace_process_module(const smk_trace *trace, uint32_t process, uint64_t address)
{
    if (process >= trace->process_count)
        return NULL;
    struct smk_slice slice = trace->processes[process].modules;
    const smk_module_info *list = slice.count ? trace->tables.modules.list + slice.from : NULL;
    uint32_t low = 0, high = slice.count; /* the first that begins behind it */
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

const char *smk_trace_lock_name(const smk_trace *trace, uint64_t address)
{
    return smk_trace_process_lock_name(trace, 0, address);
}

const smk_thread_info *smk_trace_thread_by_tid(const smk_trace *trace, uint32_t tid, uint64_t time)
{
    return smk_trace_process_tid(trace, 0, tid, time);
}

const smk_module_info *smk_trace_module(const smk_trace *trace, uint64_t address)
{
    return smk_trace_process_module(trace, 0, address);
}

static const smk_symbol_info *find_symbol(const smk_trace *trace, bool data, const smk_module_info *module,
                                          uint64_t address)
{
    uint64_t in_file = address - module->bias;
    uint64_t key = smk_symbol_key(data, module->process, module->id, in_file);
    const smk_symbol_info *info = FIND(&trace->tables.symbols, key);
    bool its = info && info->data == data && info->process == module->process &&
               info->module == module->id && info->address == in_file;
    return its ? info : NULL;
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

const smk_module_info *smk_trace_process_module_at(const smk_trace *trace, uint32_t process, size_t number)
{
    if (process >= trace->process_count || number >= trace->processes[process].modules.count)
        return NULL;
    return &trace->tables.modules.list[trace->processes[process].modules.from + number];
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

const char *smk_trace_process_lock_at(const smk_trace *trace, uint32_t process, size_t number,
                                      uint64_t *address)
{
    if (process >= trace->process_count || number >= trace->processes[process].locks.count)
        return NULL;
    const struct smk_lock_entry *entry =
        &trace->tables.locks.list[trace->processes[process].locks.from + number];
    const char *name = smk_trace_string(trace, entry->string);
    *address = entry->address;
    return name ? name : "";
}

bool smk_trace_process_clock_at(const smk_trace *trace, uint32_t process, size_t number,
                                smk_clock_info *clock)
{
    if (process >= trace->process_count || number >= trace->processes[process].clocks.count)
        return false;
    const struct smk_clock_point *point = &trace->processes[process].clocks.points[number];
    *clock = (smk_clock_info){point->monotonic, point->realtime, point->error};
    return true;
}

const char *smk_trace_lock_at(const smk_trace *trace, size_t number, uint64_t *address)
{
    return smk_trace_process_lock_at(trace, 0, number, address);
}

bool smk_trace_clock_at(const smk_trace *trace, size_t number, smk_clock_info *clock)
{
    return smk_trace_process_clock_at(trace, 0, number, clock);
}
