/* aggregate.h: waits and samples added up by stack, for the formats that know no time: folded, pprof.
 *
 * Memory grows with the number of different (stack, kind, name), up to SMK_AGGREGATE_MAX; what comes behind is added
 * to one entry without a stack, so that sums stay right.
 */
#ifndef SMK_EXPORT_AGGREGATE_H
#define SMK_EXPORT_AGGREGATE_H

#include "export/exporter.h"
#include "export/handover.h"

#define SMK_AGGREGATE_MAX 262144u

struct smk_aggregate_entry {
    uint32_t stack;
    uint8_t kind;     /* enum smk_wait_kind; of samples SMK_WAIT_NONE */
    bool for_work;    /* waits of threads without a request for work */
    char *name;       /* escaped: what was waited for; "" */
    uint64_t count, ns;
};

struct smk_aggregate {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
    struct smk_aggregate_entry *entries;
    uint32_t count, capacity;
    struct smk_map by_key;
    struct smk_handovers handovers; /* of the mutex profile */
};

/* Each runs the timeline. Waits that had not ended count up to the end of the record. Pairs with
 * smk_aggregate_free. */
int smk_aggregate_waits(struct smk_aggregate *aggregate, struct smk_exporter *exporter, bool with_idle);
/* Waits for locks by the stack of the unlock that ended them; without a stack where that was not seen. */
int smk_aggregate_unlocks(struct smk_aggregate *aggregate, struct smk_exporter *exporter);
/* ns: of CPU time, as many as each sample stands for. */
int smk_aggregate_samples(struct smk_aggregate *aggregate, struct smk_exporter *exporter);
void smk_aggregate_free(struct smk_aggregate *aggregate);

/* ns of CPU time that a sample stands for, as the trace says. */
uint64_t smk_aggregate_period(const struct smk_exporter *exporter);

#endif
