/* loop_watch.h: names what holds an event loop while it holds it. The control loop's.
 *
 * While something is armed a timer looks at the loops (core/loops.h): one that has not looked for work for the
 * option `loop_stall` is told of, once: in the file (loop_stall), and in status for as long as it lasts. Where it is:
 *
 *     it waits                 its stack, copied from what its wrapper published
 *     it runs, is sampled      the stack of its last CPU sample, of the last SMK_WATCH_SAMPLE_NS
 *     it runs                  its callback, if the program names callbacks; else nothing
 *
 * No signal is sent to anybody. A look costs some ns a thread; it comes so seldom that looking takes a hundredth of
 * the time at most, however many threads there are.
 */
#ifndef SMK_AGENT_LOOP_WATCH_H
#define SMK_AGENT_LOOP_WATCH_H

#include "json.h"

#define SMK_WATCH_SAMPLE_NS UINT64_C(30000000) /* three looks of the sampler */
#define SMK_WATCHED_MAX     64u                /* stalls that are told of at once; the others are counted */

void smk_loop_watch_begin(void);
void smk_loop_watch_end(void);
void smk_loop_watch_reset_in_child(void);

/* Some times a second: begins to look when something is armed. */
void smk_loop_watch_check(void);

/* "loops": each with what it is busy with. */
void smk_loop_watch_put_status(struct smk_json *json);

#endif
