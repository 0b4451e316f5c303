#include "analysis/starved.h"

static uint64_t part_of(uint64_t amount, uint64_t part, uint64_t whole)
{
    return (uint64_t)((__uint128_t)amount * part / whole);
}

static void spread(struct smk_starved *starved, struct smk_mem *mem, uint64_t begin, uint64_t end, uint64_t ran,
                   uint64_t runnable)
{
    uint64_t length = end - begin;
    for (uint64_t at = begin; at < end;) {
        uint64_t number = (at - starved->from) / SMK_STARVED_NS;
        uint64_t to = smk_min_u64(end, starved->from + (number + 1) * SMK_STARVED_NS);
        if (number >= SMK_STARVED_SLOTS ||
            !smk_mem_grow(mem, &starved->slots, &starved->slot_capacity, (uint32_t)number + 1u))
            return;
        while (starved->slot_count <= number)
            starved->slots[starved->slot_count++] = (struct smk_starved_slot){0};
        starved->slots[number].ran += part_of(ran, to - at, length);
        starved->slots[number].runnable += part_of(runnable, to - at, length);
        at = to;
    }
}

static struct smk_starved_thread *thread_of(struct smk_starved *starved, struct smk_mem *mem, uint32_t serial)
{
    uint32_t index = smk_map_get(&starved->by_serial, serial);
    if (index != SMK_MAP_NONE)
        return &starved->threads[index];
    if (!smk_mem_grow(mem, &starved->threads, &starved->thread_capacity, starved->thread_count + 1u) ||
        !smk_map_put(&starved->by_serial, mem, serial, starved->thread_count))
        return NULL;
    starved->threads[starved->thread_count] = (struct smk_starved_thread){.serial = serial};
    return &starved->threads[starved->thread_count++];
}

void smk_starved_count(struct smk_starved *starved, struct smk_mem *mem, uint32_t thread, uint64_t time,
                       uint64_t duration, uint64_t ran, uint64_t runnable)
{
    uint64_t begin = time - smk_min_u64(duration, time);
    if (time <= starved->from || begin == time)
        return;
    if (begin < starved->from) { /* what lies in the window, as if it had been even */
        ran = part_of(ran, time - starved->from, time - begin);
        runnable = part_of(runnable, time - starved->from, time - begin);
        begin = starved->from;
    }
    struct smk_starved_thread *one = thread_of(starved, mem, thread);
    if (!one)
        return;
    one->ran += ran;
    one->runnable += runnable;
    spread(starved, mem, begin, time, ran, runnable);
}

void smk_starved_free(struct smk_starved *starved, struct smk_mem *mem)
{
    smk_mem_free(mem, starved->slots, starved->slot_capacity * sizeof(*starved->slots));
    smk_mem_free(mem, starved->threads, starved->thread_capacity * sizeof(*starved->threads));
    smk_map_free(&starved->by_serial, mem);
    *starved = (struct smk_starved){0};
}
