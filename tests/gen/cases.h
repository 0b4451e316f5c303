/* cases.h: hostile files, each with its verdict: cases 46 and 74 to 77 of the list of hostile inputs. The
 * unit tests take them as they are, tests/gen/hostile writes them for the command line.
 */
#ifndef SMK_TESTS_GEN_CASES_H
#define SMK_TESTS_GEN_CASES_H

#include "gen/file.h"

enum verdict {
    CLEAN,   /* opens, nothing to say */
    PROBLEM, /* opens, and says what is wrong */
    REFUSED  /* does not open */
};

struct hostile_case {
    const char *name;
    enum verdict verdict;
    const char *says; /* words of the problem or the error */
    void (*build)(struct file *f);
    bool big; /* some ten megabytes */
};

/* ---- sound ---------------------------------------------------------------------------------------------- */

static void build_sound(struct file *f)
{
    file_begin(f);
    file_counters(f, 100, FILE_FIRST, 1000, 1);
    file_end(f);
}

static void build_two_segments(struct file *f)
{
    file_begin(f);
    file_counters(f, 100, FILE_FIRST, 1000, 1);
    file_index(f);
    struct smk_segment_end end = file_end_of(f);
    end.flags = 0;
    end.reason = SMK_REASON_RUNNING;
    file_put_end(f, &end);
    file_begin(f);
    file_counters(f, 100, 1000000, 1000, 1);
    file_end(f);
}

static void build_no_index(struct file *f)
{
    file_begin(f);
    file_counters(f, 10, FILE_FIRST, 1000, 1);
    struct smk_segment_end end = file_end_of(f);
    file_put_end(f, &end);
}

/* Chunks of one thread, each over the same time: the merge has them all open. */
static void build_all_overlap(struct file *f)
{
    file_begin(f);
    for (unsigned i = 0; i < 3000; i++)
        file_counters(f, 20, FILE_FIRST, 1000, 1);
    file_end(f);
}

static void build_empty_events(struct file *f)
{
    file_begin(f);
    for (unsigned i = 0; i < 1000; i++)
        file_raw(f, SMK_CHUNK_EVENTS, "", 0, &(struct smk_chunk){.thread = 1});
    file_end(f);
}

static void build_million_empty(struct file *f)
{
    file_begin(f);
    for (unsigned i = 0; i < 1000000; i++)
        file_raw(f, SMK_CHUNK_STRINGS, "", 0, &(struct smk_chunk){0});
    file_end(f);
}

static void build_names(struct file *f)
{
    static const char *const names[] = {
        "<img src=x onerror=alert(1)>", "</script>", "javascript:alert(1)", "quote \" and \\ backslash",
        "\xe2\x80\xae""dednuf", "\x1b]52;c;cm0gLXJm\x07", "\x1b[2J\x1b[1;1H", "\r\b\b\b\x7f",
        "not \xff\xfe UTF-8 \xc0\x80", "C1 \xc2\x9b""31m \x9b""31m", "line\nfeed\ttab", "=cmd|' /C calc'!A0",
        "a;b c"};
    file_begin(f);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        struct bytes fact = {0};
        put_fact(&fact, names[i], names[i]);
        file_chunk(f, SMK_CHUNK_FACTS, &fact, &(struct smk_chunk){.count = 1});
        file_string(f, 10 + i, names[i]);
        file_site(f, 10 + i, names[i]);
        file_thread(f, 10 + i, names[i]);
        file_counters(f, 2, FILE_FIRST + i, 10, 10 + i);
    }
    file_end(f);
}

static void build_name_with_nul(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 9);
    put_number(&b, 7);
    put(&b, "abc\0def", 7);
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = 1});
    file_end(f);
}

static void build_name_of_100_kb(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 9);
    put_number(&b, 100000);
    for (unsigned i = 0; i < 100000; i++)
        put_byte(&b, 'a' + i % 26);
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = 1});
    file_end(f);
}

