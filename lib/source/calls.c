#define _GNU_SOURCE
#include "source/calls.h"

#include <stdio.h>

#include "base/sys.h"
#include "core/site.h"

uint32_t smk_call_names[SMK_CALL_COUNT];
uint64_t (*smk_call_counts)[SMK_CALL_COUNT] SMK_HOT_DATA;

static const char *const names[SMK_CALL_COUNT] = {
#define X(result, name, ...) [SMK_CALL_##name] = #name,
    SMK_REAL_CALLS(X)
#undef X
    [SMK_CALL_futex] = "futex",
};

static uint64_t slots(void)
{
    struct smk_threads_stats stats;
    smk_threads_stats(&stats);
    return stats.capacity;
}

/* Address space for every slot; memory for those that are used. Kept for ever: a thread may be counting. */
static void make_counts(void)
{
    uint64_t(*none)[SMK_CALL_COUNT] = NULL, (*counts)[SMK_CALL_COUNT];
    size_t size = slots() * sizeof *counts;
    if (size == 0 || smk_load_relaxed(&smk_call_counts) || !(counts = smk_sys_map(size)))
        return;
    if (!smk_cas_acq_rel(&smk_call_counts, &none, counts)) /* pairs with: smk_call_count */
        smk_sys_unmap(counts, size);
}

void smk_calls_prepare(void)
{
    for (unsigned call = 0; call < SMK_CALL_COUNT; call++)
        smk_store_relaxed(&smk_call_names[call], smk_string_id(names[call]));
    make_counts();
}

struct passed {
    enum smk_passing which;
    uint64_t sum;
};

static bool add_passed(struct smk_thread *t, void *arg)
{
    struct passed *passed = arg;
    passed->sum += smk_load_relaxed(&t->passed[passed->which]);
    return true;
}

/* Of those that a slot counts itself. */
static uint64_t passed_of(enum smk_call call)
{
    static const uint16_t calls[] = {
#define X(name) SMK_CALL_##name,
        SMK_PASSING_CALLS(X)
#undef X
    };
    for (unsigned i = 0; i < SMK_PASSING_COUNT; i++) {
        if (calls[i] != call)
            continue;
        struct passed passed = {.which = i};
        smk_threads_each_slot(add_passed, &passed);
        return passed.sum;
    }
    return 0;
}

uint64_t smk_calls_seen(enum smk_call call)
{
    uint64_t(*counts)[SMK_CALL_COUNT] = smk_load_acquire(&smk_call_counts); /* pairs with: make_counts */
    struct smk_threads_stats stats;
    uint64_t sum = passed_of(call);
    smk_threads_stats(&stats);
    for (uint64_t i = 0; counts && i < smk_min_u64(stats.started, stats.capacity); i++)
        sum += smk_load_relaxed(&counts[i][call]);
    return sum;
}

size_t smk_calls_list(char *text, size_t size)
{
    size_t len = 0;
    text[0] = '\0';
    for (unsigned call = 0; call < SMK_CALL_COUNT && len + 64 < size; call++) {
        uint64_t seen = smk_calls_seen(call);
        if (seen > 0)
            len += (size_t)snprintf(text + len, size - len, "%s %llu\n", names[call], (unsigned long long)seen);
    }
    return len;
}
