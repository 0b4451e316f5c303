/* limits.h: bounds of the tables that only fill, as options set them.
 *
 * The tables are made when the library is loaded, before any option is read, and take memory as they fill: an
 * option may lower a bound to less than there is room for, at any time. What is in a table stays there.
 */
#ifndef SMK_CORE_LIMITS_H
#define SMK_CORE_LIMITS_H

#include "base/compiler.h"

/*        name        by default and at most                what */
#define SMK_LIMITS(X)                                                                              \
    X(threads, SMK_THREADS_DEFAULT, SMK_THREADS_DEFAULT, "threads traced at once")                 \
    X(strings, SMK_STRINGS_MAX, SMK_STRINGS_MAX, "routes, names of threads, calls and files")      \
    X(sites, SMK_SITES_MAX, SMK_SITES_MAX, "call sites that the program marked")                   \
    X(stacks, SMK_STACKS_MAX, SMK_STACKS_MAX, "different stacks")                                  \
    X(lock_names, SMK_LOCKNAMES_MAX, SMK_LOCKNAMES_MAX, "locks that the program named")            \
    X(open_waits, SMK_OPEN_WAITS_DEFAULT, SMK_OPEN_WAITS_MAX, "waits that go on at a capture's end, in its file") \
    X(lock_epochs, SMK_LOCK_EPOCHS_MAX, SMK_LOCK_EPOCHS_MAX, "locks whose end is seen: waited for, or named")

#define SMK_OPEN_WAITS_DEFAULT 512u
#define SMK_OPEN_WAITS_MAX     4096u
#define SMK_LOCK_EPOCHS_MAX    4096u

struct smk_limits {
#define X(name, standard, most, what) uint32_t name;
    SMK_LIMITS(X)
#undef X
};

/* Atomic, each by itself. */
extern struct smk_limits smk_limits;

/* Sets all of them; more than there is room for is that. Any thread. */
void smk_limits_set(const struct smk_limits *limits);

/* A table as status and /metrics show it, by number from 0; false after the last. */
struct smk_limit_status {
    const char *name, *what;
    uint64_t limit, used, refused;
};
bool smk_limit_at(unsigned number, struct smk_limit_status *status);

#endif