/* Threads that are their own parents, a lock held by who waits for it, a wait for oneself. */
static void build_circles(struct file *f)
{
    struct columns columns = {0};
    struct bytes types = {0}, names = {0}, parents = {0}, wait = {0}, lock = {0};
    file_begin(f);
    put_byte(&types, SMK_EV_THREAD_START);
    put_number(&names, 1);
    put_signed(&parents, 4711);
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_times(&columns, 1, 0);
    columns_add(&columns, smk_column_of_arg(SMK_EV_THREAD_START, 0), &names);
    columns_add(&columns, smk_column_of_arg(SMK_EV_THREAD_START, 1), &parents);
    struct bytes payload = columns_end(&columns);
    file_chunk(f, SMK_CHUNK_EVENTS, &payload,
               &(struct smk_chunk){.count = 1, .thread = 1, .tid = 4711, .first = 5000, .last = 5000});
    const uint64_t fields[] = {1, 4711, SMK_WAIT_LOCK, 0xdead, 4711, 6000, 0, 0};
    for (unsigned i = 0; i < 8; i++)
        put_number(&wait, fields[i]);
    file_chunk(f, SMK_CHUNK_OPEN_WAITS, &wait, &(struct smk_chunk){.count = 1});
    put_number(&lock, 0xdead);
    put_number(&lock, 999); /* a string that there is not */
    file_chunk(f, SMK_CHUNK_LOCKS, &lock, &(struct smk_chunk){.count = 1});
    file_end(f);
}

static void build_ends_of_time(struct file *f)
{
    file_begin(f);
    file_counters(f, 2, 0, UINT64_MAX / 2 - 1, 1);
    file_counters(f, 2, UINT64_MAX - 10, 5, 1);
    file_end(f);
}

/* ---- not a trace, or another ---------------------------------------------------------------------------- */

static void build_nothing(struct file *f) { (void)f; }

static void build_text(struct file *f)
{
    for (unsigned i = 0; i < 1000; i++)
        put(&f->bytes, "This is not a trace.\n", 21);
}

static void build_wrong_endian(struct file *f)
{
    build_sound(f);
    for (size_t i = 0; i + 4 <= f->bytes.len; i += 4) {
        uint32_t word = smk_get_le32(f->bytes.data + i);
        smk_put_le32(f->bytes.data + i, __builtin_bswap32(word));
    }
}

static void build_future_major(struct file *f)
{
    file_begin(f);
    struct bytes b = {0};
    put_byte(&b, 0);
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.version = 0x7f03});
    file_end(f);
}

static void build_future_minor(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_text(&b, "something new");
    file_chunk(f, 99, &b, &(struct smk_chunk){.version = SMK_FORMAT_VERSION + 3, .count = 1});
    file_counters(f, 10, FILE_FIRST, 1000, 1);
    file_end(f);
}

static void build_future_event(struct file *f)
{
    struct columns columns = {0};
    struct bytes types = {0}, unknown = {0};
    file_begin(f);
    put_byte(&types, 127);
    put_byte(&types, 127);
    put_number(&unknown, 5);
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_times(&columns, 2, 10);
    columns_add(&columns, smk_column_of_arg(127, 0), &unknown);
    struct bytes payload = columns_end(&columns);
    file_chunk(f, SMK_CHUNK_EVENTS, &payload,
               &(struct smk_chunk){.count = 2, .thread = 1, .first = 5000, .last = 5010});
    file_end(f);
}

static void build_two_captures(struct file *f)
{
    build_sound(f);
    f->capture = 0x5678;
    build_sound(f);
}

static void build_magic_only(struct file *f)
{
    for (unsigned i = 0; i < 250000; i++)
        put(&f->bytes, "SMK\x89", 4);
}

/* ---- damage --------------------------------------------------------------------------------------------- */

static void build_no_end(struct file *f)
{
    file_begin(f);
    file_counters(f, 10, FILE_FIRST, 1000, 1);
}

static void build_garbage_in_front(struct file *f)
{
    build_text(f);
    f->segment = f->bytes.len;
    build_sound(f);
}

