/* collect.h: what others say about threads (the kernel, through lib/source), brought to the captures that run and
 * kept for snapshots. A part of the writer's pass.
 */
#ifndef SMK_CORE_COLLECT_H
#define SMK_CORE_COLLECT_H

#include "core/capture_state.h"

/* Puts a batch into the file of a capture. */
typedef void (*smk_collect_give)(struct smk_capture *capture, const struct smk_batch *batch);

/* A capture begins; before its first segment does. */
void smk_collect_begin(struct smk_capture *capture);

/* Asks the sources, and gives what they say to all captures of the list; a snapshot gets what was kept first. With
 * neither a capture nor the recorder left they are told once. False: the list is not the current one, and nothing
 * was asked. */
bool smk_collect_for(struct smk_capture *const *list, int count, uint64_t as_of, smk_collect_give give);

void smk_collect_reset_in_child(void);

#endif
