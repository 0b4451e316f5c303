/* sound.h: files that are sound but strange, and files that are no trace of ours. */
#ifndef SMK_TESTS_GEN_SOUND_H
#define SMK_TESTS_GEN_SOUND_H

#include "gen/file.h"

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

/* Symbols of a module that the file does not have, of no length, at the ends of the address space, and
 * one address twice. */
static void build_symbols(struct file *f)
{
    static const uint64_t addresses[] = {0, UINT64_MAX, 5, 5};
    struct bytes b = {0};
    for (unsigned i = 0; i < 4; i++) {
        put_number(&b, i & 1);
        put_number(&b, UINT32_MAX);
        put_number(&b, addresses[i]);
        put_number(&b, addresses[i]);
        put_number(&b, i ? UINT64_MAX : 0);
        put_number(&b, 1);
        put_text(&b, i ? "an object \x1b[31m" : "");
        put_text(&b, "../../etc/passwd");
        put_number(&b, UINT32_MAX);
    }
    file_begin(f);
    file_chunk(f, SMK_CHUNK_SYMBOLS, &b, &(struct smk_chunk){.count = 4});
    file_end(f);
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
    struct smk_segment_end end = file_end_of(f);
    file_put_end(f, &end);
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
    f->sequence = 0;
    build_sound(f);
}

static void build_magic_only(struct file *f)
{
    for (unsigned i = 0; i < 250000; i++)
        put(&f->bytes, "SMK\x89", 4);
}

#endif
