#include "read/tables.h"

#include <string.h>

#include "base/sort.h"
#include "base/sys.h"
#include "base/varint.h"
#include "read/trace.h"

#define STACK_DEPTH_MAX 1024u

static const char no_memory[] = "";
static const char cut[] = "an entry is cut, or a number in it too large";
static const char differs[] = "an entry differs from an earlier one of the same id";

/* ---- numbers and texts of a payload --------------------------------------------------------------------- */

struct taking {
    struct smk_trace *trace;
    struct smk_tables *tables;
    uint32_t process, segment;
    const uint8_t *p, *end;
    bool cut;
    bool differs; /* an entry did */
    uint64_t last[3];
};

struct text {
    const void *data;
    uint32_t len;
};

static uint64_t take_number(struct taking *t, uint64_t max)
{
    uint64_t value = 0;
    const uint8_t *p = t->cut ? NULL : smk_varint_get(t->p, t->end, &value);
    if (!p || value > max) {
        t->cut = true;
        return 0;
    }
    t->p = p;
    return value;
}

static uint32_t take_u32(struct taking *t) { return (uint32_t)take_number(t, UINT32_MAX); }
static uint64_t take_u64(struct taking *t) { return take_number(t, UINT64_MAX); }

static uint64_t take_delta(struct taking *t, unsigned field)
{
    return t->last[field] += (uint64_t)smk_unzigzag(take_u64(t));
}

static struct text take_text(struct taking *t)
{
    uint32_t len = take_u32(t);
    struct text text = {t->p, len};
    if (t->cut || len > t->end - t->p) {
        t->cut = true;
        return (struct text){t->end, 0};
    }
    t->p += len;
    return text;
}

static const char *keep_text(struct taking *t, struct text text)
{
    return smk_arena_text(&t->trace->arena, &t->trace->mem, text.data, text.len);
}

static bool same_text(const char *kept, struct text text)
{
    return strlen(kept) == text.len && (text.len == 0 || memcmp(kept, text.data, text.len) == 0);
}

static uint64_t key_of(const struct taking *t, uint32_t id) { return smk_key_of_id(t->process, id); }

/* The id of the entry at `place`, which its process calls `id`. */
static uint32_t given_id(const struct taking *t, uint32_t place, uint32_t id)
{
    return t->trace->several ? place + 1 : id;
}

/* The place of `key` in a table; with a new one *fresh is true and the entry zeroed. NONE: no memory. */
#define PLACE(t, table, key, fresh)                                                                \
    place_of((t), (void **)&(table)->list, &(table)->count, &(table)->capacity,                    \
             sizeof *(table)->list, &(table)->map, (key), (fresh))

static uint32_t place_of(struct taking *t, void **list, uint32_t *count, uint32_t *capacity, size_t size,
                         struct smk_idmap *map, uint64_t key, bool *fresh)
{
    struct smk_mem *mem = &t->trace->mem;
    uint32_t place = smk_idmap_get(map, key);
    *fresh = place == SMK_IDMAP_NONE;
    if (!*fresh)
        return place;
    if (*count == *capacity) {
        void *grown = smk_mem_grown(mem, *list, capacity, (size_t)*count + 1, size);
        if (!grown)
            return SMK_IDMAP_NONE;
        *list = grown;
    }
    if (!smk_idmap_put(map, mem, key, *count))
        return SMK_IDMAP_NONE;
    memset((char *)*list + *count * size, 0, size);
    return (*count)++;
}

/* ---- what several processes share ----------------------------------------------------------------------- */

static uint64_t hash_of(const struct text *texts, unsigned count, uint64_t seed)
{
    for (unsigned i = 0; i < count; i++)
        seed = smk_hash_fold(seed ^ smk_hash_bytes(texts[i].data, texts[i].len), 0xa0761d6478bd642fu);
    return seed;
}

/* Whether the key, which is new, may be that of the entry with this hash, at *place. */
static bool has_twin(struct taking *t, const struct smk_idmap *map, const struct smk_idmap *by_text,
                     uint64_t key, uint64_t hash, uint32_t *place)
{
    if (!t->trace->several || smk_idmap_get(map, key) != SMK_IDMAP_NONE)
        return false;
    *place = smk_idmap_get(by_text, hash);
    return *place != SMK_IDMAP_NONE;
}

/* ---- entries: each takes one; false when there is no memory ---------------------------------------------- */

