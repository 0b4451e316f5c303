/* rule_family.h: rules in a family of processes. All look for what the first's rules are about; what holds in
 * another process is told to the first, which alone has guard rails, captures, commands and the ledger.
 *
 *     first                                   another process
 *     ─────                                   ───────────────
 *     connect, RULES ───────────────────────▶ its rules are these
 *                    ◀─────────────────────── ANSWER: they are, or why not
 *                    ◀─────────────────────── MATCHED: so often since the last look, and the worst; 0: none anew, and
 *                                             the longest of those that were told and go on, or have ended since
 *     RULES ────────────────────────────────▶ they have changed
 *
 * The first connects once there are rules. A member may say that a rule's condition held, and nothing else: figures
 * and a route, bounded in number and size. So one that is somebody else's now makes a rule fire as often as its
 * guard rails allow, as it could by being slow. The control loop's; nothing here waits.
 */
#ifndef SMK_AGENT_RULE_FAMILY_H
#define SMK_AGENT_RULE_FAMILY_H

#include "exchange.h"
#include "family_wire.h"
#include "json.h"
#include "rule_text.h"
#include "rules.h"

void smk_rule_family_begin(void);
void smk_rule_family_end(void);
void smk_rule_family_reset_in_child(void);

/* ---- the first ----------------------------------------------------------------------------------------------- */

/* The set has changed: all of the family are told. */
void smk_rule_family_changed(void);
/* Answers when all have them, or did not say so within a second; false: nobody is waited for. `handler` of the
 * exchange is the agent's heap's, and freed when its client has gone. */
bool smk_rule_family_wait(struct smk_exchange *exchange, void (*answer)(struct smk_exchange *exchange));
/* Who has them, and who has not and why; nothing where there are no others. */
void smk_rule_family_put(struct smk_json *json);
void smk_rule_family_say(struct smk_text *text);
/* What process `pid` says as a cause; false: nobody of ours says that. Pure. */
bool smk_rule_family_read(const struct smk_wire_matched *said, uint32_t pid, uint64_t now, struct smk_cause *cause);

/* ---- the others ---------------------------------------------------------------------------------------------- */

/* Is what holds here told to another? As of the last look for rules. */
bool smk_rule_family_is_member(void);
/* A look for rules begins, and ends: what held is told, or done here where we are the first now. */
void smk_rule_family_look_begins(void);
void smk_rule_family_look_ends(void);
/* The condition of a rule held in a member. */
void smk_rule_family_keep(struct smk_rule_live *live, const struct smk_cause *cause);
/* What it was told to hold for goes on there, or was longer. */
void smk_rule_family_lasts(struct smk_rule_live *live, const struct smk_cause *cause);

#endif
