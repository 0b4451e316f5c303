/* wrong.h: files whose chunks are whole and say what cannot be. */
#ifndef SMK_TESTS_GEN_WRONG_H
#define SMK_TESTS_GEN_WRONG_H

#include "gen/sound.h"

/* ---- symbols -------------------------------------------------------------------------------------------- */

static void symbol_of(struct file *f, uint64_t address, uint64_t back, unsigned frames)
{
    struct bytes b = {0};
    put_number(&b, 0);
    put_number(&b, 1);
    put_number(&b, address);
    put_number(&b, back);
    put_number(&b, 16);
    put_number(&b, frames);
    for (unsigned i = 0; i < frames; i++) {
        put_text(&b, "f");
        put_text(&b, "");
        put_number(&b, 0);
    }
    file_begin(f);
    file_chunk(f, SMK_CHUNK_SYMBOLS, &b, &(struct smk_chunk){.count = 1});
    file_end(f);
}

static void build_symbol_without_frames(struct file *f) { symbol_of(f, 100, 0, 0); }
static void build_symbol_of_1000_frames(struct file *f) { symbol_of(f, 100, 0, 1000); }
static void build_symbol_before_zero(struct file *f) { symbol_of(f, 100, 101, 1); }

/* ---- events --------------------------------------------------------------------------------------------- */

static void build_undefined_site(struct file *f)
{
    file_begin(f);
    file_counters(f, 10, FILE_FIRST, 1000, 77);
    file_end(f);
}

static void build_undefined_thread(struct file *f)
{
    file_facts(f);
    file_clock(f);
    file_site(f, 1, "a site");
    file_counters(f, 10, FILE_FIRST, 1000, 1);
    file_end(f);
}

/* Defined only in the segment before: each segment is to open alone. */
static void build_defined_elsewhere(struct file *f)
{
    build_two_segments(f);
    f->sequence = 0;
    f->bytes.len = 0;
    file_begin(f);
    file_site(f, 2, "only here");
    file_index(f);
    struct smk_segment_end end = file_end_of(f);
    end.flags = 0;
    file_put_end(f, &end);
    file_begin(f);
    file_counters(f, 10, FILE_FIRST, 1000, 2);
    file_end(f);
}

/* The second event is before the first, and before the chunk's own beginning. */
static void build_time_backwards(struct file *f)
{
    struct columns columns = {0};
    struct bytes types = {0}, low = {0}, high = {0}, sites = {0};
    file_begin(f);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t delta = smk_zigzag(i ? -100000 : 0);
        put_byte(&types, SMK_EV_REGION_BEGIN);
        put_byte(&low, (unsigned)(delta & 0xff));
        put_number(&high, delta >> 8);
        put_number(&sites, 1);
    }
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_add(&columns, SMK_COLUMN_TIME_LOW, &low);
    columns_add(&columns, SMK_COLUMN_TIME_HIGH, &high);
    columns_add(&columns, smk_column_of_arg(SMK_EV_REGION_BEGIN, 0), &sites);
    struct bytes payload = columns_end(&columns);
    file_chunk(f, SMK_CHUNK_EVENTS, &payload,
               &(struct smk_chunk){.count = 2, .thread = 1, .first = 500000, .last = 600000});
    file_end(f);
}

static void build_ends_before_it_begins(struct file *f)
{
    file_begin(f);
    file_raw(f, SMK_CHUNK_EVENTS, "", 0, &(struct smk_chunk){.thread = 1, .first = 10, .last = 5});
    file_end(f);
}

static void events_chunk(struct file *f, struct columns *columns, uint32_t count)
{
    struct bytes payload = columns_end(columns);
    file_begin(f);
    file_chunk(f, SMK_CHUNK_EVENTS, &payload,
               &(struct smk_chunk){.count = count, .thread = 1, .first = 5000, .last = 5100});
    file_end(f);
}

static void build_column_missing(struct file *f)
{
    struct columns columns = {0};
    struct bytes types = {0};
    put_byte(&types, SMK_EV_REGION_BEGIN);
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_times(&columns, 1, 0);
    events_chunk(f, &columns, 1);
}

static void build_column_twice(struct file *f)
{
    struct columns columns = {0};
    struct bytes types = {0}, again = {0};
    put_byte(&types, SMK_EV_REGION_BEGIN);
    put_byte(&again, SMK_EV_REGION_END);
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_add(&columns, SMK_COLUMN_TYPES, &again);
    columns_times(&columns, 1, 0);
    events_chunk(f, &columns, 1);
}

