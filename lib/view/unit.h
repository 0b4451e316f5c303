/* unit.h: items and what stands for several of them, in memory and in blocks of a file.
 *
 * A bucket of time takes items of one row, in order and without overlaps, and gives at most two units back: those that
 * it got where they are two at most; else all of them as one, but for a last one that reaches out of the bucket.
 * Units of buckets are what the buckets of a coarser level take, so a unit of any level is made of the same items as if
 * it had been made of them at once, and the longest of them is known exactly. The time of its states is summed up in
 * SMK_VIEW_SUMMED classes; where there are more the least are dropped.
 *
 * Blocks are bytes without pointers; decoders take nothing from outside of them and check what they get.
 */
#ifndef SMK_VIEW_UNIT_H
#define SMK_VIEW_UNIT_H

#include "view/view.h"

#define SMK_VIEW_SUMMED 4u

/* ---- items ---------------------------------------------------------------------------------------------- */

struct smk_view_entry {
    uint64_t from, to;
    uint64_t request;
    uint64_t wait_from, wait_to; /* of the wait that it is part of; to 0: of none */
    int64_t value;
    uint32_t label;
    uint32_t number; /* in its row */
    uint16_t look;   /* state, kind, flags */
};

/* What the next item is told against. A block begins with {.to = its first item's from}. */
struct smk_view_before {
    uint64_t to, request;
    uint32_t label;
};

#define SMK_VIEW_ENTRY_MAX 80u /* bytes */

/* Returns the first byte behind it. */
uint8_t *smk_view_entry_put(uint8_t *at, struct smk_view_before *before, const struct smk_view_entry *entry);
/* NULL: the bytes are none. The number is the caller's. */
const uint8_t *smk_view_entry_get(const uint8_t *at, const uint8_t *end, struct smk_view_before *before,
                                  struct smk_view_entry *entry);

/* ---- units ---------------------------------------------------------------------------------------------- */

struct smk_view_many {
    uint64_t from, to;
    uint64_t longest;  /* ns of `item` */
    uint64_t ns[SMK_VIEW_SUMMED]; /* by class; [0]: of the longest's. Of an item that stands alone its length */
    int64_t low, high, last;
    uint32_t item, label, merged;
    uint16_t look;     /* of the longest, but the flags of all */
    uint8_t classes[SMK_VIEW_SUMMED]; /* state, kind << 4 */
    uint8_t class_count;
};

#define SMK_VIEW_MANY_MAX 160u /* bytes */

void smk_view_many_of(struct smk_view_many *many, const struct smk_view_entry *entry);
/* `more` begins at or behind the end of `many`. */
void smk_view_many_add(struct smk_view_many *many, const struct smk_view_many *more);
void smk_view_many_show(const struct smk_view_many *many, struct smk_view_unit *unit);

uint8_t *smk_view_many_put(uint8_t *at, struct smk_view_before *before, const struct smk_view_many *many);
const uint8_t *smk_view_many_get(const uint8_t *at, const uint8_t *end, struct smk_view_before *before,
                                 struct smk_view_many *many);

/* ---- buckets -------------------------------------------------------------------------------------------- */

struct smk_view_bucket {
    struct smk_view_many first, second;
    uint64_t number;
    uint32_t taken; /* units */
};

SMK_INLINE uint64_t smk_view_bucket_of(uint64_t time, uint64_t origin, unsigned level)
{
    return time <= origin ? 0 : (time - origin) >> level;
}

void smk_view_bucket_take(struct smk_view_bucket *bucket, const struct smk_view_many *many);
/* What it is drawn as: 0 to 2, from `first` on. `end`: of its time. It is empty then, and both are there until it takes
 * again. */
uint32_t smk_view_bucket_close(struct smk_view_bucket *bucket, uint64_t end);

#endif