static bool take_string(struct taking *t)
{
    uint32_t id = take_u32(t);
    struct text text = take_text(t);
    struct smk_tables *tables = t->tables;
    uint64_t key = key_of(t, id), hash = hash_of(&text, 1, 0);
    uint32_t place;
    bool fresh;
    if (t->cut)
        return true;
    if (has_twin(t, &tables->strings.map, &tables->strings_by_text, key, hash, &place) &&
        same_text(tables->strings.list[place].text, text) &&
        !smk_idmap_put(&tables->strings.map, &t->trace->mem, key, place))
        return false;
    place = PLACE(t, &tables->strings, key, &fresh);
    if (place == SMK_IDMAP_NONE)
        return false;
    struct smk_string_entry *entry = &tables->strings.list[place];
    entry->segment = t->segment;
    if (!fresh) {
        t->differs |= !same_text(entry->text, text);
        return true;
    }
    entry->id = given_id(t, place, id);
    entry->text = keep_text(t, text);
    return entry->text && (!t->trace->several ||
                           smk_idmap_put(&tables->strings_by_text, &t->trace->mem, hash, place));
}

static bool same_site(const smk_site_info *info, uint32_t line, const struct text texts[3])
{
    return info->line == line && same_text(info->name, texts[0]) && same_text(info->file, texts[1]) &&
           same_text(info->function, texts[2]);
}

static bool take_site(struct taking *t)
{
    uint32_t id = take_u32(t), line = take_u32(t);
    struct text texts[3]; /* name, file, function */
    struct smk_tables *tables = t->tables;
    uint32_t place;
    bool fresh;
    for (unsigned i = 0; i < 3; i++)
        texts[i] = take_text(t);
    if (t->cut)
        return true;
    uint64_t key = key_of(t, id), hash = hash_of(texts, 3, line);
    if (has_twin(t, &tables->sites.map, &tables->sites_by_text, key, hash, &place) &&
        same_site(&tables->sites.list[place].info, line, texts) &&
        !smk_idmap_put(&tables->sites.map, &t->trace->mem, key, place))
        return false;
    place = PLACE(t, &tables->sites, key, &fresh);
    if (place == SMK_IDMAP_NONE)
        return false;
    struct smk_site_entry *entry = &tables->sites.list[place];
    smk_site_info *info = &entry->info;
    entry->segment = t->segment;
    if (!fresh) {
        t->differs |= !same_site(info, line, texts);
        return true;
    }
    *info = (smk_site_info){given_id(t, place, id), line, keep_text(t, texts[0]), keep_text(t, texts[1]),
                            keep_text(t, texts[2])};
    return info->name && info->file && info->function &&
           (!t->trace->several || smk_idmap_put(&tables->sites_by_text, &t->trace->mem, hash, place));
}

static bool take_stack(struct taking *t)
{
    uint32_t id = take_u32(t);
    uint32_t depth = (uint32_t)take_number(t, STACK_DEPTH_MAX);
    uint64_t pcs[STACK_DEPTH_MAX];
    bool fresh;
    t->last[0] = 0;
    for (uint32_t i = 0; i < depth && !t->cut; i++)
        pcs[i] = take_delta(t, 0);
    if (t->cut)
        return true;
    uint32_t place = PLACE(t, &t->tables->stacks, key_of(t, id), &fresh);
    if (place == SMK_IDMAP_NONE)
        return false;
    struct smk_stack_entry *entry = &t->tables->stacks.list[place];
    entry->segment = t->segment;
    if (!fresh) {
        t->differs |= entry->info.depth != depth || memcmp(entry->info.pcs, pcs, depth * sizeof *pcs);
        return true;
    }
    uint64_t *kept = smk_arena_take(&t->trace->arena, &t->trace->mem, depth * sizeof *pcs + 1);
    if (kept)
        memcpy(kept, pcs, depth * sizeof *pcs);
    entry->info = (smk_stack_info){given_id(t, place, id), depth, kept, t->process};
    return kept != NULL;
}

/* The later name counts, and the earlier start: of a thread that has ended a segment knows only its
 * first event there. */
static bool take_thread(struct taking *t)
{
    uint32_t serial = take_u32(t), tid = take_u32(t);
    uint64_t started = take_u64(t);
    struct text name = take_text(t);
    bool fresh;
    if (t->cut)
        return true;
    uint32_t place = PLACE(t, &t->tables->threads, key_of(t, serial), &fresh);
    if (place == SMK_IDMAP_NONE)
        return false;
    struct smk_thread_entry *entry = &t->tables->threads.list[place];
    entry->segment = t->segment;
    if (fresh || started < entry->started)
        entry->started = started;
    if (!fresh && same_text(entry->info.name, name))
        return true;
    entry->info.serial = given_id(t, place, serial);
    entry->info.process = t->process;
    entry->info.tid = tid;
    entry->info.name = keep_text(t, name);
    return entry->info.name != NULL;
}

