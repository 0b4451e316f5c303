/* file.h: files built by hand after docs/format.md, right or wrong in any way that one wants. Checksums
 * are right unless they are what is wrong.
 *
 *     struct file f = {0};
 *     file_begin(&f);                        the chunks before the first events
 *     struct bytes events = {0};  put_…(&events, …);
 *     file_chunk(&f, SMK_CHUNK_EVENTS, &events, &(struct smk_chunk){.count = 2, .thread = 1});
 *     file_end(&f);                          INDEX and END that fit
 */
#ifndef SMK_TESTS_GEN_FILE_H
#define SMK_TESTS_GEN_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/endian.h"
#include "base/varint.h"
#include "format/chunk.h"
#include "format/events.h"
#include "format/tables.h"
#include "stallmark/version.h"

struct bytes {
    uint8_t *data;
    size_t len, room;
};

struct file {
    struct bytes bytes;
    struct bytes index;
    uint32_t sequence, chunks, indexed;
    uint64_t events, index_offset, index_first, segment;
    uint64_t capture; /* 0: one of its own */
    uint64_t process; /* 0: process 4711's */
};

/* ---- bytes ---------------------------------------------------------------------------------------------- */

static inline void put(struct bytes *b, const void *data, size_t len)
{
    if (b->len + len > b->room) {
        b->room = 2 * (b->len + len) + 64;
        b->data = realloc(b->data, b->room);
        if (!b->data)
            exit(3);
    }
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void put_byte(struct bytes *b, unsigned byte) { put(b, &(uint8_t){(uint8_t)byte}, 1); }

static inline void put_number(struct bytes *b, uint64_t value)
{
    uint8_t number[SMK_VARINT_MAX];
    put(b, number, (size_t)(smk_varint_put(number, value) - number));
}

static inline void put_signed(struct bytes *b, int64_t value) { put_number(b, smk_zigzag(value)); }

static inline void put_text(struct bytes *b, const char *text)
{
    put_number(b, strlen(text));
    put(b, text, strlen(text));
}

static inline void put_fact(struct bytes *b, const char *key, const char *value)
{
    put_text(b, key);
    put_text(b, value);
}

static inline void forget(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

/* ---- chunks --------------------------------------------------------------------------------------------- */

/* Appends a chunk whose header is `head`, completed: version, checksums, sizes, sequence, ids where they
 * are 0. */
static inline void file_raw(struct file *f, unsigned kind, const void *payload, size_t len,
                            const struct smk_chunk *head)
{
    uint8_t header[SMK_CHUNK_HEADER];
    struct smk_chunk chunk = *head;
    chunk.kind = (uint8_t)kind;
    chunk.version = chunk.version ? chunk.version : SMK_FORMAT_VERSION;
    chunk.stored_size = chunk.stored_size ? chunk.stored_size : (uint32_t)len;
    chunk.plain_size = chunk.plain_size ? chunk.plain_size : (uint32_t)len;
    chunk.payload_crc ^= smk_crc32c(0, payload, len); /* what was given makes it wrong */
    chunk.sequence = chunk.sequence ? chunk.sequence : f->sequence;
    chunk.process = f->process ? f->process : UINT64_C(4711) << 32 | 1;
    chunk.capture = f->capture ? f->capture : 0x1234;
    smk_chunk_pack(&chunk, header);
    if (kind != SMK_CHUNK_INDEX && kind != SMK_CHUNK_END) {
        put_signed(&f->index, (int64_t)(f->bytes.len - f->segment - f->index_offset));
        put_number(&f->index, kind);
        put_number(&f->index, chunk.thread);
        put_signed(&f->index, (int64_t)(chunk.first - f->index_first));
        put_number(&f->index, chunk.last - chunk.first);
        put_number(&f->index, chunk.count);
        f->index_offset = f->bytes.len - f->segment;
        f->index_first = chunk.first;
        f->indexed++;
    }
    f->sequence++;
    f->chunks++;
    if (kind == SMK_CHUNK_EVENTS)
        f->events += chunk.count;
    put(&f->bytes, header, sizeof header);
    put(&f->bytes, payload, len);
}

/* The same with bytes, which are then forgotten. */
static inline void file_chunk(struct file *f, unsigned kind, struct bytes *payload,
                              const struct smk_chunk *head)
{
    file_raw(f, kind, payload->data, payload->len, head);
    forget(payload);
}

/* ---- a small segment ------------------------------------------------------------------------------------ */

#define FILE_FIRST 1000u      /* time at which it begins, units; a unit is a nanosecond */
#define FILE_LAST  2000000000u
#define FILE_EPOCH UINT64_C(5000000000) /* CLOCK_MONOTONIC at time 0 */

static inline void file_facts(struct file *f)
{
    struct bytes b = {0};
    put_fact(&b, SMK_FACT_CAPTURE_ID, "20261124t000000000-test");
    put_fact(&b, SMK_FACT_CAPTURE_KIND, "timed");
    put_fact(&b, SMK_FACT_CATEGORIES, "lock,region,other");
    put_fact(&b, SMK_FACT_FIRST, "1000");
    put_fact(&b, SMK_FACT_COMPLETE_FROM, "1000");
    put_fact(&b, SMK_FACT_LAST, "2000000000");
    put_fact(&b, SMK_FACT_CLOCK_HZ, "1000000000");
    put_fact(&b, SMK_FACT_CLOCK_SHIFT, "0");
    file_chunk(f, SMK_CHUNK_SEGMENT, &b, &(struct smk_chunk){.count = 8});
}

static inline void file_clock(struct file *f)
{
    struct bytes b = {0};
    put_signed(&b, 0);
    put_signed(&b, (int64_t)FILE_EPOCH);
    put_signed(&b, (int64_t)FILE_EPOCH + 1700000000);
    put_number(&b, 20);
    put_signed(&b, 3000000000);
    put_signed(&b, 3000000000);
    put_signed(&b, 3000000000);
    put_number(&b, 20);
    file_chunk(f, SMK_CHUNK_CLOCK, &b, &(struct smk_chunk){.count = 2});
}

static inline void file_string(struct file *f, uint32_t id, const char *text)
{
    struct bytes b = {0};
    put_number(&b, id);
    put_text(&b, text);
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = 1});
}

