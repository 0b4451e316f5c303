/* rule_signal.h: a signal of the operator's choice as a rule's condition. Off unless allow_signals is on: it is the
 * only thing of ours that changes what signals do in the program.
 *
 * A signal is taken only where the program left it at its default and does not block it, and given back when no rule
 * wants it any more. The handler counts and does nothing else; it runs on whichever thread of the program the kernel
 * chooses, whose poll, epoll_wait or nanosleep returns EINTR then, SA_RESTART or not: that is what the option allows.
 * A program that sets a handler of its own later has it, and the rule is broken. In a child of fork the signal is as
 * it was.
 *
 * The control loop's.
 */
#ifndef SMK_AGENT_RULE_SIGNAL_H
#define SMK_AGENT_RULE_SIGNAL_H

#include "base/compiler.h"

#define SMK_RULE_SIGNALS "SIGUSR1, SIGUSR2, SIGURG, SIGWINCH or SIGRTMIN+0 to SIGRTMIN+30"

/* "SIGUSR2", "SIGRTMIN+3": its number; 0: none of those above. Pure. */
int smk_rule_signal_number(const char *name, size_t len);

/* NULL, or why signals are not taken here. */
const char *smk_rule_signal_refused(void);

/* From now on `trigger` (core/trigger.h) is called when the signal comes. 0, SMK_E_UNAVAILABLE: the program uses it. */
int smk_rule_signal_take(int number, const char *trigger);
/* Is it still ours? False: the program has taken it, and it is forgotten. */
bool smk_rule_signal_is_ours(int number);
/* Those that `wanted` does not have go back. Bits by number. */
void smk_rule_signals_keep(uint64_t wanted);

void smk_rule_signals_reset_in_child(void);

#endif
