/* recorder.h: whether the flight recorder is on, who wants it, and how far back it reaches. The control loop's.
 *
 * It is on while somebody wants it: the option `recorder`, a rule that takes snapshots, the crash box. What is
 * recorded is the union of what they want, and it reaches back as far as the one that asked for most; nothing
 * older is given to anybody. `recorder = never` refuses them all.
 */
#ifndef SMK_AGENT_RECORDER_H
#define SMK_AGENT_RECORDER_H

#include "base/compiler.h"

enum smk_recorder_by {
    SMK_RECORDER_BY_OPTION,
    SMK_RECORDER_BY_RULES, /* all snapshot rules together */
    SMK_RECORDER_BY_BOX,
    SMK_RECORDER_BY_COUNT
};

/* `by` wants it from now on, so many ns back (0: as far as the buffer reaches); `categories` 0: the recorder's
 * usual ones. Again with other values: these. 0; SMK_E_UNAVAILABLE: never, by option; or core's SMK_E_NOMEM and
 * SMK_E_INERT. Then nothing changes. */
int smk_recorder_want(enum smk_recorder_by by, uint32_t categories, uint64_t reach_ns);
/* `by` wants it no more. */
void smk_recorder_unwant(enum smk_recorder_by by);

bool smk_recorder_is_on(void);
/* How far back the option wants it; ns, 0: it wants none, or all that there is. */
uint64_t smk_recorder_option_ns(void);
/* How far back a snapshot taken now would go: what is complete, and not older than what was asked for. ns. */
uint64_t smk_recorder_preroll_ns(void);
/* Nothing older than this is given; ns, 0: no such bound. */
uint64_t smk_recorder_reach_ns(void);
/* Its size in memory, that of the kernel's records with it; 0: off. */
uint64_t smk_recorder_bytes(void);
/* NULL while it is on; else why it is off, and what turns it on. */
const char *smk_recorder_why_off(void);
/* "option, rules": who wants it. */
void smk_recorder_format_by(char *text, size_t size);

/* The agent's beginning and end; the first chooses the buffer's size, and comes before anything is armed. */
void smk_recorder_begin(void);
void smk_recorder_begin_recording(void);
void smk_recorder_end(void);
void smk_recorder_reset_in_child(void);

#endif
