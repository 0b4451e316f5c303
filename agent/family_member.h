/* family_member.h: this process as one of a family that its first arms: the socket, and who asks through it.
 *
 * Who may ask is this program's user or root, and the process that the family's table calls the first: so a
 * worker that gave up its rights cannot arm the master and be sent what the master does.
 *
 * On the control loop, but where said.
 */
#ifndef SMK_AGENT_FAMILY_MEMBER_H
#define SMK_AGENT_FAMILY_MEMBER_H

#include "core/capture.h"
#include "tape.h"

/* A capture that the first asked for. */
struct smk_family_link;

/* Listens and enters the family's table, once there is one; again and again until both are so. */
void smk_member_open(void);
void smk_member_close(void);
/* Who connected and was none of the family, or one too many. */
uint64_t smk_member_refused(void);
void smk_member_reset_in_child(void);

/* To the first that told us its rules; false: there is none, or it does not read. */
struct smk_wire_matched;
bool smk_member_report(const struct smk_wire_matched *matched);

/* ---- what captures.c needs of a capture that the first asked for ------------------------------------------ */

const char *smk_link_id(const struct smk_family_link *link);
uint64_t smk_link_number(const struct smk_family_link *link);
struct smk_tape *smk_link_tape(struct smk_family_link *link);
/* On the writer, when all has gone out. */
void smk_link_end(struct smk_family_link *link, struct smk_capture *capture, enum smk_reason reason);
/* Its capture is over. */
void smk_link_free(struct smk_family_link *link);

#endif
