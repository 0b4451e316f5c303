/* box.h: the crash box: the buffer in a file without a name that another process holds too, so that what was
 * recorded last survives whatever ends this one.
 *
 * `stallmark run --watch` makes the file and starts `stallmark-box`, which holds it; the preload is given its
 * descriptor, maps it when the buffer is made, and closes it. What is in it:
 *
 *     0          struct smk_box_header
 *     subs       struct smk_sub of each sub-buffer
 *     index      one struct smk_box_entry for each name, stack, module … that was ever added
 *     bytes      what the entries say
 *     kept       what the kernel said (kept.h)
 *     memory     the sub-buffers
 *
 * Tables stay where they are, in private memory: each new entry is copied into the box once, when it is added, which
 * is rare. So the host's paths are as they are without.
 *
 * A child of fork must not write into what its parent and the watcher see, and a raw clone runs no handler of ours.
 * The mapping is not in children (MADV_DONTFORK), and nothing there leads to it: the threads' slots, which point into
 * the buffer, and the word that says that there is a box read as zeroes in a child (MADV_WIPEONFORK).
 */
#ifndef SMK_CORE_BOX_H
#define SMK_CORE_BOX_H

#include "core/pool.h"
#include "format/box.h"

/* ---- in the process -------------------------------------------------------------------------------------------- */

/* From the preload's constructor: this is the box's descriptor, unless it is something else. */
void smk_box_take(int fd);
/* There is one, or there will be as soon as the buffer is made. */
bool smk_box_offered(void);
/* The buffer is made now. False: there is no box, or no room for it. */
bool smk_box_map(uint32_t sub_count, struct smk_sub **subs, uint8_t **memory);
/* Room for what the kernel said; NULL: there is no box, or it is smaller. */
uint8_t *smk_box_kept(uint64_t bytes);

/* NULL: there is no box. In a child of fork, too, whoever made it. */
struct smk_box_header *smk_box(void);

/* Any thread, signal handlers too. */
void smk_box_add(enum smk_box_kind kind, uint32_t id, const void *bytes, uint32_t len);
void smk_box_add_fact(const char *key, const char *value);
/* What the recorder keeps, and where captures go. */
void smk_box_set_recorder(uint32_t categories, uint64_t reach_ns);
void smk_box_set_directory(const char *path);
/* The process ends by itself, or becomes another program: nothing of it is wanted. */
void smk_box_leave(void);
/* A pass of the writer: it has not ended, whatever it tried. The modules, when `number` says that their list has
 * changed; 0: there is none. */
void smk_box_look(uint64_t number);

void smk_box_reset_in_child(void);

/* ---- in the watcher -------------------------------------------------------------------------------------------- */

/* Makes the buffer, the tables and the facts of the process that has ended this process's own, as if it had recorded
 * them. After smk_core_init. NULL: there is nothing in it; *why says why. */
const struct smk_box_header *smk_box_restore(int fd, const char **why);

#endif