static bool take_module(struct taking *t)
{
    smk_module_info info = {.id = take_u32(t)};
    bool fresh;
    info.start = take_u64(t);
    info.end = take_u64(t);
    info.bias = take_u64(t);
    struct text path = take_text(t), build_id = take_text(t);
    if (t->cut)
        return true;
    uint32_t place = PLACE(t, &t->tables->modules, key_of(t, info.id), &fresh);
    if (place == SMK_IDMAP_NONE)
        return false;
    smk_module_info *entry = &t->tables->modules.list[place];
    if (!fresh) {
        t->differs |= entry->start != info.start || entry->end != info.end ||
                      !same_text(entry->path, path);
        return true;
    }
    uint8_t *id = smk_arena_take(&t->trace->arena, &t->trace->mem, build_id.len + (size_t)1);
    info.path = keep_text(t, path);
    if (!id || !info.path)
        return false;
    if (build_id.len)
        memcpy(id, build_id.data, build_id.len);
    info.build_id = id;
    info.build_id_len = build_id.len;
    info.process = t->process;
    *entry = info;
    return true;
}

static bool take_lock(struct taking *t)
{
    uint64_t address = take_u64(t);
    uint32_t string = take_u32(t);
    bool fresh;
    if (t->cut)
        return true;
    uint32_t place = PLACE(t, &t->tables->locks, smk_key_of_word(t->process, address), &fresh);
    if (place == SMK_IDMAP_NONE)
        return false;
    struct smk_lock_entry *entry = &t->tables->locks.list[place];
    if (fresh || (entry->process == t->process && entry->address == address))
        *entry = (struct smk_lock_entry){address, string, t->process};
    return true;
}

static bool take_open_wait(struct taking *t)
{
    smk_open_wait wait = {.serial = take_u32(t)};
    bool fresh;
    wait.tid = take_u32(t);
    wait.kind = take_u32(t);
    wait.object = take_u64(t);
    wait.holder = take_u32(t);
    wait.since = take_u64(t); /* units, until smk_tables_finish */
    wait.stack = take_u32(t);
    wait.request = take_u64(t);
    wait.process = t->process;
    if (t->cut)
        return true;
    uint32_t place = PLACE(t, &t->tables->waits, key_of(t, wait.serial), &fresh);
    if (place != SMK_IDMAP_NONE)
        t->tables->waits.list[place] = wait;
    return place != SMK_IDMAP_NONE;
}

/* The entry of a thread, without a name where it had none. NULL: no memory. */
static struct smk_thread_entry *need_thread(struct taking *t, uint32_t serial, uint32_t tid)
{
    bool fresh;
    uint32_t place = PLACE(t, &t->tables->threads, key_of(t, serial), &fresh);
    if (place == SMK_IDMAP_NONE)
        return NULL;
    struct smk_thread_entry *entry = &t->tables->threads.list[place];
    if (fresh)
        entry->info = (smk_thread_info){
            .serial = given_id(t, place, serial), .tid = tid, .name = "", .process = t->process};
    return entry;
}

/* The counts are of the whole capture so far: the last of a thread is its sum. */
static bool take_loss(struct taking *t)
{
    uint32_t serial = take_u32(t), tid = take_u32(t);
    uint64_t events = take_u64(t);
    if (t->cut)
        return true;
    if (serial == 0) {
        t->trace->processes[t->process].lost_others = events;
        return true;
    }
    struct smk_thread_entry *entry = need_thread(t, serial, tid);
    if (entry)
        entry->info.lost = events;
    return entry != NULL;
}

/* The last value of a key counts. Two keys of one hash are one in a million million, or made so: the
 * second is then not kept. */
static bool take_fact(struct taking *t)
{
    struct text key = take_text(t), value = take_text(t);
    bool fresh;
    if (t->cut)
        return true;
    uint64_t hash = smk_key_of_word(t->process, smk_hash_bytes(key.data, key.len));
    uint32_t count = t->tables->facts.count - t->tables->done.facts;
    if (smk_idmap_get(&t->tables->facts.map, hash) == SMK_IDMAP_NONE && count == SMK_FACTS_MAX)
        return true;
    uint32_t place = PLACE(t, &t->tables->facts, hash, &fresh);
    if (place == SMK_IDMAP_NONE)
        return false;
    struct smk_fact_entry *entry = &t->tables->facts.list[place];
    if (fresh)
        *entry = (struct smk_fact_entry){keep_text(t, key), "", t->process};
    if (!entry->key || entry->process != t->process || !same_text(entry->key, key))
        return entry->key != NULL;
    if (!same_text(entry->value, value))
        entry->value = keep_text(t, value);
    return entry->value != NULL;
}

