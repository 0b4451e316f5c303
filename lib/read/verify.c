/* verify.c: what the events of a chunk refer to stands in its segment before it. */
#include "read/decode.h"
#include "read/trace.h"

struct reference {
    const char *what;
    uint64_t id;
    uint64_t count;
};

#define STANDS(table, key, current)                                                                \
    __extension__({                                                                                \
        uint32_t place = smk_idmap_get(&(table)->map, (key));                                      \
        place != SMK_IDMAP_NONE && (table)->list[place].segment == (current);                      \
    })

static bool is_known(const struct smk_tables *tables, unsigned type, uint32_t process, uint32_t id,
                     uint32_t segment)
{
    uint64_t key = smk_key_of_id(process, id);
    if (id == 0)
        return true;
    switch (type) {
    case SMK_ARG_SITE:
        return STANDS(&tables->sites, key, segment);
    case SMK_ARG_STRING:
        return STANDS(&tables->strings, key, segment);
    case SMK_ARG_STACK:
        return STANDS(&tables->stacks, key, segment);
    default:
        return true;
    }
}

static void note(struct reference *missing, const char *what, uint64_t id)
{
    if (missing->count++ == 0) {
        missing->what = what;
        missing->id = id;
    }
}

static void check_column(const struct smk_trace *trace, const struct smk_event_kind *kind, unsigned arg,
                         uint32_t process, uint32_t segment, struct reference *missing)
{
    static const char *const names[SMK_ARG_TYPES] = {
        [SMK_ARG_SITE] = "site", [SMK_ARG_STRING] = "string", [SMK_ARG_STACK] = "stack"};
    unsigned type = kind->spec->args[arg].type;
    uint64_t last = 0; /* neighbours are often the same */
    bool known = true;
    for (uint32_t row = 0; names[type] && row < kind->rows; row++) {
        uint64_t id = kind->args[arg][row];
        if (id != last)
            known = is_known(&trace->tables, type, process, (uint32_t)id, segment);
        if (!known)
            note(missing, names[type], id);
        last = id;
    }
}

int smk_verify_events(struct smk_trace *trace, struct smk_chunk_ref *ref, uint32_t segment)
{
    struct smk_events events;
    struct reference missing = {0};
    int rc = smk_events_load(trace, ref, &events);
    if (rc < 0)
        return rc == SMK_E_NOMEM || rc == SMK_E_LIMIT ? rc : 0;
    if (!STANDS(&trace->tables.threads, smk_key_of_id(ref->process, ref->thread), segment))
        note(&missing, "thread", ref->thread);
    for (uint32_t k = 0; k < events.kind_count; k++)
        for (unsigned i = 0; i < events.kinds[k].spec->arg_count; i++)
            check_column(trace, &events.kinds[k], i, ref->process, segment, &missing);
    smk_events_free(&events, &trace->mem);
    if (missing.count)
        smk_trace_problem_add(trace,
                              "%s: the events chunk at offset %llu refers to what its segment does not "
                              "define, %llu times; the first is %s %llu",
                              smk_ref_file(trace, ref), (unsigned long long)ref->offset,
                              (unsigned long long)missing.count, missing.what,
                              (unsigned long long)missing.id);
    return 0;
}
