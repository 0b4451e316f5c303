/* gaps.h: when a category was not recorded although somebody wanted it, because of the budget.
 *
 * A gap begins before the gate closes for the category and ends after every thread has seen it open again:
 * so outside of gaps a file is complete, and inside of one nothing may be concluded from what is not there.
 * Events of threads that raced with the gate stand in the file.
 */
#ifndef SMK_CORE_GAPS_H
#define SMK_CORE_GAPS_H

#include "base/compiler.h"

#define SMK_GAPS_MAX 128 /* kept; then the oldest two of one category become one, with what is between them */

/* From this tick on, to this tick. One caller at a time. */
void smk_gaps_begin(uint32_t categories, uint64_t tick);
void smk_gaps_end(uint32_t categories, uint64_t tick);

/* Changes with each. Any thread. */
uint64_t smk_gaps_version(void);
/* Pairs of them that became one so far. */
uint64_t smk_gaps_joined(void);

/* Calls `visit` for each of these categories that reaches into [from, to): its bit, its first tick, its end,
 * 0 where it goes on. */
void smk_gaps_each(uint32_t categories, uint64_t from, uint64_t to,
                   void (*visit)(void *arg, uint32_t category, uint64_t begin, uint64_t end), void *arg);

void smk_gaps_reset_in_child(void);

#endif
