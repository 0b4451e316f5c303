/* segments.c: one pass over all chunks, one process after the other, in the order in which each wrote them:
 * tables are taken, each segment's END is compared with what was found of it. Places within a segment are
 * counted over its own chunks: those of other processes may stand between them. */
#include "base/errors.h"
#include "base/varint.h"
#include "read/trace.h"

/* The segment that the pass is in. */
struct segment {
    bool open;
    bool whole;               /* no hole in it so far */
    uint32_t number;          /* of those that we have, from 1: what tables remember */
    uint32_t begin;           /* place of its first chunk */
    uint64_t events, bytes;
    uint32_t chunks, indexed; /* chunks of it; entries of its index */
    uint64_t indexed_bytes;   /* of the chunks that those describe */
    bool index_wrong;
    uint64_t problems_before; /* of the trace, before the process's first chunk */
};

static unsigned long long at(const struct smk_chunk_ref *ref) { return (unsigned long long)ref->offset; }

/* ---- index ---------------------------------------------------------------------------------------------- */

/* Whether the next entry of the index describes the segment's next chunk. */
static bool entry_fits(const struct smk_trace *trace, struct segment *segment, const uint64_t field[6],
                       uint64_t offset, uint64_t first)
{
    const struct smk_chunk_ref *begin = &trace->chunks[segment->begin];
    const struct smk_chunk_ref *ref = begin + segment->indexed;
    uint64_t place = segment->indexed_bytes;
    if (segment->begin + (uint64_t)segment->indexed >= trace->chunk_count || ref->process != begin->process)
        return false;
    segment->indexed++;
    segment->indexed_bytes += SMK_CHUNK_HEADER + ref->stored;
    return place == offset && ref->kind == field[1] && ref->thread == field[2] && ref->first == first &&
           ref->last - ref->first == field[4] && ref->count == field[5];
}

/* The index is a help for others: here the headers are what counts, and it is only checked. */
static void check_index(struct smk_trace *trace, struct segment *segment, struct smk_chunk_ref *ref)
{
    struct smk_payload payload;
    uint64_t offset = 0, first = 0, field[6];
    if (!trace->verify || !segment->open || smk_load(trace, ref, &payload) < 0)
        return;
    const uint8_t *p = payload.data, *end = p + payload.size;
    for (uint32_t i = 0; i < payload.head.count && !segment->index_wrong; i++) {
        for (int f = 0; f < 6 && p; f++)
            p = smk_varint_get(p, end, &field[f]);
        offset += p ? (uint64_t)smk_unzigzag(field[0]) : 0;
        first += p ? (uint64_t)smk_unzigzag(field[3]) : 0;
        segment->index_wrong =
            !p || (segment->whole && !entry_fits(trace, segment, field, offset, first));
    }
    if (segment->index_wrong || p != end)
        smk_trace_problem_add(trace, "%s: the index at offset %llu does not describe its segment",
                              smk_ref_file(trace, ref), at(ref));
}

/* ---- end ------------------------------------------------------------------------------------------------ */

static void check_end(struct smk_trace *trace, const struct segment *segment,
                      const struct smk_chunk_ref *ref, const struct smk_segment_end *end)
{
    const char *file = smk_ref_file(trace, ref);
    if (end->bytes == 0 || !segment->open || !segment->whole)
        return; /* ended after an error, or damaged: said already */
    if (end->bytes != segment->bytes)
        smk_trace_problem_add(trace, "%s: the END at offset %llu states %llu bytes, its segment has %llu",
                              file, at(ref), (unsigned long long)end->bytes,
                              (unsigned long long)segment->bytes);
    if (end->events != segment->events)
        smk_trace_problem_add(trace,
                              "%s: the END at offset %llu states %llu events, its segment has %llu", file,
                              at(ref), (unsigned long long)end->events,
                              (unsigned long long)segment->events);
    if (end->chunks != segment->chunks)
        smk_trace_problem_add(trace, "%s: the END at offset %llu states %u chunks, its segment has %u",
                              file, at(ref), end->chunks, segment->chunks);
}

static void take_end(struct smk_trace *trace, struct segment *segment, struct smk_chunk_ref *ref)
{
    struct smk_payload payload;
    struct smk_segment_end end;
    if (smk_load(trace, ref, &payload) < 0)
        return;
    if (payload.size != SMK_SEGMENT_END_SIZE) {
        smk_trace_problem_add(trace, "%s: the END at offset %llu has %u bytes, 64 are right",
                              smk_ref_file(trace, ref), at(ref), payload.size);
        return;
    }
    smk_segment_end_unpack(&end, payload.data);
    check_end(trace, segment, ref, &end);
    struct smk_process *process = &trace->processes[ref->process];
    process->end = end;
    process->ends++;
    process->info.to_end = end.flags & SMK_SEGMENT_LAST;
    segment->open = false;
}