static void build_column_too_long(struct file *f)
{
    struct columns columns = {0};
    struct bytes types = {0}, sites = {0};
    put_byte(&types, SMK_EV_REGION_BEGIN);
    put_number(&sites, 1);
    put_number(&sites, 1);
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_times(&columns, 1, 0);
    columns_add(&columns, smk_column_of_arg(SMK_EV_REGION_BEGIN, 0), &sites);
    events_chunk(f, &columns, 1);
}

static void build_event_over_127(struct file *f)
{
    struct columns columns = {0};
    struct bytes types = {0};
    put_byte(&types, 200);
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_times(&columns, 1, 0);
    events_chunk(f, &columns, 1);
}

static void build_events_without_bytes(struct file *f)
{
    struct columns columns = {0};
    events_chunk(f, &columns, SMK_CHUNK_COUNT_MAX);
}

static void build_directory_lies(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 2);
    put_number(&b, 0);
    put_number(&b, UINT32_MAX);
    put_number(&b, 1);
    put_number(&b, UINT64_MAX);
    file_chunk(f, SMK_CHUNK_EVENTS, &b,
               &(struct smk_chunk){.count = 5, .thread = 1, .first = 5000, .last = 5100});
    file_end(f);
}

/* A text of 2^40 bytes in a LOG. */
static void build_text_lies(struct file *f)
{
    struct columns columns = {0};
    struct bytes types = {0}, sites = {0}, values = {0}, lengths = {0}, text = {0};
    put_byte(&types, SMK_EV_LOG);
    put_number(&sites, 1);
    put_number(&values, 1);
    put_number(&lengths, UINT64_C(1) << 40);
    put(&text, "short", 5);
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_times(&columns, 1, 0);
    columns_add(&columns, smk_column_of_arg(SMK_EV_LOG, 0), &sites);
    columns_add(&columns, smk_column_of_arg(SMK_EV_LOG, 1), &values);
    columns_add(&columns, smk_column_of_arg(SMK_EV_LOG, 2), &lengths);
    columns_add(&columns, SMK_COLUMN_TEXT, &text);
    events_chunk(f, &columns, 1);
}

/* ---- clocks, index, end --------------------------------------------------------------------------------- */

static void build_clock_backwards(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_signed(&b, 4000000000);
    put_signed(&b, 1000);
    put_signed(&b, 1000);
    put_number(&b, 1);
    file_chunk(f, SMK_CHUNK_CLOCK, &b, &(struct smk_chunk){.count = 1});
    file_counters(f, 10, FILE_FIRST, 1000, 1);
    file_end(f);
}

/* A nanosecond that takes 2^63, and the other way round. */
static void build_clock_steep(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_signed(&b, 3000000001);
    put_signed(&b, INT64_MAX);
    put_signed(&b, 1);
    put_number(&b, UINT64_MAX);
    put_signed(&b, INT64_MAX / 2);
    put_signed(&b, 1);
    put_signed(&b, 1);
    put_number(&b, 1);
    file_chunk(f, SMK_CHUNK_CLOCK, &b, &(struct smk_chunk){.count = 2});
    file_counters(f, 10, 2999999999u, 1, 1);
    file_counters(f, 10, UINT64_MAX / 2, 1000, 1);
    file_end(f);
}

static void build_index_lies(struct file *f)
{
    file_begin(f);
    file_counters(f, 100, FILE_FIRST, 1000, 1);
    f->index.data[1] = SMK_CHUNK_EVENTS;
    file_end(f);
}

static void build_end_lies(struct file *f)
{
    file_begin(f);
    file_counters(f, 100, FILE_FIRST, 1000, 1);
    file_index(f);
    struct smk_segment_end end = file_end_of(f);
    end.events = UINT64_MAX;
    end.index_offset = UINT64_MAX;
    file_put_end(f, &end);
}

static void build_end_goes_back_too_far(struct file *f)
{
    file_begin(f);
    file_counters(f, 100, FILE_FIRST, 1000, 1);
    file_index(f);
    struct smk_segment_end end = file_end_of(f);
    end.bytes = UINT64_MAX - 5;
    file_put_end(f, &end);
}

static void build_short_end(struct file *f)
{
    file_begin(f);
    file_raw(f, SMK_CHUNK_END, "short", 5, &(struct smk_chunk){.count = 1});
}

#endif