static const char *keep_name(struct taking *t, struct text text) { return text.len ? keep_text(t, text) : ""; }

static bool take_frames(struct taking *t, smk_symbol_frame frames[], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct text function = take_text(t), file = take_text(t);
        uint32_t line = take_u32(t);
        if (t->cut)
            return true;
        frames[i] = (smk_symbol_frame){keep_name(t, function), keep_name(t, file), line};
        if (!frames[i].function || !frames[i].file)
            return false;
    }
    return true;
}

/* The later of an address counts. */
static bool take_symbol(struct taking *t)
{
    smk_symbol_info info = {.data = take_number(t, 1)};
    smk_symbol_frame frames[SMK_SYMBOL_FRAMES_MAX];
    bool fresh;
    info.module = take_u32(t);
    info.address = take_u64(t);
    info.start = info.address - take_number(t, info.address);
    info.size = take_u64(t);
    info.frame_count = (uint32_t)take_number(t, SMK_SYMBOL_FRAMES_MAX);
    t->cut |= info.frame_count == 0 || (info.data && info.frame_count != 1);
    if (!t->cut && !take_frames(t, frames, info.frame_count))
        return false;
    if (t->cut)
        return true;
    uint64_t key = smk_symbol_key(info.data, t->process, info.module, info.address);
    uint32_t place = PLACE(t, &t->tables->symbols, key, &fresh);
    size_t bytes = info.frame_count * sizeof *frames;
    smk_symbol_frame *kept = smk_arena_take(&t->trace->arena, &t->trace->mem, bytes);
    if (place == SMK_IDMAP_NONE || !kept)
        return false;
    memcpy(kept, frames, bytes);
    info.frames = kept;
    info.process = t->process;
    t->tables->symbols.list[place] = info;
    return true;
}

static bool take_clock(struct taking *t)
{
    struct smk_clock_point point = {.time = take_delta(t, 0)};
    point.monotonic = take_delta(t, 1);
    point.realtime = take_delta(t, 2);
    point.error = take_u64(t);
    return t->cut || smk_clocks_add(&t->trace->processes[t->process].clocks, &t->trace->mem, &point);
}

/* ---- a chunk -------------------------------------------------------------------------------------------- */

static bool (*const take_entry[])(struct taking *t) = {
    [SMK_CHUNK_SEGMENT] = take_fact,   [SMK_CHUNK_CLOCK] = take_clock,
    [SMK_CHUNK_STRINGS] = take_string, [SMK_CHUNK_SITES] = take_site,
    [SMK_CHUNK_STACKS] = take_stack,   [SMK_CHUNK_THREADS] = take_thread,
    [SMK_CHUNK_MODULES] = take_module, [SMK_CHUNK_OPEN_WAITS] = take_open_wait,
    [SMK_CHUNK_LOSS] = take_loss,      [SMK_CHUNK_FACTS] = take_fact,
    [SMK_CHUNK_LOCKS] = take_lock,     [SMK_CHUNK_SYMBOLS] = take_symbol,
};

const char *smk_tables_read(struct smk_trace *trace, const struct smk_payload *payload, uint32_t process,
                            uint32_t segment)
{
    struct taking t = {.trace = trace,
                       .tables = &trace->tables,
                       .process = process,
                       .segment = segment,
                       .p = payload->data,
                       .end = payload->data + payload->size};
    unsigned kind = payload->head.kind;
    if (kind >= SMK_ARRAY_LEN(take_entry) || !take_entry[kind])
        return NULL;
    for (uint32_t i = 0; i < payload->head.count && !t.cut; i++)
        if (!take_entry[kind](&t))
            return no_memory;
    if (t.cut)
        return cut;
    if (t.p != t.end)
        return "there are bytes behind its last entry";
    return t.differs ? differs : NULL;
}

bool smk_tables_need_thread(struct smk_trace *trace, uint32_t process, uint32_t serial, uint32_t tid)
{
    struct taking t = {.trace = trace, .tables = &trace->tables, .process = process};
    return need_thread(&t, serial, tid) != NULL;
}

/* ---- begin and end -------------------------------------------------------------------------------------- */

