/* peek.h: reading memory of this process that somebody may unmap at any moment: modules, stacks of other
 * threads. The kernel copies, so a bad address is an error and never a fault.
 *
 * By process_vm_readv; where the kernel or a filter refuses that (probe.h finds out without being killed),
 * by a descriptor of /proc/thread-self/mem that is opened when something is armed and kept with our own
 * (core/fds.h).
 */
#ifndef SMK_SOURCE_PEEK_H
#define SMK_SOURCE_PEEK_H

#include <sys/types.h>

#include "base/compiler.h"

/* Finds out which way is open, at each arming, after smk_probe_calls: a filter may have come since. */
void smk_peek_prepare(void);

/* Copies up to len bytes, as many as can be read from `from` on; 0 or -errno where there are none.
 * Signal handlers too. */
ssize_t smk_peek(uint64_t from, void *buf, size_t len);

/* The whole of it or nothing. */
bool smk_peek_all(uint64_t from, void *buf, size_t len);

/* In a fork's child: the descriptor was the parent's. */
void smk_peek_reset_in_child(void);

#endif
