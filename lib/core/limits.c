#include "core/limits.h"

#include "base/atomic.h"
#include "core/intern.h"
#include "core/locknames.h"
#include "core/stats.h"
#include "core/thread.h"

struct smk_limits smk_limits = {
#define X(name, standard, most, what) .name = standard,
    SMK_LIMITS(X)
#undef X
};

void smk_limits_set(const struct smk_limits *limits)
{
#define X(name, standard, most, what) \
    smk_store_relaxed(&smk_limits.name, (uint32_t)smk_min_u64(limits->name, most));
    SMK_LIMITS(X)
#undef X
    smk_intern_allow(&smk_strings, limits->strings);
    smk_intern_allow(&smk_sites, limits->sites);
    smk_intern_allow(&smk_stacks, limits->stacks);
}

static void fill_intern(struct smk_limit_status *status, const struct smk_intern *table)
{
    status->used = smk_intern_count(table);
    status->refused = smk_load_relaxed(&table->refused);
}

bool smk_limit_at(unsigned number, struct smk_limit_status *status)
{
    static const struct {
        const char *name, *what;
        const uint32_t *limit;
    } table[] = {
#define X(name, standard, most, what) {#name, what, &smk_limits.name},
        SMK_LIMITS(X)
#undef X
    };
    struct smk_threads_stats threads;
    if (number >= SMK_ARRAY_LEN(table))
        return false;
    *status = (struct smk_limit_status){table[number].name, table[number].what,
                                        smk_load_relaxed(table[number].limit), 0, 0};
    switch (number) {
    case 0:
        smk_threads_stats(&threads);
        status->used = threads.live;
        status->refused = threads.untraced;
        break;
    case 1:
        fill_intern(status, &smk_strings);
        break;
    case 2:
        fill_intern(status, &smk_sites);
        break;
    case 3:
        fill_intern(status, &smk_stacks);
        break;
    case 4:
        status->used = smk_locknames_count();
        status->refused = smk_load_relaxed(&smk_stats.locknames_full);
        break;
    case 5:
        status->used = smk_load_relaxed(&smk_stats.open_waits);
        status->refused = smk_load_relaxed(&smk_stats.open_waits_full);
        break;
    default:
        status->used = smk_load_relaxed(&smk_stats.lock_epochs);
        status->refused = smk_load_relaxed(&smk_stats.lock_epochs_full);
    }
    return true;
}
