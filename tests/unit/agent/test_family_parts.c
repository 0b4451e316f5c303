/* The part of another process, as a stranger may have sent it: garbage, pieces, too much, chunks of other captures and
 * other processes. What goes into the file is whole chunks of that process, and an END. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>

#include "base/crc32c.h"
#include "family_parts.h"
#include "format/chunk.h"
#include "format/tables.h"
#include "heap.h"
#include "stallmark/version.h"

#define PID     4711
#define PROCESS ((uint64_t)PID << 32 | 0x1234)
#define NUMBER  99
#define ROOM    65536
#define PAYLOAD 40

static struct smk_tape *tape;
static struct smk_part part;
static uint8_t bytes[SMK_CHUNK_HEADER + PAYLOAD];

static int open_part(void **state)
{
    (void)state;
    tape = smk_tape_new_memory(1 << 20);
    return tape && smk_part_open(&part, tape, ROOM) == 0 ? 0 : -1;
}

static int close_part(void **state)
{
    (void)state;
    smk_part_close(&part);
    smk_tape_release(tape);
    return 0;
}

/* A chunk of PAYLOAD bytes in `bytes`; its size. */
static size_t make(struct smk_chunk chunk)
{
    memset(bytes + SMK_CHUNK_HEADER, 0x5a, PAYLOAD);
    chunk.version = SMK_FORMAT_VERSION;
    chunk.stored_size = chunk.plain_size = PAYLOAD;
    chunk.payload_crc = smk_crc32c(0, bytes + SMK_CHUNK_HEADER, PAYLOAD);
    chunk.count = 1;
    smk_chunk_pack(&chunk, bytes);
    return sizeof bytes;
}

static size_t good(unsigned kind)
{
    return make((struct smk_chunk){
        .kind = (uint8_t)kind, .process = PROCESS, .capture = NUMBER, .first = 5, .last = 7});
}

static void keep(size_t size) { assert_int_equal(smk_part_write(&part, bytes, size), 0); }

/* The chunks of the tape, whose last is an END where there are any; how many. *end: what that says. */
static unsigned appended(struct smk_segment_end *end)
{
    uint8_t head[SMK_CHUNK_HEADER], payload[SMK_SEGMENT_END_SIZE];
    struct smk_chunk chunk = {0};
    unsigned count = 0;
    uint64_t at = 0, size;
    const char *why;
    assert_int_equal(smk_part_append(&part, tape, NUMBER, PID), 0);
    size = smk_tape_bytes(tape);
    for (; at < size; count++, at += SMK_CHUNK_HEADER + chunk.stored_size) {
        assert_int_equal(smk_tape_read_memory(tape, at, head, sizeof head), sizeof head);
        assert_int_equal(smk_chunk_unpack(&chunk, head, &why), 0);
        assert_true(chunk.process == PROCESS && chunk.capture == NUMBER);
    }
    assert_int_equal(at, size);
    if (count > 0)
        assert_int_equal(chunk.kind, SMK_CHUNK_END);
    if (count > 0 && chunk.stored_size == sizeof payload) {
        smk_tape_read_memory(tape, size - sizeof payload, payload, sizeof payload);
        assert_int_equal(chunk.payload_crc, smk_crc32c(0, payload, sizeof payload));
        smk_segment_end_unpack(end, payload);
    }
    return count;
}

/* ---- tests ------------------------------------------------------------------------------------------------ */

static void what_is_whole_stays_as_it_is(void **state)
{
    struct smk_segment_end end = {0};
    (void)state;
    keep(good(SMK_CHUNK_SEGMENT));
    keep(good(SMK_CHUNK_EVENTS));
    keep(good(SMK_CHUNK_END));
    assert_int_equal(appended(&end), 3);
    assert_int_equal(smk_tape_bytes(tape), 3 * sizeof bytes);
}

static void what_was_cut_gets_an_end_that_says_so(void **state)
{
    struct smk_segment_end end = {0};
    (void)state;
    keep(good(SMK_CHUNK_SEGMENT));
    keep(good(SMK_CHUNK_EVENTS));
    keep(good(SMK_CHUNK_EVENTS));
    assert_int_equal(appended(&end), 4);
    assert_int_equal(end.reason, SMK_REASON_CUT);
    assert_int_equal(end.chunks, 4);
    assert_int_equal(end.events, 2);
    assert_true(end.first == 5 && end.last == 7);
}

static void nothing_and_garbage_are_nothing(void **state)
{
    struct smk_segment_end end;
    (void)state;
    assert_int_equal(appended(&end), 0);
    memset(bytes, 0xa5, sizeof bytes);
    for (int i = 0; i < 100; i++)
        keep(sizeof bytes);
    assert_int_equal(appended(&end), 0);
}

/* Wherever it is cut, the whole chunks before are there. */
static void a_piece_of_a_chunk_is_left_out(void **state)
{
    for (size_t cut = 1; cut < sizeof bytes; cut++) {
        struct smk_segment_end end = {0};
        keep(good(SMK_CHUNK_SEGMENT));
        keep(cut);
        assert_int_equal(appended(&end), 2);
        assert_int_equal(end.reason, SMK_REASON_CUT);
        close_part(state);
        assert_int_equal(open_part(state), 0);
    }
}