/* ---- begin ---------------------------------------------------------------------------------------------- */

static void note_open_end(struct smk_trace *trace, const struct smk_chunk_ref *last)
{
    smk_trace_problem_add(trace,
                          "%s: no END behind offset %llu: the file was cut there, or its process killed; "
                          "what was recorded last is missing",
                          smk_ref_file(trace, last),
                          (unsigned long long)(last->offset + SMK_CHUNK_HEADER + last->stored));
}

static void begin_segment(struct smk_trace *trace, struct segment *segment, uint32_t place)
{
    if (segment->open)
        note_open_end(trace, &trace->chunks[place - 1]);
    if (trace->chunks[place].kind != SMK_CHUNK_SEGMENT)
        smk_trace_problem_add(trace, "%s: no SEGMENT before the %s chunk at offset %llu: what it says is missing",
                              smk_ref_file(trace, &trace->chunks[place]),
                              smk_chunk_kind_name(trace->chunks[place].kind)
                                  ? smk_chunk_kind_name(trace->chunks[place].kind)
                                  : "unknown",
                              at(&trace->chunks[place]));
    *segment = (struct segment){.open = true,
                                .whole = trace->chunks[place].kind == SMK_CHUNK_SEGMENT,
                                .number = segment->number + 1,
                                .begin = place,
                                .problems_before = segment->problems_before};
    struct smk_process *process = &trace->processes[trace->chunks[place].process];
    process->info.segments++;
    process->info.to_end = false;
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

static int take_table(struct smk_trace *trace, struct segment *segment, struct smk_chunk_ref *ref)
{
    struct smk_payload payload;
    if (smk_load(trace, ref, &payload) < 0)
        return 0;
    const char *why = smk_tables_read(trace, &payload, ref->process, segment->number);
    if (why && !why[0])
        return smk_trace_no_memory(trace);
    if (why)
        smk_trace_problem_add(trace, "%s: the %s chunk at offset %llu: %s", smk_ref_file(trace, ref),
                              smk_chunk_kind_name(ref->kind), at(ref), why);
    return 0;
}

static int take_events(struct smk_trace *trace, struct segment *segment, struct smk_chunk_ref *ref)
{
    struct smk_process *process = &trace->processes[ref->process];
    if (process->info.events == 0 || ref->first < process->first_event)
        process->first_event = ref->first;
    process->last_event = smk_max_u64(process->last_event, ref->last);
    process->info.events += ref->count;
    segment->events += ref->count;
    if (trace->several && !smk_tables_need_thread(trace, ref->process, ref->thread, ref->tid))
        return smk_trace_no_memory(trace);
    return trace->verify ? smk_verify_events(trace, ref, segment->number) : 0;
}

static int take_chunk(struct smk_trace *trace, struct segment *segment, struct smk_chunk_ref *ref)
{
    segment->chunks++;
    segment->bytes += SMK_CHUNK_HEADER + ref->stored;
    switch (ref->kind) {
    case SMK_CHUNK_EVENTS:
        return ref->count ? take_events(trace, segment, ref) : 0;
    case SMK_CHUNK_INDEX:
        check_index(trace, segment, ref);
        return 0;
    case SMK_CHUNK_END:
        take_end(trace, segment, ref);
        return 0;
    default:
        return smk_chunk_kind_name(ref->kind) ? take_table(trace, segment, ref) : 0;
    }
}

/* The pass is behind the last chunk of a process. */
static void end_process(struct smk_trace *trace, struct segment *segment, uint32_t place)
{
    struct smk_process *process = &trace->processes[trace->chunks[place].process];
    if (segment->open)
        note_open_end(trace, &trace->chunks[place]);
    process->problems += trace->problems.total - segment->problems_before;
    segment->problems_before = trace->problems.total;
    segment->open = false;
    smk_tables_end_process(trace, process);
}

int smk_segments_read(struct smk_trace *trace)
{
    struct segment segment = {.problems_before = trace->problems.total};
    const struct smk_chunk_ref *chunks = trace->chunks;
    uint32_t count = trace->chunk_count;
    int rc = 0;
    for (uint32_t i = 0; i < count && rc == 0; i++) {
        struct smk_chunk_ref *ref = &trace->chunks[i];
        struct smk_process *process = &trace->processes[ref->process];
        if (ref->kind == SMK_CHUNK_SEGMENT || !segment.open)
            begin_segment(trace, &segment, i);
        else
            segment.whole &= ref->sequence == chunks[i - 1].sequence + 1;
        rc = take_chunk(trace, &segment, ref);
        process->info.bytes += SMK_CHUNK_HEADER + ref->stored;
        process->info.chunks++;
        if (rc == 0 && (i + 1 == count || chunks[i + 1].process != ref->process))
            end_process(trace, &segment, i);
        if (trace->progress)
            trace->progress(trace->progress_arg, i + 1, count);
    }
    return rc;
}
