/* cfi.h: one module's unwind information (.eh_frame, found through .eh_frame_hdr) as a sorted table that
 * a signal handler can search.
 *
 * Compiled from a private copy, once: a walk never looks at the module's own memory, which dlclose may
 * take away. A table is two arrays, 6 bytes a row:
 *
 *     offsets[i]   from the module's start; ascending
 *     rules[i]     holds for [offsets[i], offsets[i + 1])     cfi_rule.h
 */
#ifndef SMK_SOURCE_CFI_H
#define SMK_SOURCE_CFI_H

#include "source/cfi_program.h"

/* The two sections as they stand in memory, copied; addresses are those of the process. */
struct smk_cfi_image {
    const uint8_t *header; /* .eh_frame_hdr */
    size_t header_len;
    uint64_t header_address;
    const uint8_t *frames; /* .eh_frame */
    size_t frames_len;
    uint64_t frames_address;
};

struct smk_cfi_header {
    uint64_t frames_address; /* where .eh_frame begins */
    uint32_t count;          /* functions */
    size_t table;            /* offset of the sorted table: pairs of (function, its entry), 4 bytes each */
};

/* Reads the beginning of .eh_frame_hdr, at least 20 bytes of it. False where it is not what linkers
 * write. */
bool smk_cfi_read_header(const uint8_t *bytes, size_t len, uint64_t address, struct smk_cfi_header *header);

/* The address of the i-th function's entry in .eh_frame; `len` bytes of the header are there. */
uint64_t smk_cfi_entry(const struct smk_cfi_image *image, const struct smk_cfi_header *header, uint32_t i);

/* Rows that the image can give at most. */
uint64_t smk_cfi_rows_max(const struct smk_cfi_image *image, const struct smk_cfi_header *header);

/* Fills rows, with offsets from `base`, for functions in [base, base + 4 GiB). Anything that makes no
 * sense is passed over. */
void smk_cfi_compile(const struct smk_cfi_image *image, const struct smk_cfi_header *header, uint64_t base,
                     struct smk_cfi_rows *rows);

struct smk_cfi_table {
    const uint32_t *offsets;
    const uint16_t *rules;
    uint32_t count;
};

/* The rule at an offset. Signal handlers too. */
static inline uint16_t smk_cfi_rule(const struct smk_cfi_table *table, uint64_t offset)
{
    uint32_t first = 0, count = table->count;
    if (count == 0 || offset > UINT32_MAX || offset < table->offsets[0])
        return SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0);
    while (count > 1) {
        uint32_t half = count / 2;
        first += table->offsets[first + half] <= offset ? half : 0;
        count -= half;
    }
    return table->rules[first];
}

#endif
