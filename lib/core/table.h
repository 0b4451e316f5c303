/* table.h: writes the entries of a table chunk (format/tables.h). The writer's. */
#ifndef SMK_CORE_TABLE_H
#define SMK_CORE_TABLE_H

#include "core/output.h"

#define SMK_TABLE_ROOM  (192u * 1024)
#define SMK_TABLE_ENTRY (8u * 1024) /* the longest entry: stacks of 256, names, paths */

struct smk_table {
    struct smk_output *output;
    enum smk_chunk_kind kind;
    uint32_t used, count;
    uint64_t first, last; /* of the chunk's header */
    uint64_t last_values[3]; /* of delta fields */
    uint8_t *data; /* SMK_TABLE_ROOM */
};

/* Begins a chunk of this kind in `data`, which has SMK_TABLE_ROOM bytes. */
void smk_table_begin(struct smk_table *table, struct smk_output *output, enum smk_chunk_kind kind,
                     uint8_t *data);

void smk_table_number(struct smk_table *table, uint64_t value);
/* The zigzag difference to the last value given with the same field, 0 to 2. */
void smk_table_delta(struct smk_table *table, unsigned field, uint64_t value);
void smk_table_text(struct smk_table *table, const void *text, uint32_t len);

/* An entry is whole; a chunk that is nearly full goes out and another begins. */
void smk_table_entry_done(struct smk_table *table);

/* What there is goes out. */
void smk_table_end(struct smk_table *table);

/* SEGMENT and FACTS. */
void smk_table_fact(struct smk_table *table, const char *key, const char *value);
void smk_table_fact_number(struct smk_table *table, const char *key, uint64_t value);

#endif