void smk_tables_init(struct smk_tables *tables)
{
    uint64_t seed = 0;
    if (smk_sys_random(&seed, sizeof seed) < 0)
        seed = (uint64_t)tables ^ smk_sys_clock(CLOCK_MONOTONIC);
    *tables = (struct smk_tables){0};
    tables->strings.map.seed = tables->sites.map.seed = tables->stacks.map.seed = seed;
    tables->threads.map.seed = tables->modules.map.seed = tables->locks.map.seed = seed;
    tables->waits.map.seed = tables->facts.map.seed = tables->symbols.map.seed = seed;
    tables->strings_by_text.seed = tables->sites_by_text.seed = seed;
}

#define FREE(mem, table)                                                                           \
    (smk_mem_free((mem), (table)->list, (table)->capacity * sizeof *(table)->list),                \
     smk_idmap_free(&(table)->map, (mem)))

void smk_tables_free(struct smk_trace *trace)
{
    struct smk_tables *tables = &trace->tables;
    struct smk_mem *mem = &trace->mem;
    if (tables->tids)
        smk_mem_free(mem, tables->tids, tables->threads.count * sizeof *tables->tids);
    FREE(mem, &tables->strings);
    FREE(mem, &tables->sites);
    FREE(mem, &tables->stacks);
    FREE(mem, &tables->threads);
    FREE(mem, &tables->modules);
    FREE(mem, &tables->locks);
    FREE(mem, &tables->symbols);
    FREE(mem, &tables->waits);
    FREE(mem, &tables->facts);
    smk_idmap_free(&tables->strings_by_text, mem);
    smk_idmap_free(&tables->sites_by_text, mem);
}

static bool tid_before(const void *a, const void *b)
{
    const struct smk_tid_entry *x = a, *y = b;
    return x->tid != y->tid ? x->tid < y->tid : x->started < y->started;
}

static bool module_before(const void *a, const void *b)
{
    return ((const smk_module_info *)a)->start < ((const smk_module_info *)b)->start;
}

static struct smk_slice rest(uint32_t *done, uint32_t count)
{
    struct smk_slice slice = {*done, count - *done};
    *done = count;
    return slice;
}

void smk_tables_end_process(struct smk_trace *trace, struct smk_process *process)
{
    struct smk_tables *tables = &trace->tables;
    struct smk_tables_done *done = &tables->done;
    process->threads = rest(&done->threads, tables->threads.count);
    process->stacks = rest(&done->stacks, tables->stacks.count);
    process->modules = rest(&done->modules, tables->modules.count);
    process->locks = rest(&done->locks, tables->locks.count);
    process->facts = rest(&done->facts, tables->facts.count);
}

/* Threads and modules of one process. */
static void finish_process(struct smk_trace *trace, const struct smk_process *process)
{
    struct smk_tables *tables = &trace->tables;
    const struct smk_clock_stretch *stretch = NULL;
    struct smk_thread_entry *threads = tables->threads.list;
    for (uint32_t i = process->threads.from; i < process->threads.from + process->threads.count; i++) {
        threads[i].info.started = smk_clocks_ns(&process->clocks, &stretch, threads[i].started);
        tables->tids[i] = (struct smk_tid_entry){threads[i].info.started, threads[i].info.tid, i};
    }
    if (process->threads.count)
        smk_sort(&tables->tids[process->threads.from], process->threads.count, sizeof *tables->tids,
                 tid_before);
    if (process->modules.count)
        smk_sort(&tables->modules.list[process->modules.from], process->modules.count,
                 sizeof *tables->modules.list, module_before);
}

static void finish_waits(struct smk_trace *trace)
{
    struct smk_tables *tables = &trace->tables;
    for (uint32_t i = 0; i < tables->waits.count; i++) {
        smk_open_wait *wait = &tables->waits.list[i];
        const struct smk_clock_stretch *stretch = NULL;
        wait->since = smk_clocks_ns(&trace->processes[wait->process].clocks, &stretch, wait->since);
        wait->serial = smk_tables_id(trace, &tables->threads.map, wait->process, wait->serial);
        wait->stack = smk_tables_id(trace, &tables->stacks.map, wait->process, wait->stack);
    }
}

bool smk_tables_finish(struct smk_trace *trace)
{
    struct smk_tables *tables = &trace->tables;
    uint32_t threads = tables->threads.count;
    if (threads) {
        tables->tids = smk_mem_resize(&trace->mem, NULL, 0, threads * sizeof *tables->tids);
        if (!tables->tids)
            return false;
    }
    for (uint32_t i = 0; i < trace->process_count; i++)
        finish_process(trace, &trace->processes[i]);
    finish_waits(trace);
    for (uint32_t i = 0; i < tables->locks.count; i++) {
        struct smk_lock_entry *lock = &tables->locks.list[i];
        lock->string = smk_tables_id(trace, &tables->strings.map, lock->process, lock->string);
    }
    return true;
}
