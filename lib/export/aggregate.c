#include "export/aggregate.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_HZ 99u

static struct smk_aggregate *aggregate_of(void *arg) { return arg; }

static char *copy(struct smk_exporter *exporter, const char *text)
{
    size_t len = strlen(text) + 1;
    char *kept = smk_mem_new(&exporter->mem, len);
    if (kept)
        memcpy(kept, text, len);
    return kept;
}

static uint64_t key_of(const struct smk_aggregate_entry *entry, const char *name)
{
    uint64_t parts[2] = {(uint64_t)entry->stack << 16 | (uint64_t)entry->for_work << 8 | entry->kind,
                         smk_hash_bytes(name, strlen(name))};
    return smk_hash_bytes(parts, sizeof(parts));
}

static struct smk_aggregate_entry *entry_of(struct smk_aggregate *to, struct smk_aggregate_entry entry,
                                            const char *name)
{
    struct smk_mem *mem = &to->exporter->mem;
    uint64_t key = key_of(&entry, name);
    uint32_t index = smk_map_get(&to->by_key, key);
    if (index != SMK_MAP_NONE)
        return &to->entries[index];
    if (to->count >= SMK_AGGREGATE_MAX && entry.stack)
        return entry_of(to, (struct smk_aggregate_entry){.kind = entry.kind, .for_work = entry.for_work}, "");
    if (!smk_mem_grow(mem, &to->entries, &to->capacity, to->count + 1u) ||
        !(entry.name = copy(to->exporter, name)))
        return NULL;
    to->entries[to->count] = entry;
    if (!smk_map_put(&to->by_key, mem, key, to->count))
        return NULL;
    return &to->entries[to->count++];
}

static void add(struct smk_aggregate *to, struct smk_aggregate_entry entry, const char *name)
{
    struct smk_aggregate_entry *sum = entry_of(to, (struct smk_aggregate_entry){.stack = entry.stack,
                                                                               .kind = entry.kind,
                                                                               .for_work = entry.for_work},
                                               name);
    if (!sum)
        return;
    sum->count += entry.count;
    sum->ns += entry.ns;
}

/* ---- waits ---------------------------------------------------------------------------------------------- */

static void add_wait(struct smk_aggregate *to, const struct smk_span_wait *wait)
{
    struct smk_export_text name;
    if (wait->site)
        smk_export_site(to->exporter, &name, wait->site);
    else if (!smk_export_object(to->exporter, &name, wait)[0])
        smk_export_string(to->exporter, &name, wait->call);
    add(to, (struct smk_aggregate_entry){.stack = wait->stack,
                                         .kind = wait->kind,
                                         .for_work = wait->idle,
                                         .count = 1,
                                         .ns = wait->to - wait->from},
        name.text);
}

static void on_any_wait(void *arg, const struct smk_span_wait *wait) { add_wait(aggregate_of(arg), wait); }

static void on_wait_at_work(void *arg, const struct smk_span_wait *wait)
{
    if (!wait->idle)
        add_wait(aggregate_of(arg), wait);
}

int smk_aggregate_waits(struct smk_aggregate *to, struct smk_exporter *exporter, bool with_idle)
{
    static const struct smk_timeline_calls all = {.wait = on_any_wait}, at_work = {.wait = on_wait_at_work};
    *to = (struct smk_aggregate){.exporter = exporter};
    return smk_export_timeline(exporter, with_idle ? &all : &at_work, to);
}

/* ---- unlocks -------------------------------------------------------------------------------------------- */

static void add_unlock(struct smk_aggregate *to, uint32_t stack, const struct smk_handover_wait *wait)
{
    add(to, (struct smk_aggregate_entry){.stack = stack,
                                         .kind = SMK_WAIT_LOCK,
                                         .count = 1,
                                         .ns = wait->to - wait->from},
        "");
}

static void on_met(void *arg, const struct smk_handover_wait *wait, struct smk_handover_release *release)
{
    add_unlock(aggregate_of(arg), release->stack, wait);
}

static void on_unmet(void *arg, const struct smk_handover_wait *wait) { add_unlock(aggregate_of(arg), 0, wait); }

static void on_release(void *arg, const struct smk_span_release *said)
{
    struct smk_aggregate *to = aggregate_of(arg);
    if (said->wake)
        return;
    struct smk_handover_release release = {.from = said->from,
                                           .stack = said->stack,
                                           .tid = smk_export_tid_of(to->exporter, said->thread),
                                           .left = UINT32_MAX};
    smk_handovers_release(&to->handovers, said->process, said->object, &release);
}

static void on_lock_wait(void *arg, const struct smk_span_wait *wait)
{
    if (wait->kind == SMK_WAIT_LOCK)
        smk_handovers_wait(&aggregate_of(arg)->handovers, wait);
}

int smk_aggregate_unlocks(struct smk_aggregate *to, struct smk_exporter *exporter)
{
    static const struct smk_timeline_calls calls = {.wait = on_lock_wait, .release = on_release};
    *to = (struct smk_aggregate){.exporter = exporter,
                                 .handovers = {.mem = &exporter->mem, .arg = to, .met = on_met, .unmet = on_unmet}};
    int result = smk_export_timeline(exporter, &calls, to);
    smk_handovers_finish(&to->handovers);
    return result != 0 ? result : smk_mem_failed(&exporter->mem);
}

/* ---- samples -------------------------------------------------------------------------------------------- */

/* "perf task clock, 99 Hz, …". */
uint64_t smk_aggregate_period(const struct smk_exporter *exporter)
{
    const char *how = smk_trace_fact(exporter->trace, "cpu.samples_how");
    const char *hz = how ? strstr(how, " Hz") : NULL;
    while (hz && hz > how && hz[-1] >= '0' && hz[-1] <= '9')
        hz--;
    unsigned long rate = hz ? strtoul(hz, NULL, 10) : 0;
    return 1000000000u / (rate >= 1 && rate <= 1000000 ? rate : DEFAULT_HZ);
}

static void on_sample(void *arg, const struct smk_span_sample *sample)
{
    add(aggregate_of(arg), (struct smk_aggregate_entry){.stack = sample->stack, .count = 1}, "");
}

int smk_aggregate_samples(struct smk_aggregate *to, struct smk_exporter *exporter)
{
    static const struct smk_timeline_calls calls = {.sample = on_sample};
    uint64_t period = smk_aggregate_period(exporter);
    *to = (struct smk_aggregate){.exporter = exporter};
    int result = smk_export_timeline(exporter, &calls, to);
    for (uint32_t i = 0; i < to->count; i++)
        to->entries[i].ns = to->entries[i].count * period;
    return result;
}

void smk_aggregate_free(struct smk_aggregate *to)
{
    struct smk_mem *mem = &to->exporter->mem;
    for (uint32_t i = 0; i < to->count; i++)
        smk_mem_free(mem, to->entries[i].name, strlen(to->entries[i].name) + 1);
    smk_mem_free(mem, to->entries, to->capacity * sizeof(*to->entries));
    smk_map_free(&to->by_key, mem);
}