static void build_garbage_between(struct file *f)
{
    file_begin(f);
    build_text(f);
    file_counters(f, 10, FILE_FIRST, 1000, 1);
    file_end(f);
}

static void build_garbage_behind(struct file *f)
{
    build_sound(f);
    build_text(f);
}

static void build_wrong_payload_crc(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 2);
    put_text(&b, "two");
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = 1, .payload_crc = 1});
    file_end(f);
}

/* The head of one chunk with the tail of another. */
static void build_spliced(struct file *f)
{
    struct file other = {0};
    file_begin(f);
    file_counters(f, 100, FILE_FIRST, 1000, 1);
    file_begin(&other);
    file_counters(&other, 50, FILE_FIRST, 500, 1);
    file_end(&other);
    f->bytes.len -= 150;
    put(&f->bytes, other.bytes.data + 700, other.bytes.len - 700);
    file_free(&other);
}

static void build_twice(struct file *f)
{
    struct file again = {0};
    build_sound(f);
    build_sound(&again);
    put(&f->bytes, again.bytes.data, again.bytes.len);
    file_free(&again);
}

static void build_hole(struct file *f)
{
    file_begin(f);
    f->sequence += 3;
    file_counters(f, 10, FILE_FIRST, 1000, 1);
    file_end(f);
}

/* Headers that are right, each with a payload of 256 KiB that is not there. */
static void build_headers_only(struct file *f)
{
    for (unsigned i = 0; i < 100000; i++)
        file_raw(f, SMK_CHUNK_EVENTS, "", 0,
                 &(struct smk_chunk){.stored_size = SMK_CHUNK_PLAIN_MAX, .plain_size = SMK_CHUNK_PLAIN_MAX});
}

/* ---- sizes and counts ----------------------------------------------------------------------------------- */

static void build_huge_count(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 2);
    put_text(&b, "two");
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = UINT32_MAX});
    file_end(f);
}

static void build_huge_size(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 2);
    put_text(&b, "two");
    file_chunk(f, SMK_CHUNK_STRINGS, &b,
               &(struct smk_chunk){.count = 1, .stored_size = UINT32_MAX, .plain_size = UINT32_MAX});
    file_end(f);
}

static void build_count_beyond_payload(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 2);
    put_text(&b, "two");
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = SMK_CHUNK_COUNT_MAX});
    file_end(f);
}

static void build_long_text(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 2);
    put_number(&b, UINT64_MAX);
    put(&b, "two", 3);
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = 1});
    file_end(f);
}

static void build_long_number(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    for (unsigned i = 0; i < 11; i++)
        put_byte(&b, 0x80);
    put_byte(&b, 1);
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = 1});
    file_end(f);
}

static void build_deep_stack(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 1);
    put_number(&b, UINT32_MAX);
    for (unsigned i = 0; i < 5000; i++)
        put_signed(&b, 8);
    file_chunk(f, SMK_CHUNK_STACKS, &b, &(struct smk_chunk){.count = 1});
    file_end(f);
}

static void build_many_facts(struct file *f)
{
    file_begin(f);
    for (unsigned c = 0; c < 10; c++) {
        struct bytes b = {0};
        for (unsigned i = 0; i < 10000; i++) {
            char key[24];
            snprintf(key, sizeof key, "k%u.%u", c, i);
            put_fact(&b, key, "v");
        }
        file_chunk(f, SMK_CHUNK_FACTS, &b, &(struct smk_chunk){.count = 10000});
    }
    file_end(f);
}

static void build_tail_behind_entries(struct file *f)
{
    struct bytes b = {0};
    file_begin(f);
    put_number(&b, 2);
    put_text(&b, "two");
    put_text(&b, "and more");
    file_chunk(f, SMK_CHUNK_STRINGS, &b, &(struct smk_chunk){.count = 1});
    file_end(f);
}

static void build_redefined(struct file *f)
{
    file_begin(f);
    file_string(f, 1, "another text");
    file_end(f);
}

/* ---- compression ---------------------------------------------------------------------------------------- */

