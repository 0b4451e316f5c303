#include "analysis/herds.h"

#include "format/events.h"

/* docs/findings.md has the reasons. */
#define HERD_LEAST 3u
#define AT_ONCE    100000u /* ns between a wait and the next: too short for work */

static struct smk_herd *herd_of(struct smk_herds *herds, struct smk_mem *mem, uint32_t process, uint64_t object,
                                bool make)
{
    uint64_t key = smk_map_own(process, object);
    uint32_t index = smk_map_get(&herds->by_object, key);
    if (index != SMK_MAP_NONE)
        return &herds->array[index];
    if (!make || herds->count >= SMK_HERDS_MAX ||
        !smk_mem_grow(mem, &herds->array, &herds->capacity, herds->count + 1u) ||
        !smk_map_put(&herds->by_object, mem, key, herds->count))
        return NULL;
    herds->array[herds->count] = (struct smk_herd){.object = object, .process = process};
    return &herds->array[herds->count++];
}

void smk_herds_wake(struct smk_herds *herds, struct smk_mem *mem, const smk_event *event)
{
    if (event->arg_count < 4 || event->args[3] < HERD_LEAST)
        return;
    struct smk_herd *herd = herd_of(herds, mem, event->process, event->args[2], true);
    if (!herd)
        return;
    herd->wakes[herd->wake_count++ % SMK_HERD_WAKES] = (struct smk_herd_wake){
        event->time - smk_min_u64(event->args[1], event->time), (uint32_t)event->args[0], event->thread};
    herd->most_waiters = smk_max_u64(herd->most_waiters, event->args[3]);
}

/* The wake in [begin, end], the last one; NULL: none that woke many. */
static const struct smk_herd_wake *wake_in(const struct smk_herd *herd, uint64_t begin, uint64_t end)
{
    const struct smk_herd_wake *last = NULL;
    for (uint32_t i = 0; i < SMK_HERD_WAKES && i < herd->wake_count; i++) {
        const struct smk_herd_wake *wake = &herd->wakes[i];
        if (wake->time >= begin && wake->time <= end && (!last || wake->time > last->time))
            last = wake;
    }
    return last;
}

/* The thread's wait before, now that it is known when it waited again. */
static void judge(struct smk_herds *herds, const struct smk_herd_thread *before, uint64_t again, bool same)
{
    struct smk_herd *herd = &herds->array[before->herd];
    const struct smk_herd_wake *wake = wake_in(herd, before->begin, before->end);
    if (!wake)
        return;
    herd->woken++;
    if (!same || again - smk_min_u64(again, before->end) > AT_ONCE)
        return;
    if (herd->useless++ == 0)
        herd->first = wake->time;
    herd->last = again;
    herd->cost += again - smk_min_u64(again, wake->time);
    herd->wait_stack = before->stack;
    herd->wake_stack = wake->stack;
    herd->waker = wake->thread;
}

void smk_herds_wait(struct smk_herds *herds, struct smk_mem *mem, const struct smk_call_wait *wait)
{
    if (wait->kind != SMK_WAIT_COND || wait->object == 0)
        return;
    struct smk_herd *herd = herd_of(herds, mem, wait->process, wait->object, true);
    uint32_t index = smk_map_get(&herds->by_thread, wait->thread);
    if (!herd)
        return;
    if (index == SMK_MAP_NONE) {
        index = herds->thread_count;
        if (!smk_mem_grow(mem, &herds->threads, &herds->thread_capacity, index + 1u) ||
            !smk_map_put(&herds->by_thread, mem, wait->thread, index))
            return;
        herds->thread_count++;
    } else {
        const struct smk_herd_thread *before = &herds->threads[index];
        judge(herds, before, wait->begin, &herds->array[before->herd] == herd);
    }
    herds->threads[index] = (struct smk_herd_thread){wait->begin, wait->end, (uint32_t)(herd - herds->array),
                                                     wait->stack};
}

void smk_herds_forget(struct smk_herds *herds)
{
    for (uint32_t i = 0; i < herds->thread_count; i++)
        herds->threads[i].begin = herds->threads[i].end = UINT64_MAX; /* no wake lies in it */
}

void smk_herds_free(struct smk_herds *herds, struct smk_mem *mem)
{
    smk_mem_free(mem, herds->array, herds->capacity * sizeof(*herds->array));
    smk_mem_free(mem, herds->threads, herds->thread_capacity * sizeof(*herds->threads));
    smk_map_free(&herds->by_object, mem);
    smk_map_free(&herds->by_thread, mem);
    *herds = (struct smk_herds){0};
}
