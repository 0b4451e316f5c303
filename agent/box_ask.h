/* box_ask.h: a crash box for a process of a family that came by fork: it asks the watcher of `stallmark run --watch`
 * for one (core/box.h), when its agent begins. The watcher knows by the kernel who asks.
 */
#ifndef SMK_AGENT_BOX_ASK_H
#define SMK_AGENT_BOX_ASK_H

#include "base/compiler.h"

/* From the preload's constructor: the watcher's name; it is kept. */
void smk_box_watcher(const char *name);
/* Asks, where there is a watcher and no box yet; before the buffer is made. A quarter of a second at most. */
void smk_box_ask(void);

#endif
