/* span_index.h: what every thread did in some intervals, kept to be asked: "what did thread T do in [a, b]".
 *
 * Filled by a pass of timeline.h over the whole trace, of which what overlaps an interval stays: memory goes with
 * the intervals, and is bounded. What had no room is counted, and whoever asks is to say so.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_SPAN_INDEX_H
#define SMK_ANALYSIS_SPAN_INDEX_H

#include "analysis/map.h"
#include "analysis/timeline.h"

#define SMK_INDEX_INTERVALS 16u
#define SMK_INDEX_KEPT      1000000u /* spans; of the rest a quarter of that each */

struct smk_kept_span {
    uint64_t from, to, request;
    uint32_t process, thread, cpu;
    uint32_t wait; /* number in waits + 1; 0: none */
    uint8_t state, kind, flags;
};

struct smk_index_thread {
    uint32_t serial, process;
    uint32_t first, count; /* of its spans, in `order` */
    uint32_t last_wait;    /* number + 1 of the wait that its last span was part of */
};

struct smk_index_interval {
    uint64_t from, to;
};

/* An array that the pass fills. */
#define SMK_INDEX_LIST(type, name)                                                                                 \
    type *name;                                                                                                    \
    uint32_t name##_count, name##_capacity

struct smk_span_index {
    struct smk_mem *mem;
    struct smk_index_interval intervals[SMK_INDEX_INTERVALS];
    uint32_t interval_count;
    SMK_INDEX_LIST(struct smk_kept_span, spans);
    SMK_INDEX_LIST(struct smk_span_wait, waits);
    SMK_INDEX_LIST(struct smk_span_region, regions);
    SMK_INDEX_LIST(struct smk_span_release, releases); /* unlocks, by object and time */
    SMK_INDEX_LIST(struct smk_span_sample, samples);
    SMK_INDEX_LIST(struct smk_span_handoff, handoffs);
    SMK_INDEX_LIST(struct smk_span_answer, answers);
    SMK_INDEX_LIST(struct smk_span_count, counts);
    SMK_INDEX_LIST(struct smk_span_request, requests);
    SMK_INDEX_LIST(struct smk_index_thread, threads);
    uint32_t *order; /* numbers of spans by thread, of each in order of time */
    struct smk_map by_serial;
    uint64_t refused;
};

void smk_span_index_init(struct smk_span_index *index, struct smk_mem *mem);
void smk_span_index_free(struct smk_span_index *index);

/* What overlaps [from, to] is kept; before the pass. False: there are SMK_INDEX_INTERVALS. */
bool smk_span_index_add(struct smk_span_index *index, uint64_t from, uint64_t to);

/* What fills it, for who has calls of its own in the same pass: arg is the index. smk_span_index_order after it. */
extern const struct smk_timeline_calls smk_span_index_calls;
bool smk_span_index_order(struct smk_span_index *index);

/* The pass; as smk_timeline_run. */
int smk_span_index_fill(struct smk_span_index *index, smk_trace *trace, const struct smk_timeline_options *options);

/* Spans of a thread from `time` on: the place of the first that ends behind it; the one at a place, NULL after the
 * last of the thread. */
struct smk_span_place {
    const struct smk_span_index *index;
    uint32_t at, end;
};
struct smk_span_place smk_span_index_from(const struct smk_span_index *index, uint32_t thread, uint64_t time);
const struct smk_kept_span *smk_span_index_next(struct smk_span_place *place);

/* What a span is part of; NULL: nothing. */
SMK_INLINE const struct smk_span_wait *smk_span_index_wait(const struct smk_span_index *index,
                                                           const struct smk_kept_span *span)
{
    return span->wait ? &index->waits[span->wait - 1] : NULL;
}

/* The first unlock of an object of a process that began at or behind `time`; NULL: there is none. The next ones
 * follow it while their object is the same. */
const struct smk_span_release *smk_span_index_release(const struct smk_span_index *index, uint32_t process,
                                                      uint64_t object, uint64_t time);
bool smk_span_index_is_release_of(const struct smk_span_index *index, const struct smk_span_release *release,
                                  uint32_t process, uint64_t object);

/* The innermost region of a thread at `time`; NULL: it is in none. *until: to when that is so. */
const struct smk_span_region *smk_span_index_region(const struct smk_span_index *index, uint32_t thread,
                                                    uint64_t time, uint64_t *until);

#endif
