/* refs.h: what the chunks of a segment refer to. Each segment is self-contained: an id that is used for
 * the first time in a segment is put down here, and its entry is written into a table chunk before the
 * events that use it. Header only. The writer's.
 */
#ifndef SMK_CORE_REFS_H
#define SMK_CORE_REFS_H

#include <string.h>

#include "core/intern.h"

enum smk_ref_kind { SMK_REF_STRING, SMK_REF_SITE, SMK_REF_STACK, SMK_REF_KINDS };

#define SMK_REFS_PENDING 4096

struct smk_refs {
    uint64_t known[SMK_REF_KINDS][65536 / 64]; /* in this segment's tables, or pending */
    uint32_t pending[SMK_REF_KINDS][SMK_REFS_PENDING];
    uint32_t pending_count[SMK_REF_KINDS];
};

SMK_STATIC_ASSERT(SMK_STRINGS_MAX <= 65536 && SMK_SITES_MAX <= 65536 && SMK_STACKS_MAX <= 65536,
                  "ids fit the bit sets");

static inline void smk_refs_clear(struct smk_refs *refs) { memset(refs, 0, sizeof *refs); }

/* Ids are 1 … 65536; 0 means none. False when there is no room for another pending one: write the
 * tables first. */
SMK_INLINE bool smk_refs_need(struct smk_refs *refs, enum smk_ref_kind kind, uint64_t id)
{
    uint64_t bit = id - 1;
    if (bit >= 65536 || (refs->known[kind][bit / 64] >> (bit % 64) & 1))
        return true;
    if (refs->pending_count[kind] == SMK_REFS_PENDING)
        return false;
    refs->known[kind][bit / 64] |= UINT64_C(1) << (bit % 64);
    refs->pending[kind][refs->pending_count[kind]++] = (uint32_t)id;
    return true;
}

#endif
