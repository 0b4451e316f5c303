/* fds.h: the descriptors that are ours.
 *
 * A host may close descriptors that it does not know, by number or all above 2. Ours lie in a reserved
 * range just below the soft limit, and lib/source/hook_fd.c lets the host's close, close_range, dup2 …
 * pass over that range as if it were not open. Any thread.
 */
#ifndef SMK_CORE_FDS_H
#define SMK_CORE_FDS_H

#include "base/atomic.h"

#define SMK_FDS_MAX 64

/* The range, [first, first + SMK_FDS_MAX); first 0: nothing of ours is open yet. Atomic. */
extern uint32_t smk_fds_first;
extern uint64_t smk_fds_used; /* bit per descriptor of the range; atomic */

/* Moves a descriptor of ours into the range and closes the old one; returns the new one. Where there is no room it
 * lies above the range, or stays where it is. Negative values are passed through. From the first one on all that we
 * open lies there from the beginning (smk_sys_numbers_from), and this makes the host's calls pass over it. */
int smk_fd_keep(int fd);

/* Closes a descriptor that smk_fd_keep returned. */
void smk_fd_close(int fd);

/* One of them stays open in children of fork as well, until one of the family uses or closes it; -1: none does. */
void smk_fd_hand_down(int fd);
int smk_fd_handed_down(void);

/* In a fork's child: what is ours belongs to the parent. */
void smk_fds_close_in_child(void);

SMK_INLINE bool smk_fd_is_ours(int fd)
{
    uint32_t first = smk_load_relaxed(&smk_fds_first);
    uint32_t at = (uint32_t)fd - first;
    return SMK_UNLIKELY(first != 0 && at < SMK_FDS_MAX) &&
           (smk_load_relaxed(&smk_fds_used) >> at & 1);
}

#endif
