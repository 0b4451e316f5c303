/* translate.c: what the chunks of one of several processes refer to, by its numbers in the whole trace. */
#include "read/trace.h"

uint32_t smk_tables_id(const struct smk_trace *trace, const struct smk_idmap *map, uint32_t process,
                       uint32_t id)
{
    if (!trace->several || id == 0)
        return id;
    uint32_t place = smk_idmap_get(map, smk_key_of_id(process, id));
    return place == SMK_IDMAP_NONE ? SMK_NO_ID : place + 1;
}

static const struct smk_idmap *map_of(const struct smk_tables *tables, unsigned type)
{
    switch (type) {
    case SMK_ARG_SITE:
        return &tables->sites.map;
    case SMK_ARG_STRING:
        return &tables->strings.map;
    case SMK_ARG_STACK:
        return &tables->stacks.map;
    default:
        return NULL;
    }
}

void smk_events_translate(const struct smk_trace *trace, struct smk_events *events, uint32_t process)
{
    for (uint32_t k = 0; k < events->kind_count; k++) {
        const struct smk_event_kind *kind = &events->kinds[k];
        for (unsigned i = 0; i < kind->spec->arg_count; i++) {
            const struct smk_idmap *map = map_of(&trace->tables, kind->spec->args[i].type);
            uint64_t last = 0, given = 0; /* neighbours are often the same */
            for (uint32_t row = 0; map && row < kind->rows; row++) {
                uint64_t id = kind->args[i][row];
                if (id != last)
                    given = smk_tables_id(trace, map, process, (uint32_t)id);
                kind->args[i][row] = given;
                last = id;
            }
        }
    }
}
