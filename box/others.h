/* others.h: the other processes of the family that is watched. Each that has an agent asks for a box over a socket, and
 * gets a file and a watcher of its own: this program again, below the first one's.
 *
 * Who asks has to be a descendant of the watched process, by what the kernel says; it may have given up its rights since,
 * and be somebody else's. So nothing that it could write is a path here: its file lies where the first one's captures do.
 */
#ifndef SMK_BOX_OTHERS_H
#define SMK_BOX_OTHERS_H

#include <stdint.h>

/* Where they ask; -1. */
int smk_others_listen(const char *name);

/* One has asked. `first`: the watched process; `box`: its file, which says where captures are. */
void smk_others_answer(int listener, uint32_t first, int box);

#endif
