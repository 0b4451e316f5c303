/* damage.h: files in which bytes are missing, strange, too many, or claim too much. */
#ifndef SMK_TESTS_GEN_DAMAGE_H
#define SMK_TESTS_GEN_DAMAGE_H

#include "gen/sound.h"

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

#endif
