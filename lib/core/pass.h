/* pass.h: one pass of the writer: what is new in the buffer goes into the files of all captures that
 * run, and those that were asked to end end. One at a time; writer.c sees to that.
 */
#ifndef SMK_CORE_PASS_H
#define SMK_CORE_PASS_H

#include "base/compiler.h"

/* Returns after how many ns the next one is due; 0: at once; UINT64_MAX: when woken. */
uint64_t smk_pass(void);

/* In a fork's child, which may have been made in the middle of one. */
void smk_pass_reset_in_child(void);

#endif
