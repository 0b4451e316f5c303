/* writer.h: the thread that drains the buffer, encodes and writes for all captures that run, and keeps
 * the buffer tidy for the flight recorder. It starts with the first arming and then stays, asleep while
 * nothing records.
 */
#ifndef SMK_CORE_WRITER_H
#define SMK_CORE_WRITER_H

#include "base/compiler.h"

/* Starts the thread unless it runs. 0, or an error: then captures are written by whoever ends them. */
int smk_writer_start(void);
bool smk_writer_runs(void);

/* True on the thread that is in a pass now: it must not wait for one. */
bool smk_writer_is_here(void);

/* Something changed that the thread should look at now. Any thread. */
void smk_writer_wake(void);

/* Does one pass on the calling thread, where no writer thread runs: at exit, or where none could be
 * started. */
void smk_writer_pass_here(void);

/* In a fork's child: there is no thread. */
void smk_writer_reset_in_child(void);

#endif
