/* order.c: chunks of all files in one order. */
#include "base/sort.h"
#include "read/trace.h"

static bool by_sequence(const void *a, const void *b)
{
    const struct smk_chunk_ref *x = a, *y = b;
    if (x->process != y->process)
        return x->process < y->process;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence;
    return x->file != y->file ? x->file < y->file : x->offset < y->offset;
}

static bool by_time(const void *a, const void *b)
{
    const struct smk_chunk_ref *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first;
    return x->process != y->process ? x->process < y->process : x->sequence < y->sequence;
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

static void note_stranger(struct smk_trace *trace, const struct smk_chunk_ref *first,
                          const struct smk_chunk_ref *other)
{
    const struct smk_process *process = &trace->processes[first->process];
    smk_trace_problem_add(trace,
                          "two chunks are number %u of process %llu, at offset %llu of %s and offset %llu of "
                          "%s, and differ: two processes have one id, or a file was changed; the first counts",
                          first->sequence, (unsigned long long)process->id >> 32,
                          (unsigned long long)first->offset, smk_ref_file(trace, first),
                          (unsigned long long)other->offset, smk_ref_file(trace, other));
}

static bool same_place(const struct smk_chunk_ref *a, const struct smk_chunk_ref *b)
{
    return a->process == b->process && a->sequence == b->sequence;
}

static bool same_chunk(const struct smk_chunk_ref *a, const struct smk_chunk_ref *b)
{
    return a->kind == b->kind && a->crc == b->crc && a->first == b->first && a->last == b->last &&
           a->thread == b->thread && a->count == b->count && a->stored == b->stored;
}

/* The same chunk in two files, or in a file that was joined to itself; or of two processes that took one
 * id, of which nothing tells what is whose. */
static void drop_twins(struct smk_trace *trace)
{
    uint32_t kept = 0, twins = 0, strangers = 0;
    for (uint32_t i = 0; i < trace->chunk_count; i++) {
        const struct smk_chunk_ref *last = kept ? &trace->chunks[kept - 1] : NULL;
        if (!last || !same_place(last, &trace->chunks[i])) {
            trace->chunks[kept++] = trace->chunks[i];
        } else if (same_chunk(last, &trace->chunks[i])) {
            twins++;
        } else if (strangers++ == 0) {
            note_stranger(trace, last, &trace->chunks[i]);
        }
    }
    trace->chunk_count = kept;
    if (twins)
        smk_trace_problem_add(trace, "%u chunks are there more than once; they count once", twins);
    if (strangers > 1)
        smk_trace_problem_add(trace, "%u chunks in all have the place of another", strangers);
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
    const struct smk_chunk_ref *chunks = trace->chunks;
    sort(trace, by_sequence);
    drop_twins(trace);
    for (uint32_t i = 0; i < trace->chunk_count; i++) {
        struct smk_process *process = &trace->processes[chunks[i].process];
        if (i == 0 || chunks[i].process != chunks[i - 1].process) {
            process->info.chunks = 0; /* counted again, without twins, as they are read */
            process->info.from_start = chunks[i].sequence == 0;
        } else if (chunks[i].sequence != chunks[i - 1].sequence + 1) {
            note_hole(trace, &chunks[i - 1], &chunks[i]);
            process->problems++;
        }
    }
}

/* Their own units say nothing about the chunks of others. */
static void times_to_ns(struct smk_trace *trace)
{
    for (uint32_t i = 0; i < trace->chunk_count; i++) {
        struct smk_chunk_ref *ref = &trace->chunks[i];
        const struct smk_clocks *clocks = &trace->processes[ref->process].clocks;
        const struct smk_clock_stretch *stretch = NULL;
        ref->first = smk_clocks_ns(clocks, &stretch, ref->first);
        ref->last = smk_clocks_ns(clocks, &stretch, ref->last);
    }
}

void smk_order_events(struct smk_trace *trace)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < trace->chunk_count; i++)
        if (trace->chunks[i].kind == SMK_CHUNK_EVENTS && trace->chunks[i].count > 0)
            trace->chunks[kept++] = trace->chunks[i];
    trace->chunk_count = kept;
    if (trace->several)
        times_to_ns(trace);
    sort(trace, by_time);
}