/* One byte is another, anywhere: that chunk and all behind it are left out. */
static void a_damaged_chunk_ends_it(void **state)
{
    for (size_t at = 0; at < sizeof bytes; at++) {
        struct smk_segment_end end = {0};
        keep(good(SMK_CHUNK_SEGMENT));
        good(SMK_CHUNK_EVENTS);
        bytes[at] ^= 0x40;
        keep(sizeof bytes);
        keep(good(SMK_CHUNK_END));
        assert_int_equal(appended(&end), 2);
        close_part(state);
        assert_int_equal(open_part(state), 0);
    }
}

/* All sums are right, and it is somebody else's. */
static void chunks_of_others_are_not_taken(void **state)
{
    static const struct smk_chunk others[] = {
        {.kind = SMK_CHUNK_EVENTS, .process = PROCESS, .capture = NUMBER + 1},
        {.kind = SMK_CHUNK_EVENTS, .process = PROCESS + 1, .capture = NUMBER},
        {.kind = SMK_CHUNK_EVENTS, .process = PROCESS + (UINT64_C(1) << 32), .capture = NUMBER},
        {.kind = SMK_CHUNK_EVENTS, .capture = NUMBER},
        {.kind = SMK_CHUNK_EVENTS, .process = PROCESS, .capture = NUMBER, .first = 2, .last = 1},
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(others); i++)
        for (int first = 0; first < 2; first++) {
            struct smk_segment_end end = {0};
            if (!first)
                keep(good(SMK_CHUNK_SEGMENT));
            if (first && others[i].process == PROCESS + 1)
                continue; /* the first says which half of the id is its own */
            keep(make(others[i]));
            keep(good(SMK_CHUNK_END));
            assert_int_equal(appended(&end), first ? 0 : 2);
            close_part(state);
            assert_int_equal(open_part(state), 0);
        }
}

/* A size that its sum confirms, and that is more than was sent, or than a chunk may have. */
static void sizes_are_not_believed(void **state)
{
    static const uint32_t sizes[] = {PAYLOAD + 1, SMK_CHUNK_STORED_MAX, SMK_CHUNK_STORED_MAX + 1, INT32_MAX,
                                     UINT32_MAX};
    for (size_t i = 0; i < SMK_ARRAY_LEN(sizes); i++) {
        struct smk_segment_end end = {0};
        struct smk_chunk chunk = {.version = SMK_FORMAT_VERSION, .kind = SMK_CHUNK_EVENTS, .process = PROCESS,
                                  .capture = NUMBER, .stored_size = sizes[i], .plain_size = sizes[i], .count = 1};
        keep(good(SMK_CHUNK_SEGMENT));
        good(SMK_CHUNK_EVENTS);
        smk_chunk_pack(&chunk, bytes);
        keep(sizeof bytes);
        assert_int_equal(appended(&end), 2);
        close_part(state);
        assert_int_equal(open_part(state), 0);
    }
}

static void too_much_is_refused_and_what_was_there_stays(void **state)
{
    struct smk_segment_end end = {0};
    unsigned kept = 0;
    (void)state;
    good(SMK_CHUNK_EVENTS);
    while (smk_part_write(&part, bytes, sizeof bytes) == 0)
        kept++;
    assert_int_equal(kept, ROOM / sizeof bytes);
    assert_int_equal(smk_part_write(&part, bytes, sizeof bytes), -EFBIG);
    assert_int_equal(smk_part_write(&part, bytes, SIZE_MAX - 10), -EFBIG); /* not around the end of numbers */
    assert_int_equal(part.bytes, kept * sizeof bytes);
    assert_int_equal(appended(&end), kept + 1);
    assert_int_equal(end.events, kept);
}

/* The tape is full: that is its error, and nobody's end. */
static void a_full_tape_is_told(void **state)
{
    struct smk_tape *small = smk_tape_new_memory(SMK_TAPE_BLOCK);
    (void)state;
    good(SMK_CHUNK_EVENTS);
    while (smk_tape_append(small, bytes, sizeof bytes) == 0)
        continue;
    keep(sizeof bytes);
    assert_int_equal(smk_part_append(&part, small, NUMBER, PID), -ENOSPC);
    smk_tape_release(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_whole_stays_as_it_is, open_part, close_part),
        cmocka_unit_test_setup_teardown(what_was_cut_gets_an_end_that_says_so, open_part, close_part),
        cmocka_unit_test_setup_teardown(nothing_and_garbage_are_nothing, open_part, close_part),
        cmocka_unit_test_setup_teardown(a_piece_of_a_chunk_is_left_out, open_part, close_part),
        cmocka_unit_test_setup_teardown(a_damaged_chunk_ends_it, open_part, close_part),
        cmocka_unit_test_setup_teardown(chunks_of_others_are_not_taken, open_part, close_part),
        cmocka_unit_test_setup_teardown(sizes_are_not_believed, open_part, close_part),
        cmocka_unit_test_setup_teardown(too_much_is_refused_and_what_was_there_stays, open_part, close_part),
        cmocka_unit_test_setup_teardown(a_full_tape_is_told, open_part, close_part),
    };
    return SMK_RUN(tests);
}
