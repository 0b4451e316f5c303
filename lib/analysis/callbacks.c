#include "analysis/callbacks.h"

#include "base/sort.h"
#include "format/events.h"

static uint64_t arg(const smk_event *event, uint32_t number)
{
    return number < event->arg_count && number < SMK_READER_ARGS ? event->args[number] : 0;
}

void smk_callbacks_free(struct smk_callbacks *callbacks, struct smk_mem *mem)
{
    for (uint32_t i = 0; i < callbacks->count; i++) {
        smk_dist_free(&callbacks->rows[i].took, mem);
        smk_dist_free(&callbacks->rows[i].late, mem);
    }
    smk_mem_free(mem, callbacks->rows, callbacks->capacity * sizeof(*callbacks->rows));
    smk_map_free(&callbacks->by_site, mem);
    *callbacks = (struct smk_callbacks){0};
}

static struct smk_callback_row *row_of(struct smk_callbacks *callbacks, struct smk_mem *mem, uint32_t site)
{
    uint32_t index = smk_map_get(&callbacks->by_site, site);
    if (index != SMK_MAP_NONE)
        return &callbacks->rows[index];
    if (callbacks->count == SMK_CALLBACKS_MAX ||
        !smk_mem_grow(mem, &callbacks->rows, &callbacks->capacity, callbacks->count + 1u) ||
        !smk_map_put(&callbacks->by_site, mem, site, callbacks->count))
        return NULL;
    callbacks->rows[callbacks->count] = (struct smk_callback_row){.site = site};
    return &callbacks->rows[callbacks->count++];
}

static void on_callback(struct smk_callbacks *callbacks, struct smk_loops *loops, struct smk_mem *mem,
                        const smk_event *event)
{
    uint32_t site = (uint32_t)arg(event, 0);
    uint64_t took = smk_min_u64(arg(event, 1), event->time), late = arg(event, 2);
    smk_loops_called(loops, mem, event->thread, event->time - took, event->time, site);
    if (event->time < loops->from)
        return;
    struct smk_callback_row *row = row_of(callbacks, mem, site);
    if (!row) {
        callbacks->unlisted++;
        return;
    }
    smk_dist_add(&row->took, mem, took);
    if (arg(event, 3) == SMK_CALLBACK_TIMER)
        smk_dist_add(&row->late, mem, late);
    else if (arg(event, 3) == SMK_CALLBACK_READY)
        row->ready_max = smk_max_u64(row->ready_max, late);
}

void smk_callbacks_event(struct smk_callbacks *callbacks, struct smk_loops *loops, struct smk_mem *mem,
                         const smk_event *event)
{
    if (event->id == SMK_EV_LOOP_CALLBACK)
        on_callback(callbacks, loops, mem, event);
    else if (event->id == SMK_EV_LOOP_STALL && event->time >= loops->from)
        callbacks->stalls[callbacks->stall_count++ % SMK_STALLS_KEPT] =
            (struct smk_stall_seen){.time = event->time,
                                    .since = arg(event, 1),
                                    .process = event->process,
                                    .tid = (uint32_t)arg(event, 2),
                                    .site = (uint32_t)arg(event, 3),
                                    .stack = (uint32_t)arg(event, 0),
                                    .how = (uint32_t)arg(event, 4)};
}

static bool more_time(const void *a, const void *b)
{
    const struct smk_callback_row *x = a, *y = b;
    return x->took.total != y->took.total ? x->took.total > y->took.total : x->site < y->site;
}

void smk_callbacks_finish(struct smk_callbacks *callbacks, struct smk_mem *mem)
{
    smk_sort(callbacks->rows, callbacks->count, sizeof(*callbacks->rows), more_time);
    smk_map_free(&callbacks->by_site, mem);
}
