/* losses.h: a capture's account of events that are not in its file. The writer's. */
#ifndef SMK_CORE_LOSSES_H
#define SMK_CORE_LOSSES_H

#include "core/capture_state.h"

/* So many events of a thread are lost for this capture. */
void smk_capture_add_loss(struct smk_capture *capture, uint32_t serial, uint32_t tid, uint64_t events);

/* Is this record, which is finished, one of the capture's? */
bool smk_capture_wants(const struct smk_capture *capture, const uint64_t *record);

/* There is no memory to copy these for it, unfinished ones among them. */
struct smk_piece;
void smk_capture_leave_out(struct smk_capture *capture, const struct smk_piece *piece);

/* Takes over what the record path counted for it: of a thread whose serial is, or was, this; of all. */
void smk_capture_collect_thread(struct smk_capture *capture, struct smk_thread *t, uint32_t serial);
void smk_capture_collect_losses(struct smk_capture *capture);

uint64_t smk_capture_total_lost(const struct smk_capture *capture);

#endif
