#include "analysis/wait_functions.h"

#define FUNCTIONS_MAX 256u

static uint32_t function_of(struct smk_symbols *symbols, uint32_t id)
{
    const struct smk_place *place = smk_symbols_own_place(symbols, id);
    return place ? place->function_id : SMK_MAP_NONE;
}

static void add(struct smk_wait_function *function, const struct smk_wait_place *place, bool in_requests)
{
    uint64_t ns = in_requests ? place->in_ns : place->ns, count = in_requests ? place->in_count : place->count;
    function->ns += ns;
    function->count += count;
    if (ns > function->stack_ns || function->count == count) {
        function->stack = place->stack;
        function->stack_ns = ns;
    }
    if (place->max >= function->most.max)
        function->most = *place;
    if (place->what == 0 && place->object == 0)
        return;
    if (function->things == 0 || place->what != function->thing_what || place->object != function->thing_object)
        function->things++;
    if (ns >= function->thing_ns) {
        function->thing_what = place->what;
        function->thing_object = place->object;
        function->thing_ns = ns;
    }
}

/* The one with most time from `at` on is brought there. */
static void bring(struct smk_wait_function *list, uint32_t count, uint32_t at)
{
    uint32_t most = at;
    for (uint32_t i = at + 1; i < count; i++)
        if (list[i].ns > list[most].ns)
            most = i;
    struct smk_wait_function kept = list[at];
    list[at] = list[most];
    list[most] = kept;
}

uint32_t smk_wait_functions(const struct smk_call_waits *waits, struct smk_symbols *symbols, uint32_t sum,
                            bool in_requests, struct smk_wait_function *functions, uint32_t max)
{
    struct smk_wait_function *list = smk_mem_new(symbols->mem, FUNCTIONS_MAX * sizeof(*list));
    uint32_t count = 0;
    for (uint32_t i = 0; list && i < waits->place_count; i++) {
        const struct smk_wait_place *place = &waits->places[i];
        if (place->sum != sum || (in_requests && place->in_count == 0))
            continue;
        uint32_t id = function_of(symbols, place->stack), k = 0;
        while (k < count && list[k].function_id != id)
            k++;
        if (k == FUNCTIONS_MAX)
            continue;
        if (k == count)
            list[count++] = (struct smk_wait_function){.function_id = id};
        add(&list[k], place, in_requests);
    }
    uint32_t kept = count < max ? count : max;
    for (uint32_t i = 0; i < kept; i++) {
        bring(list, count, i);
        functions[i] = list[i];
    }
    smk_mem_free(symbols->mem, list, FUNCTIONS_MAX * sizeof(*list));
    return kept;
}