static void compressed(struct file *f, const void *frame, size_t len, uint32_t plain)
{
    file_begin(f);
    file_raw(f, SMK_CHUNK_STRINGS, frame, len,
             &(struct smk_chunk){.flags = SMK_CHUNK_ZSTD, .plain_size = plain, .count = 1});
    file_end(f);
}

/* 256 KiB of zeroes: an RLE block of 128 KiB, twice. RFC 8878 3.1.1. */
static void build_bomb(struct file *f)
{
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0x00, 0x00, 0x04, 0x00, /* content: 256 KiB */
                                    0x02, 0x00, 0x10, 0x00,                               /* RLE, 128 KiB */
                                    0x03, 0x00, 0x10, 0x00};
    compressed(f, frame, sizeof frame, SMK_CHUNK_PLAIN_MAX);
}

/* Says that it holds 2^62 bytes. */
static void build_lying_size(struct file *f)
{
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x01, 0x00, 0x00};
    compressed(f, frame, sizeof frame, 4096);
}

/* A window of 2^31 bytes. */
static void build_wide_window(struct file *f)
{
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x80, 0xa8, 0x00, 0x10, 0x00, 0x00, 0x01, 0x00, 0x00};
    compressed(f, frame, sizeof frame, 4096);
}

/* 4 GiB to be skipped. */
static void build_skippable(struct file *f)
{
    static const uint8_t frame[] = {0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
    compressed(f, frame, sizeof frame, 4096);
}

/* One raw block of one byte, then the same again. */
static void build_two_frames(struct file *f)
{
    static const uint8_t frames[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x09, 0x00, 0x00, 'a',
                                     0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x09, 0x00, 0x00, 'a'};
    compressed(f, frames, sizeof frames, 1);
}

static void build_empty_frames(struct file *f)
{
    struct bytes b = {0};
    static const uint8_t empty[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00};
    for (unsigned i = 0; i < 20000; i++)
        put(&b, empty, sizeof empty);
    compressed(f, b.data, b.len, 1);
    forget(&b);
}

static void build_cut_frame(struct file *f)
{
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x05, 0x29, 0x00, 0x00, 'a'};
    compressed(f, frame, sizeof frame, 5);
}

static void build_no_frame(struct file *f) { compressed(f, "not a frame at all", 18, 100); }

static void build_unknown_flag(struct file *f)
{
    file_begin(f);
    file_raw(f, SMK_CHUNK_STRINGS, "abcd", 4, &(struct smk_chunk){.flags = 0x40, .count = 1});
    file_end(f);
}

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

