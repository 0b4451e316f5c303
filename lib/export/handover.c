#include "export/handover.h"

static struct smk_handover_object *object_of(struct smk_handovers *handovers, uint32_t process, uint64_t address)
{
    uint64_t key = smk_map_own(process, address);
    uint32_t index = smk_map_get(&handovers->by_address, key);
    if (index != SMK_MAP_NONE)
        return &handovers->objects[index];
    index = handovers->count;
    if (!address || index >= SMK_HANDOVERS_OBJECTS ||
        !smk_mem_grow(handovers->mem, &handovers->objects, &handovers->capacity, index + 1u) ||
        !smk_map_put(&handovers->by_address, handovers->mem, key, index))
        return NULL;
    handovers->count++;
    return &handovers->objects[index];
}

static bool fit(const struct smk_handover_release *release, const struct smk_handover_wait *wait)
{
    return release->left && release->tid == wait->tid && release->from >= wait->from && release->from <= wait->to;
}

static void unmet(struct smk_handovers *handovers, struct smk_handover_wait *wait)
{
    if (wait->tid && handovers->unmet)
        handovers->unmet(handovers->arg, wait);
    wait->tid = 0;
}

void smk_handovers_release(struct smk_handovers *handovers, uint32_t process, uint64_t address,
                           const struct smk_handover_release *said)
{
    struct smk_handover_object *object = object_of(handovers, process, address);
    if (!object)
        return;
    struct smk_handover_release *release = &object->releases[object->next_release++ % SMK_HANDOVERS_KEPT];
    *release = *said;
    for (uint32_t i = 0; i < SMK_HANDOVERS_KEPT; i++) {
        struct smk_handover_wait *wait = &object->waits[i];
        if (!wait->tid || !fit(release, wait))
            continue;
        release->left--;
        handovers->met(handovers->arg, wait, release);
        wait->tid = 0;
    }
}

void smk_handovers_wait(struct smk_handovers *handovers, const struct smk_span_wait *said)
{
    struct smk_handover_wait wait = {.from = said->from,
                                     .to = said->to,
                                     .thread = said->thread,
                                     .tid = said->kind == SMK_WAIT_COND ? said->waker : said->releaser};
    struct smk_handover_object *object =
        wait.tid && !said->open ? object_of(handovers, said->process, said->object) : NULL;
    if (!object) {
        if (handovers->unmet)
            handovers->unmet(handovers->arg, &wait);
        return;
    }
    for (uint32_t i = 1; i <= SMK_HANDOVERS_KEPT; i++) { /* the latest first */
        struct smk_handover_release *release = &object->releases[(object->next_release - i) % SMK_HANDOVERS_KEPT];
        if (!fit(release, &wait))
            continue;
        release->left--;
        handovers->met(handovers->arg, &wait, release);
        return;
    }
    struct smk_handover_wait *slot = &object->waits[object->next_wait++ % SMK_HANDOVERS_KEPT];
    unmet(handovers, slot);
    *slot = wait;
}

void smk_handovers_finish(struct smk_handovers *handovers)
{
    for (uint32_t i = 0; i < handovers->count; i++)
        for (uint32_t j = 0; j < SMK_HANDOVERS_KEPT; j++)
            unmet(handovers, &handovers->objects[i].waits[j]);
    smk_mem_free(handovers->mem, handovers->objects, handovers->capacity * sizeof(*handovers->objects));
    smk_map_free(&handovers->by_address, handovers->mem);
    handovers->objects = NULL;
    handovers->count = 0;
}
