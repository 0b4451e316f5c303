/* segments.c: one pass over all chunks in the order in which they were written: tables are taken, each
 * segment's END is compared with what was found of it. */
#include "base/errors.h"
#include "base/varint.h"
#include "read/trace.h"

/* The segment that the pass is in. */
struct segment {
    bool open;
    bool whole;               /* no hole in it so far */
    uint32_t number;          /* of those that we have, from 1: what tables remember */
    uint32_t begin;           /* place of its first chunk */
    uint64_t events;
    uint32_t chunks, indexed; /* chunks of it; entries of its index */
    bool index_wrong;
};

static unsigned long long at(const struct smk_chunk_ref *ref) { return (unsigned long long)ref->offset; }

/* ---- index ---------------------------------------------------------------------------------------------- */

/* Whether the next entry of the index describes the segment's chunk number `number`. */
static bool entry_fits(const struct smk_trace *trace, const struct segment *segment, uint32_t number,
                       const uint64_t field[6], uint64_t offset, uint64_t first)
{
    const struct smk_chunk_ref *begin = &trace->chunks[segment->begin];
    const struct smk_chunk_ref *ref = begin + number;
    if (segment->begin + (uint64_t)number >= trace->chunk_count || ref->file != begin->file)
        return false;
    return ref->offset - begin->offset == offset && ref->kind == field[1] && ref->thread == field[2] &&
           ref->first == first && ref->last - ref->first == field[4] && ref->count == field[5];
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
            !p || (segment->whole && !entry_fits(trace, segment, segment->indexed++, field, offset, first));
    }
    if (segment->index_wrong || p != end)
        smk_trace_problem_add(trace, "%s: the index at offset %llu does not describe its segment",
                              smk_ref_file(trace, ref), at(ref));
}

/* ---- end ------------------------------------------------------------------------------------------------ */

static void check_end(struct smk_trace *trace, const struct segment *segment,
                      const struct smk_chunk_ref *ref, const struct smk_segment_end *end)
{
    const struct smk_chunk_ref *begin = &trace->chunks[segment->begin];
    const char *file = smk_ref_file(trace, ref);
    uint64_t bytes = ref->offset + SMK_CHUNK_HEADER + ref->stored - begin->offset;
    if (end->bytes == 0 || !segment->open || !segment->whole || begin->file != ref->file)
        return; /* ended after an error, or damaged: said already */
    if (end->bytes != bytes)
        smk_trace_problem_add(trace, "%s: the END at offset %llu states %llu bytes, its segment has %llu",
                              file, at(ref), (unsigned long long)end->bytes, (unsigned long long)bytes);
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
    trace->end = end;
    trace->ends++;
    trace->to_end = end.flags & SMK_SEGMENT_LAST;
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
                                .begin = place};
    trace->to_end = false;
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

static int take_table(struct smk_trace *trace, struct segment *segment, struct smk_chunk_ref *ref)
{
    struct smk_payload payload;
    if (smk_load(trace, ref, &payload) < 0)
        return 0;
    const char *why = smk_tables_read(trace, &payload, segment->number);
    if (why && !why[0])
        return smk_trace_no_memory(trace);
    if (why)
        smk_trace_problem_add(trace, "%s: the %s chunk at offset %llu: %s", smk_ref_file(trace, ref),
                              smk_chunk_kind_name(ref->kind), at(ref), why);
    return 0;
}

static int take_events(struct smk_trace *trace, struct segment *segment, struct smk_chunk_ref *ref)
{
    if (trace->info.events == 0 || ref->first < trace->first_event)
        trace->first_event = ref->first;
    trace->last_event = smk_max_u64(trace->last_event, ref->last);
    trace->info.events += ref->count;
    segment->events += ref->count;
    return trace->verify ? smk_verify_events(trace, ref, segment->number) : 0;
}

static int take_chunk(struct smk_trace *trace, struct segment *segment, struct smk_chunk_ref *ref)
{
    segment->chunks++;
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

int smk_segments_read(struct smk_trace *trace)
{
    struct segment segment = {0};
    int rc = 0;
    for (uint32_t i = 0; i < trace->chunk_count && rc == 0; i++) {
        struct smk_chunk_ref *ref = &trace->chunks[i];
        if (ref->kind == SMK_CHUNK_SEGMENT || !segment.open)
            begin_segment(trace, &segment, i);
        else
            segment.whole &= ref->sequence == trace->chunks[i - 1].sequence + 1;
        rc = take_chunk(trace, &segment, ref);
        trace->info.bytes += SMK_CHUNK_HEADER + ref->stored;
        if (trace->progress)
            trace->progress(trace->progress_arg, i + 1, trace->chunk_count);
    }
    if (rc == 0 && segment.open)
        note_open_end(trace, &trace->chunks[trace->chunk_count - 1]);
    trace->info.segments = segment.number;
    trace->info.chunks = trace->chunk_count;
    return rc;
}
