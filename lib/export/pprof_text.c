#include "export/pprof_text.h"

#include "export/aggregate.h"

#define FRAMES_MAX 1024u

struct addresses {
    struct smk_exporter *exporter;
    uint64_t last; /* what was inlined is at one address with what it was inlined into */
    uint32_t count;
};

static bool put_address(void *arg, const struct smk_export_frame *frame)
{
    struct addresses *addresses = arg;
    if (frame->pc != addresses->last)
        smk_out_format(&addresses->exporter->out, " 0x%llx", (unsigned long long)frame->pc);
    addresses->last = frame->pc;
    return ++addresses->count < FRAMES_MAX;
}

static bool put_function(void *arg, const struct smk_export_frame *frame)
{
    struct addresses *addresses = arg;
    struct smk_out *out = &addresses->exporter->out;
    struct smk_export_text text;
    smk_out_format(out, "#\t0x%llx\t", (unsigned long long)frame->pc);
    smk_out_text(out, smk_export_clean(&text, frame->function));
    smk_out_text(out, "\t");
    smk_out_text(out, smk_export_clean(&text, frame->file[0] ? frame->file : frame->module));
    if (frame->file[0])
        smk_out_format(out, ":%u", frame->line);
    smk_out_text(out, "\n");
    return ++addresses->count < FRAMES_MAX;
}

/* "nanoseconds count @ addresses", since there are so many cycles in a second. */
static void put_entry(struct smk_exporter *exporter, const struct smk_aggregate_entry *entry)
{
    struct smk_out *out = &exporter->out;
    struct addresses addresses = {.exporter = exporter}, functions = {.exporter = exporter};
    smk_out_format(out, "%llu %llu @", (unsigned long long)entry->ns, (unsigned long long)entry->count);
    smk_export_stack(exporter, entry->stack, put_address, &addresses);
    smk_out_text(out, "\n");
    if (entry->kind && entry->name[0]) {
        smk_out_format(out, "#\t%s ", smk_wait_kind_name(entry->kind));
        smk_out_text(out, entry->name);
        smk_out_text(out, "\n");
    }
    smk_export_stack(exporter, entry->stack, put_function, &functions);
    smk_out_text(out, "\n");
}

static int write_text(struct smk_aggregate *aggregate, const char *head, int result)
{
    struct smk_exporter *exporter = aggregate->exporter;
    smk_out_text(&exporter->out, head);
    for (uint32_t i = 0; result == 0 && i < aggregate->count; i++)
        put_entry(exporter, &aggregate->entries[i]);
    smk_aggregate_free(aggregate);
    return result != 0 ? result : smk_mem_failed(&exporter->mem);
}

static int run_block(struct smk_exporter *exporter)
{
    struct smk_aggregate aggregate;
    int result = smk_aggregate_waits(&aggregate, exporter, false);
    return write_text(&aggregate, "--- contention:\ncycles/second=1000000000\n", result);
}

static int run_mutex(struct smk_exporter *exporter)
{
    struct smk_aggregate aggregate;
    int result = smk_aggregate_unlocks(&aggregate, exporter);
    return write_text(&aggregate, "--- mutex:\ncycles/second=1000000000\nsampling period=1\n", result);
}

const struct smk_export_format smk_export_pprof_block_text = {"pprof-block-text", "pprof-block as text", run_block};
const struct smk_export_format smk_export_pprof_mutex_text = {"pprof-mutex-text", "pprof-mutex as text", run_mutex};
