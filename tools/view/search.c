#include "search.h"

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "export/exporter.h"

struct smk_web_things {
    struct smk_exporter *exporter; /* first: as smk_export_timeline wants it; of the pass alone */
    struct smk_mem mem;
    struct smk_web_thing *array;
    uint32_t count, capacity;
    struct smk_map by_name;
    struct longest *stacks; /* the longest wait at each stack, which becomes functions */
    uint32_t stack_count, stack_capacity;
    struct smk_map by_stack;
};

struct longest {
    uint32_t stack, thread;
    uint64_t from, to, count;
};

/* ---- collecting ----------------------------------------------------------------------------------------- */

static char *copy_of(struct smk_mem *mem, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = smk_mem_new(mem, len);
    if (copy)
        memcpy(copy, text, len);
    return copy;
}

static void see(struct smk_web_things *things, enum smk_web_what what, const char *text, const struct longest *seen)
{
    uint64_t key = smk_hash_bytes(text, strlen(text)) + what;
    uint32_t index = smk_map_get(&things->by_name, key);
    if (!text[0])
        return;
    if (index == SMK_MAP_NONE) {
        if (things->count >= SMK_WEB_THINGS ||
            !smk_mem_grow(&things->mem, &things->array, &things->capacity, things->count + 1u))
            return;
        struct smk_web_thing *made = &things->array[things->count];
        *made = (struct smk_web_thing){.text = copy_of(&things->mem, text), .what = what};
        if (!made->text || !smk_map_put(&things->by_name, &things->mem, key, things->count))
            return;
        index = things->count++;
    }
    struct smk_web_thing *thing = &things->array[index];
    thing->count += seen->count;
    if (seen->to - seen->from >= thing->to - thing->from) {
        thing->from = seen->from;
        thing->to = seen->to;
        thing->thread = seen->thread;
    }
}

static void see_stack(struct smk_web_things *things, uint32_t stack, const struct longest *seen)
{
    uint32_t index = stack ? smk_map_get(&things->by_stack, stack) : 0;
    if (!stack)
        return;
    if (index == SMK_MAP_NONE) {
        if (things->stack_count >= SMK_WEB_THINGS ||
            !smk_mem_grow(&things->mem, &things->stacks, &things->stack_capacity, things->stack_count + 1u) ||
            !smk_map_put(&things->by_stack, &things->mem, stack, things->stack_count))
            return;
        index = things->stack_count++;
        things->stacks[index] = (struct longest){.stack = stack};
    }
    struct longest *longest = &things->stacks[index];
    longest->count++;
    if (seen->to - seen->from >= longest->to - longest->from) {
        longest->from = seen->from;
        longest->to = seen->to;
        longest->thread = seen->thread;
    }
}

static void take_wait(void *arg, const struct smk_span_wait *wait)
{
    struct smk_web_things *things = arg;
    struct smk_export_text text;
    const struct longest seen = {.thread = wait->thread, .from = wait->from, .to = wait->to, .count = 1};
    if (!wait->idle)
        see_stack(things, wait->stack, &seen);
    if (wait->kind == SMK_WAIT_LOCK || wait->kind == SMK_WAIT_COND)
        see(things, SMK_WEB_LOCK, smk_export_object(things->exporter, &text, wait), &seen);
    if (wait->what)
        see(things, SMK_WEB_FILE, smk_export_string(things->exporter, &text, wait->what), &seen);
}

static void take_region(void *arg, const struct smk_span_region *region)
{
    struct smk_web_things *things = arg;
    struct smk_export_text text;
    const struct longest seen = {.thread = region->thread, .from = region->from, .to = region->to, .count = 1};
    see(things, SMK_WEB_REGION, smk_export_site(things->exporter, &text, region->site), &seen);
}

static void take_sample(void *arg, const struct smk_span_sample *sample)
{
    const struct longest seen = {.thread = sample->thread, .from = sample->time, .to = sample->time};
    see_stack(arg, sample->stack, &seen);
}

struct functions {
    struct smk_web_things *things;
    const struct longest *seen;
};

static bool take_frame(void *arg, const struct smk_export_frame *frame)
{
    struct functions *functions = arg;
    struct smk_export_text text;
    see(functions->things, SMK_WEB_FUNCTION, smk_export_clean(&text, frame->function), functions->seen);
    return true;
}

static int nowhere(void *arg, const void *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    (void)len;
    return 0;
}

static int collect(struct smk_web *web, struct smk_web_trace *trace, struct smk_web_things *things)
{
    static const struct smk_timeline_calls calls = {.wait = take_wait, .region = take_region, .sample = take_sample};
    const struct smk_export_options options = {.lines = trace->lines ? &trace->source : NULL,
                                               .debug_dir = web->options.debug_dir,
                                               .no_symbols = web->options.no_symbols,
                                               .progress = smk_web_traces_go_on,
                                               .progress_arg = &web->traces};
    struct smk_exporter exporter;
    int rc = smk_exporter_init(&exporter, trace->trace, &options, nowhere, NULL);
    things->exporter = &exporter;
    if (rc == 0)
        rc = smk_export_timeline(&exporter, &calls, things);
    for (uint32_t i = 0; rc == 0 && i < things->stack_count; i++) {
        struct functions functions = {things, &things->stacks[i]};
        smk_export_stack(&exporter, things->stacks[i].stack, take_frame, &functions);
    }
    smk_exporter_free(&exporter);
    things->exporter = NULL;
    return rc;
}

int smk_web_things_collect(struct smk_web *web, struct smk_web_things **to)
{
    int rc;
    struct smk_web_things *things = calloc(1, sizeof(*things));
    if (!things)
        return smk_fail(SMK_E_NOMEM, "there is no memory to search in");
    smk_mem_init(&things->mem, NULL, NULL, 0);
    struct smk_web_trace *trace = smk_web_traces_lend(&web->traces, &rc);
    if (trace) {
        rc = collect(web, trace, things);
        smk_web_traces_give_back(&web->traces, trace);
    }
    if (rc == 0)
        *to = things;
    else
        smk_web_things_free(things);
    return rc;
}

void smk_web_things_free(struct smk_web_things *things)
{
    if (!things)
        return;
    struct smk_mem *mem = &things->mem;
    for (uint32_t i = 0; i < things->count; i++)
        smk_mem_free(mem, things->array[i].text, strlen(things->array[i].text) + 1);
    smk_mem_free(mem, things->array, things->capacity * sizeof(*things->array));
    smk_mem_free(mem, things->stacks, things->stack_capacity * sizeof(*things->stacks));
    smk_map_free(&things->by_name, mem);
    smk_map_free(&things->by_stack, mem);
    free(things);
}

const struct smk_web_thing *smk_web_thing_at(const struct smk_web_things *things, uint32_t number)
{
    return number < things->count ? &things->array[number] : NULL;
}
