/* modules.h: what is mapped into the process and where: the executable, its libraries, the vdso.
 *
 * Read from /proc/thread-self/maps by our own system calls: the loader's list is behind the loader's lock,
 * which a host that hangs in dlopen holds, and argv[0], where libc takes the executable's name from, is
 * overwritten by servers that set their title.
 */
#ifndef SMK_SOURCE_MODULES_H
#define SMK_SOURCE_MODULES_H

#include "base/compiler.h"

/* Calls `add` for each module, and for those that went since the tick `since`; brings the map up to date
 * first. Addresses in [start, end) are pc - bias in the ELF file. Returns a number that changes when the list
 * does. Exactly smk_source_calls.modules. Not for signal handlers. */
uint64_t smk_modules_each(uint64_t since,
                          void (*add)(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias,
                                      const char *path, const uint8_t *build_id, uint32_t build_id_len),
                          void *arg);

/* Brings map and tables up to date: at each arming. Not for signal handlers. */
void smk_modules_refresh(void);
/* The same, if a walk met code that is in no module known: cheap otherwise. Takes one hundredth of the time
 * at most, for hosts that make code as they go. Returns what smk_modules_each does. For the writer's rounds. */
uint64_t smk_modules_refresh_if_wanted(void);

struct smk_modules_stats {
    uint64_t modules, ranges; /* known now */
    uint64_t without;         /* modules of these without a table: only frame pointers lead on */
    uint64_t refused;         /* modules and ranges for which there was no room */
    uint64_t changes;         /* of the list since the start */
    uint64_t forgotten;       /* modules that went, for which there was no room any more */
    uint64_t refreshes;       /* how often was looked */
    uint64_t refresh_ns;      /* what the last refresh took */
};
void smk_modules_stats(struct smk_modules_stats *stats);

/* A line about modules that stacks cannot be walked through for certain; its length, 0: there are none. */
size_t smk_modules_missing(char *text, size_t size);

/* In a fork's child: whoever held the lock is gone. */
void smk_modules_reset_in_child(void);

#endif
