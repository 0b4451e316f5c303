/* moment.h: what moment.c and item.c share. */
#ifndef SMK_VIEW_MOMENT_H
#define SMK_VIEW_MOMENT_H

#include "view/item.h"
#include "view/state.h"

/* An item of a thread as what it was in the middle of; its regions, sample, route and holder are not looked for. */
void smk_view_at_of(const struct smk_view_line *line, const struct smk_view_entry *entry, struct smk_view_at *at);
/* The same at a time; false: nothing is told of it there. */
bool smk_view_state_at(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t time,
                       struct smk_view_at *at);
/* Its regions, and its sample. */
void smk_view_beside_of(struct smk_view_reader *reader, uint64_t time, struct smk_view_at *at);
/* It waits for a lock: as far as the store says which. */
bool smk_view_lock_wait(struct smk_view_reader *reader, const struct smk_view_at *at, struct smk_span_wait *wait);
/* Who holds that at `time`. Inside of smk_view_enter, as all that looks for holders. */
void smk_view_take_holder(struct smk_view *view, struct smk_view_reader *reader, uint64_t time, struct smk_view_at *at);

/* wait.c: the wait that a thread's item is part of, out of the trace. False: it is not found. */
bool smk_view_wait_of(struct smk_view *view, const struct smk_view_line *line, uint64_t from, uint64_t to,
                      struct smk_span_wait *wait);
/* The row of who held what is waited for at `time`: who unlocks it next, or (*sure false) who was seen to hold it when
 * the wait began; SMK_VIEW_NONE: nobody is known. */
uint32_t smk_view_holder_at(struct smk_view *view, struct smk_view_reader *reader, const struct smk_span_wait *wait,
                            uint64_t time, bool *sure);

#endif
