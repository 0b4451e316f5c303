#include "analysis/states.h"

static struct smk_state *add_state(struct smk_states *states, struct smk_mem *mem, uint32_t serial)
{
    if (!smk_mem_grow(mem, &states->array, &states->capacity, states->count + 1u) ||
        !smk_map_put(&states->by_serial, mem, serial, states->count))
        return NULL;
    struct smk_state *state = &states->array[states->count++];
    *state = (struct smk_state){.serial = serial};
    return state;
}

struct smk_state *smk_states_of(struct smk_states *states, struct smk_mem *mem, uint32_t serial)
{
    if (states->count && states->last_serial == serial)
        return &states->array[states->last_index];
    uint32_t index = smk_map_get(&states->by_serial, serial);
    struct smk_state *state =
        index != SMK_MAP_NONE ? &states->array[index] : add_state(states, mem, serial);
    if (state) {
        states->last_serial = serial;
        states->last_index = (uint32_t)(state - states->array);
    }
    return state;
}

void smk_states_free(struct smk_states *states, struct smk_mem *mem)
{
    for (uint32_t i = 0; i < states->count; i++)
        smk_mem_free(mem, states->array[i].frames,
                     states->array[i].capacity * sizeof(struct smk_frame));
    smk_mem_free(mem, states->array, states->capacity * sizeof(*states->array));
    smk_map_free(&states->by_serial, mem);
    *states = (struct smk_states){0};
}
