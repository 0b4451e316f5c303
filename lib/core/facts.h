/* facts.h: what a file says about itself (SMK_FACT_KEYS). The writer's. */
#ifndef SMK_CORE_FACTS_H
#define SMK_CORE_FACTS_H

#include "core/capture_state.h"
#include "core/encode.h"
#include "core/table.h"

/* At the beginning of each segment: what is known then. */
void smk_facts_put_segment(struct smk_table *table, const struct smk_capture *capture,
                           const struct smk_encoder *encoder);

/* What is said of the process itself: into the crash box; and in its watcher, of the process that has ended. Texts
 * stay the caller's. */
void smk_facts_tell_box(void);
void smk_facts_assume(const char *key, const char *value);

/* Between: what of its categories was not recorded, once it is known; nothing where all was. */
void smk_facts_put_gaps(struct smk_table *table, const struct smk_capture *capture,
                        const struct smk_encoder *encoder);

/* At its end: what was found out. */
void smk_facts_put_end(struct smk_table *table, const struct smk_capture *capture,
                       const struct smk_encoder *encoder, enum smk_reason reason);

#endif
