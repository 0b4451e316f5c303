/* What the kernel said, kept for snapshots: the latest of it, whole records, in order, within its bound. */
#include "unit/smk_test.h"

#include "core/kept.h"
#include "core/record.h"
#include "format/events.h"

static uint64_t next_tick;

/* A piece of `count` records, each of `words`; their ticks go up by one over all pieces. */
static struct smk_piece make(uint64_t *memory, uint32_t serial, unsigned count, unsigned words)
{
    struct smk_piece piece = {
        .data = (uint8_t *)memory, .len = count * words * 8, .serial = serial, .tid = serial + 100};
    snprintf(piece.name, sizeof piece.name, "thread-%u", serial);
    for (unsigned i = 0; i < count; i++) {
        memory[i * words] = smk_record_head(SMK_EV_CPU_TIME, words, 0, 0);
        memory[i * words + 1] = ++next_tick;
    }
    return piece;
}

/* All that is kept: in order, nothing missing between the oldest and the newest. Returns how many records. */
static uint64_t check_all(uint64_t *oldest)
{
    struct smk_batch batch;
    uint64_t records = 0, last = 0;
    *oldest = UINT64_MAX;
    assert_true(smk_kept_get(&batch));
    for (uint32_t i = 0; i < batch.count; i++) {
        const struct smk_piece *piece = &batch.pieces[i];
        char name[SMK_NAME_MAX];
        snprintf(name, sizeof name, "thread-%u", piece->serial);
        assert_string_equal(piece->name, name);
        assert_int_equal(piece->tid, piece->serial + 100);
        assert_true(piece->len <= SMK_KEPT_PART);
        if (i == 0 || batch.pieces[i - 1].serial != piece->serial)
            last = 0;
        for (uint32_t at = 0; at < piece->len;) {
            const uint64_t *record = (const uint64_t *)(piece->data + at);
            assert_true(record[1] > last);
            last = record[1];
            *oldest = smk_min_u64(*oldest, last);
            records++;
            at += smk_record_words(record[0]) * 8;
        }
        assert_true(i == 0 || batch.pieces[i - 1].serial <= piece->serial);
    }
    smk_kept_release(&batch);
    return records;
}

static void test_the_latest_stays(void **state)
{
    (void)state;
    static uint64_t memory[4][5 * 2000];
    uint64_t oldest;
    assert_true(smk_kept_ready(UINT64_C(1) << 20));
    assert_in_range(smk_kept_bytes(), SMK_KEPT_BYTES_MIN, (UINT64_C(1) << 20) / 16);
    smk_kept_clear();
    assert_int_equal(check_all(&oldest), 0);
    for (unsigned round = 0; round < 300; round++) {
        struct smk_piece pieces[4];
        for (uint32_t i = 0; i < 4; i++)
            pieces[i] = make(memory[i], i + 1, 1 + (round * 37 + i * 11) % 400, 3 + i % 3);
        smk_kept_put(pieces, 4);
        uint64_t records = check_all(&oldest);
        assert_true(records > 0);
        assert_int_equal(records, next_tick - oldest + 1);
    }
    assert_true(smk_kept_from() >= oldest - 1); /* what is gone is said */
}

static void test_a_piece_larger_than_the_ring(void **state)
{
    (void)state;
    static uint64_t memory[5 * 20000];
    uint64_t oldest;
    assert_true(smk_kept_ready(UINT64_C(1) << 20));
    smk_kept_clear();
    struct smk_piece piece = make(memory, 7, 20000, 5);
    assert_true(piece.len > smk_kept_bytes());
    smk_kept_put(&piece, 1);
    uint64_t records = check_all(&oldest);
    assert_in_range(records, 100, smk_kept_bytes() / 40);
    assert_int_equal(records, next_tick - oldest + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_latest_stays),
        cmocka_unit_test(test_a_piece_larger_than_the_ring),
    };
    return SMK_RUN(tests);
}
