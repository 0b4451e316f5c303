/* order.c: chunks of all files in one order. */
#include "base/sort.h"
#include "read/trace.h"

static bool by_sequence(const void *a, const void *b)
{
    const struct smk_chunk_ref *x = a, *y = b;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence;
    return x->file != y->file ? x->file < y->file : x->offset < y->offset;
}

static bool by_time(const void *a, const void *b)
{
    const struct smk_chunk_ref *x = a, *y = b;
    return x->first != y->first ? x->first < y->first : x->sequence < y->sequence;
}

/* Nearly always they are in order already, and sorting is not free. */
static void sort(struct smk_trace *trace, smk_before before)
{
    for (uint32_t i = 1; i < trace->chunk_count; i++)
        if (before(&trace->chunks[i], &trace->chunks[i - 1])) {
            smk_sort(trace->chunks, trace->chunk_count, sizeof *trace->chunks, before);
            return;
        }
}

/* The same chunk in two files, or in a file that was joined to itself. */
static void drop_twins(struct smk_trace *trace)
{
    uint32_t kept = 0, twins = 0;
    for (uint32_t i = 0; i < trace->chunk_count; i++) {
        if (kept && trace->chunks[kept - 1].sequence == trace->chunks[i].sequence)
            twins++;
        else
            trace->chunks[kept++] = trace->chunks[i];
    }
    trace->chunk_count = kept;
    if (twins)
        smk_trace_problem_add(trace, "%u chunks are there more than once; they count once", twins);
}

static void note_hole(struct smk_trace *trace, const struct smk_chunk_ref *before,
                      const struct smk_chunk_ref *after)
{
    bool segments = before->kind == SMK_CHUNK_END && after->kind == SMK_CHUNK_SEGMENT;
    uint32_t missing = after->sequence - before->sequence - 1;
    smk_trace_problem_add(trace,
                          "%s%u chunk%s of the capture missing between offset %llu of %s and offset "
                          "%llu of %s",
                          segments ? "one or more segments, " : "", missing, missing == 1 ? "" : "s",
                          (unsigned long long)(before->offset + SMK_CHUNK_HEADER + before->stored),
                          smk_ref_file(trace, before), (unsigned long long)after->offset,
                          smk_ref_file(trace, after));
}

void smk_order(struct smk_trace *trace)
{
    sort(trace, by_sequence);
    drop_twins(trace);
    for (uint32_t i = 1; i < trace->chunk_count; i++)
        if (trace->chunks[i].sequence != trace->chunks[i - 1].sequence + 1)
            note_hole(trace, &trace->chunks[i - 1], &trace->chunks[i]);
    trace->from_start = trace->chunk_count > 0 && trace->chunks[0].sequence == 0;
}

void smk_order_events(struct smk_trace *trace)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < trace->chunk_count; i++)
        if (trace->chunks[i].kind == SMK_CHUNK_EVENTS && trace->chunks[i].count > 0)
            trace->chunks[kept++] = trace->chunks[i];
    trace->chunk_count = kept;
    sort(trace, by_time);
}
