/* stats.h: what the tracer counts about itself, for status, for /metrics and for the file. Words that
 * any thread adds to, relaxed. */
#ifndef SMK_CORE_STATS_H
#define SMK_CORE_STATS_H

#include "base/compiler.h"

struct smk_stats {
    uint64_t texts_cut;       /* log texts longer than SMK_TEXT_MAX */
    uint64_t locknames_full;  /* lock names for which there was no room */
    uint64_t open_waits;      /* waits that went on at the end of the last capture */
    uint64_t open_waits_full; /* of all captures: those for which there was no room in the file */
    uint64_t lock_waits;      /* waits on locks seen, those too short for an event among them */
    uint64_t lock_refused;    /* trylocks that got none */
    uint64_t stacks_taken;    /* walked */
    uint64_t stacks_cut;      /* deeper than the bound */
    uint64_t records_torn;    /* found unreadable by the writer */
    uint64_t writer_cpu_ns;   /* of the writer thread */
    uint64_t sources_cpu_ns;  /* of the same, looking at threads between passes */
    uint64_t bytes_written;   /* into capture files */
    uint64_t events_written;
    uint64_t captures_started, captures_finished, captures_failed;
    uint64_t forks;           /* children that went inert */
    uint64_t lock_epochs;     /* locks whose end is looked for (source/epochs.h) … */
    uint64_t lock_epochs_full; /* … and those for which there was no room */
};

extern struct smk_stats smk_stats;

#endif
