#include "analysis/states.h"

#include <string.h>

static struct smk_state *add_state(struct smk_states *states, struct smk_mem *mem, uint32_t serial)
{
    if (!smk_mem_grow(mem, &states->array, &states->capacity, states->count + 1u) ||
        !smk_map_put(&states->by_serial, mem, serial, states->count))
        return NULL;
    struct smk_state *state = &states->array[states->count++];
    *state = (struct smk_state){.serial = serial};
    return state;
}

/* ---- requests that were read together ----------------------------------------------------------------------- */

void smk_read_with_clear(struct smk_read_with *list) { list->first = list->end = 0; }

void smk_read_with_add(struct smk_read_with *list, struct smk_mem *mem, uint64_t request)
{
    if (list->first == list->end)
        smk_read_with_clear(list);
    if (list->end == SMK_READ_WITH_MAX && list->first) {
        memmove(list->requests, list->requests + list->first,
                (list->end - list->first) * sizeof(*list->requests));
        list->end -= list->first;
        list->first = 0;
    }
    if (list->end < SMK_READ_WITH_MAX && smk_mem_grow(mem, &list->requests, &list->capacity, list->end + 1u))
        list->requests[list->end++] = request;
}

/* They are answered in the order in which they came, or from the last to the first: mostly it is at an end. */
void smk_read_with_remove(struct smk_read_with *list, uint64_t request)
{
    if (list->first == list->end)
        return;
    if (list->requests[list->first] == request) {
        list->first++;
        return;
    }
    for (uint32_t i = list->end; i-- > list->first;)
        if (list->requests[i] == request) {
            list->requests[i] = list->requests[--list->end];
            return;
        }
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
    for (uint32_t i = 0; i < states->count; i++) {
        struct smk_state *state = &states->array[i];
        smk_mem_free(mem, state->frames, state->capacity * sizeof(*state->frames));
        smk_mem_free(mem, state->read_with.requests, state->read_with.capacity * sizeof(*state->read_with.requests));
    }
    smk_mem_free(mem, states->array, states->capacity * sizeof(*states->array));
    smk_map_free(&states->by_serial, mem);
    *states = (struct smk_states){0};
}