static inline void file_site(struct file *f, uint32_t id, const char *name)
{
    struct bytes b = {0};
    put_number(&b, id);
    put_number(&b, 7);
    put_text(&b, name);
    put_text(&b, "file.c");
    put_text(&b, "function");
    file_chunk(f, SMK_CHUNK_SITES, &b, &(struct smk_chunk){.count = 1});
}

static inline void file_thread(struct file *f, uint32_t serial, const char *name)
{
    struct bytes b = {0};
    put_number(&b, serial);
    put_number(&b, 4710 + serial);
    put_number(&b, 500);
    put_text(&b, name);
    file_chunk(f, SMK_CHUNK_THREADS, &b, &(struct smk_chunk){.count = 1});
}

static inline void file_begin(struct file *f)
{
    f->segment = f->bytes.len;
    f->chunks = f->indexed = 0;
    f->events = f->index_offset = f->index_first = 0;
    file_facts(f);
    file_clock(f);
    file_string(f, 1, "a string");
    file_site(f, 1, "a site");
    file_thread(f, 1, "a thread");
}

/* ---- events --------------------------------------------------------------------------------------------- */

/* The columns of an EVENTS payload, one after the other. */
struct columns {
    struct bytes directory, data;
    uint32_t count;
};

static inline void columns_add(struct columns *columns, uint64_t key, struct bytes *column)
{
    put_number(&columns->directory, key);
    put_number(&columns->directory, column->len);
    put(&columns->data, column->data, column->len);
    columns->count++;
    forget(column);
}

static inline struct bytes columns_end(struct columns *columns)
{
    struct bytes payload = {0};
    put_number(&payload, columns->count);
    put(&payload, columns->directory.data, columns->directory.len);
    put(&payload, columns->data.data, columns->data.len);
    forget(&columns->directory);
    forget(&columns->data);
    return payload;
}

static inline void columns_times(struct columns *columns, uint32_t events, uint64_t step)
{
    struct bytes low = {0}, high = {0};
    for (uint32_t i = 0; i < events; i++) {
        uint64_t delta = smk_zigzag((int64_t)(i ? step : 0));
        put_byte(&low, (unsigned)(delta & 0xff));
        put_number(&high, delta >> 8);
    }
    columns_add(columns, SMK_COLUMN_TIME_LOW, &low);
    columns_add(columns, SMK_COLUMN_TIME_HIGH, &high);
}

/* Counters of thread 1 at `site`, `step` apart from `first` on. */
static inline void file_counters(struct file *f, uint32_t events, uint64_t first, uint64_t step,
                                 uint32_t site)
{
    struct columns columns = {0};
    struct bytes types = {0}, sites = {0}, values = {0};
    for (uint32_t i = 0; i < events; i++) {
        put_byte(&types, SMK_EV_COUNTER);
        put_number(&sites, site);
        put_signed(&values, 1);
    }
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_times(&columns, events, step);
    columns_add(&columns, smk_column_of_arg(SMK_EV_COUNTER, 0), &sites);
    columns_add(&columns, smk_column_of_arg(SMK_EV_COUNTER, 1), &values);
    struct bytes payload = columns_end(&columns);
    file_chunk(f, SMK_CHUNK_EVENTS, &payload,
               &(struct smk_chunk){.count = events,
                                   .thread = 1,
                                   .tid = 4711,
                                   .first = first,
                                   .last = first + (events ? events - 1 : 0) * step});
}

/* ---- the end -------------------------------------------------------------------------------------------- */

static inline void file_index(struct file *f)
{
    file_chunk(f, SMK_CHUNK_INDEX, &f->index, &(struct smk_chunk){.count = f->indexed});
}

static inline struct smk_segment_end file_end_of(const struct file *f)
{
    return (struct smk_segment_end){.bytes = f->bytes.len - f->segment + SMK_CHUNK_HEADER +
                                             SMK_SEGMENT_END_SIZE,
                                    .events = f->events,
                                    .flags = SMK_SEGMENT_LAST,
                                    .reason = SMK_REASON_STOPPED,
                                    .chunks = f->chunks + 1};
}

static inline void file_put_end(struct file *f, const struct smk_segment_end *end)
{
    uint8_t payload[SMK_SEGMENT_END_SIZE];
    smk_segment_end_pack(end, payload);
    file_raw(f, SMK_CHUNK_END, payload, sizeof payload, &(struct smk_chunk){.count = 1});
}

static inline void file_end(struct file *f)
{
    file_index(f);
    struct smk_segment_end end = file_end_of(f);
    file_put_end(f, &end);
}

static inline void file_free(struct file *f)
{
    forget(&f->bytes);
    forget(&f->index);
}

#endif