static const struct hostile_case hostile_cases[] = {
    {"sound", CLEAN, NULL, build_sound, false},
    {"two_segments", CLEAN, NULL, build_two_segments, false},
    {"no_index", CLEAN, NULL, build_no_index, false},
    {"all_overlap", CLEAN, NULL, build_all_overlap, false},
    {"empty_events", CLEAN, NULL, build_empty_events, false},
    {"million_empty", CLEAN, NULL, build_million_empty, true},
    {"names", CLEAN, NULL, build_names, false},
    {"name_with_nul", CLEAN, NULL, build_name_with_nul, false},
    {"name_of_100_kb", CLEAN, NULL, build_name_of_100_kb, false},
    {"circles", CLEAN, NULL, build_circles, false},
    {"ends_of_time", CLEAN, NULL, build_ends_of_time, false},
    {"many_facts", CLEAN, NULL, build_many_facts, false},
    {"clock_steep", CLEAN, NULL, build_clock_steep, false},

    {"nothing", REFUSED, "is empty", build_nothing, false},
    {"text", REFUSED, "not a stallmark trace", build_text, false},
    {"wrong_endian", REFUSED, "other byte order", build_wrong_endian, false},
    {"future_major", REFUSED, "later major version", build_future_major, false},
    {"two_captures", REFUSED, "another capture", build_two_captures, false},
    {"magic_only", REFUSED, "no whole chunk", build_magic_only, false},
    {"headers_only", REFUSED, "no whole chunk", build_headers_only, false},

    {"future_minor", PROBLEM, "does not know", build_future_minor, false},
    {"future_event", PROBLEM, "does not know", build_future_event, false},
    {"no_end", PROBLEM, "no END", build_no_end, false},
    {"garbage_in_front", PROBLEM, "21000 bytes at offset 0 are no chunk", build_garbage_in_front, false},
    {"garbage_between", PROBLEM, "21000 bytes at offset", build_garbage_between, false},
    {"garbage_behind", PROBLEM, "21000 bytes at offset", build_garbage_behind, false},
    {"wrong_payload_crc", PROBLEM, "checksum is wrong", build_wrong_payload_crc, false},
    {"spliced", PROBLEM, "offset", build_spliced, false},
    {"twice", PROBLEM, "more than once", build_twice, false},
    {"hole", PROBLEM, "3 chunks of the capture missing", build_hole, false},
    {"huge_count", PROBLEM, "count is over the bound", build_huge_count, false},
    {"huge_size", PROBLEM, "size is over the bound", build_huge_size, false},
    {"count_beyond_payload", PROBLEM, "an entry is cut", build_count_beyond_payload, false},
    {"long_text", PROBLEM, "an entry is cut", build_long_text, false},
    {"long_number", PROBLEM, "an entry is cut", build_long_number, false},
    {"deep_stack", PROBLEM, "too large", build_deep_stack, false},
    {"tail_behind_entries", PROBLEM, "behind its last entry", build_tail_behind_entries, false},
    {"redefined", PROBLEM, "differs from an earlier one", build_redefined, false},
    {"bomb", PROBLEM, "grow beyond the bound", build_bomb, false},
    {"lying_size", PROBLEM, "different sizes", build_lying_size, false},
    {"wide_window", PROBLEM, "window of over 8 MiB", build_wide_window, false},
    {"skippable", PROBLEM, "skippable", build_skippable, false},
    {"two_frames", PROBLEM, "not exactly one", build_two_frames, false},
    {"empty_frames", PROBLEM, "different sizes", build_empty_frames, false},
    {"cut_frame", PROBLEM, "not exactly one", build_cut_frame, false},
    {"no_frame", PROBLEM, "no zstd frame", build_no_frame, false},
    {"unknown_flag", PROBLEM, "flag", build_unknown_flag, false},
    {"undefined_site", PROBLEM, "does not define, 10 times; the first is site 77", build_undefined_site, false},
    {"undefined_thread", PROBLEM, "the first is thread 1", build_undefined_thread, false},
    {"defined_elsewhere", PROBLEM, "the first is site 2", build_defined_elsewhere, false},
    {"time_backwards", PROBLEM, "outside of the times", build_time_backwards, false},
    {"ends_before_it_begins", PROBLEM, "ends before it begins", build_ends_before_it_begins, false},
    {"column_missing", PROBLEM, "column of arguments", build_column_missing, false},
    {"column_twice", PROBLEM, "column twice", build_column_twice, false},
    {"column_too_long", PROBLEM, "column of arguments", build_column_too_long, false},
    {"event_over_127", PROBLEM, "over 127", build_event_over_127, false},
    {"events_without_bytes", PROBLEM, "not as many types", build_events_without_bytes, false},
    {"directory_lies", PROBLEM, "directory", build_directory_lies, false},
    {"text_lies", PROBLEM, "texts are cut", build_text_lies, false},
    {"clock_backwards", PROBLEM, "clock pairs go backwards", build_clock_backwards, false},
    {"index_lies", PROBLEM, "does not describe its segment", build_index_lies, false},
    {"end_lies", PROBLEM, "states 18446744073709551615 events", build_end_lies, false},
    {"end_goes_back_too_far", PROBLEM, "bytes, its segment has", build_end_goes_back_too_far, false},
    {"short_end", PROBLEM, "64 are right", build_short_end, false},
};

#define HOSTILE_CASES (sizeof hostile_cases / sizeof *hostile_cases)

#endif
