#include "core/table.h"

#include <stdio.h>
#include <string.h>

#include "base/varint.h"

void smk_table_begin(struct smk_table *table, struct smk_output *output, enum smk_chunk_kind kind,
                     uint8_t *data)
{
    *table = (struct smk_table){.output = output, .kind = kind, .data = data};
}

void smk_table_number(struct smk_table *table, uint64_t value)
{
    table->used = (uint32_t)(smk_varint_put(table->data + table->used, value) - table->data);
}

void smk_table_delta(struct smk_table *table, unsigned field, uint64_t value)
{
    smk_table_number(table, smk_zigzag((int64_t)(value - table->last_values[field])));
    table->last_values[field] = value;
}

void smk_table_text(struct smk_table *table, const void *text, uint32_t len)
{
    if (len > SMK_TABLE_ENTRY / 2)
        len = SMK_TABLE_ENTRY / 2;
    smk_table_number(table, len);
    if (len)
        memcpy(table->data + table->used, text, len);
    table->used += len;
}

void smk_table_entry_done(struct smk_table *table)
{
    table->count++;
    if (table->used + SMK_TABLE_ENTRY > SMK_TABLE_ROOM)
        smk_table_end(table);
}

void smk_table_end(struct smk_table *table)
{
    if (table->count == 0)
        return;
    struct smk_output_chunk chunk = {.kind = table->kind,
                                     .count = table->count,
                                     .first = table->first,
                                     .last = table->last,
                                     .payload = table->data,
                                     .len = table->used};
    smk_output_put(table->output, &chunk);
    table->used = table->count = 0;
    memset(table->last_values, 0, sizeof table->last_values);
}

void smk_table_fact(struct smk_table *table, const char *key, const char *value)
{
    smk_table_text(table, key, (uint32_t)strlen(key));
    smk_table_text(table, value, (uint32_t)strlen(value));
    smk_table_entry_done(table);
}

void smk_table_fact_number(struct smk_table *table, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    smk_table_fact(table, key, text);
}
