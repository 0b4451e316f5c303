#include "core/fds.h"

#include <errno.h>

#include "base/lock.h"
#include "base/sys.h"

/* Servers size their tables by the descriptor limit and scan them; far up enough not to be met, and low
 * enough that a table of descriptors in the kernel stays small (8192 pointers). */
#define HIGHEST 8192
/* Below this limit the host needs the numbers itself. */
#define LIMIT_MIN (4 * SMK_FDS_MAX)

uint32_t smk_fds_first;
uint64_t smk_fds_used;

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_FDS);

/* Once chosen the range stays: the host may change its limit, our descriptors do not move. */
static uint32_t choose_range(void)
{
    uint32_t first = smk_load_relaxed(&smk_fds_first);
    if (first != 0)
        return first;
    int limit = smk_sys_nofile_limit();
    if (limit < LIMIT_MIN)
        return 0;
    first = (uint32_t)(limit < HIGHEST ? limit : HIGHEST) - SMK_FDS_MAX;
    smk_store_relaxed(&smk_fds_first, first);
    smk_sys_numbers_from(first); /* the next ones need not be moved by smk_fd_keep */
    return first;
}

int smk_fd_keep(int fd)
{
    if (fd < 0 || smk_fd_is_ours(fd))
        return fd;
    smk_lock(&lock);
    uint32_t first = choose_range();
    int kept = (uint32_t)fd < first ? smk_sys_dup_from(fd, (int)first) : fd;
    if (first != 0 && kept >= 0 && (uint32_t)kept - first < SMK_FDS_MAX)
        smk_or_relaxed(&smk_fds_used, UINT64_C(1) << ((uint32_t)kept - first));
    smk_unlock(&lock);
    if (kept < 0)
        return fd; /* all up to the limit are taken */
    if (kept != fd)
        smk_sys_close(fd);
    return kept;
}

void smk_fd_close(int fd)
{
    if (fd < 0)
        return;
    smk_lock(&lock);
    if (smk_fd_is_ours(fd))
        smk_and_acq_rel(&smk_fds_used,
                        ~(UINT64_C(1) << ((uint32_t)fd - smk_load_relaxed(&smk_fds_first))));
    smk_sys_close(fd);
    smk_unlock(&lock);
}

static int handed_down = -1; /* atomic */

void smk_fd_hand_down(int fd) { smk_store_relaxed(&handed_down, fd); }
int smk_fd_handed_down(void) { return smk_load_relaxed(&handed_down); }

void smk_fds_close_in_child(void)
{
    smk_lock_reset(&lock);
    uint32_t first = smk_load_relaxed(&smk_fds_first);
    uint32_t stays = (uint32_t)smk_fd_handed_down() - first;
    uint64_t kept = stays < SMK_FDS_MAX ? UINT64_C(1) << stays : 0;
    uint64_t used = smk_and_acq_rel(&smk_fds_used, kept) & ~kept;
    for (uint32_t at = 0; at < SMK_FDS_MAX; at++)
        if (used >> at & 1)
            smk_sys_close((int)(first + at));
}
