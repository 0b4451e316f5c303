/* segment.h: what stands in a segment beside its events: facts, clock pairs, threads, modules, names,
 * open waits, losses. The writer's.
 */
#ifndef SMK_CORE_SEGMENT_H
#define SMK_CORE_SEGMENT_H

#include "core/capture_state.h"
#include "core/encode.h"

/* Memory of the writer's that the tables are built in. */
struct smk_segment_tools {
    struct smk_encoder *encoder; /* its epoch and shift */
    uint8_t *scratch;            /* SMK_TABLE_ROOM */
};

/* Begins a segment: the facts and tables at its start. */
void smk_segment_begin(const struct smk_segment_tools *tools, struct smk_capture *capture);

/* Entries of all strings, sites and stacks that events referred to since the last call. */
void smk_segment_put_refs(const struct smk_segment_tools *tools, struct smk_capture *capture);

/* The thread's entry, unless it stands in the segment already with this name. */
void smk_segment_put_thread(const struct smk_segment_tools *tools, struct smk_capture *capture,
                            uint32_t serial, uint32_t tid, const char *name, uint64_t started);

/* Clock pairs that were sampled since the last call. */
void smk_segment_put_clock(const struct smk_segment_tools *tools, struct smk_capture *capture);

/* What of its categories was not recorded, where that changed since the last call. */
void smk_segment_put_gaps(const struct smk_segment_tools *tools, struct smk_capture *capture);

/* The modules once more, if `number` says that their list has changed since the segment was told. */
void smk_segment_put_modules(const struct smk_segment_tools *tools, struct smk_capture *capture, uint64_t number);

/* Ends it. With SMK_REASON_RUNNING another follows. */
void smk_segment_end(const struct smk_segment_tools *tools, struct smk_capture *capture,
                     enum smk_reason reason);

#endif
