/* records.h: what the sources put into the buffer, read back as it lies there. No thread of ours runs: the
 * writer is asked for and does not come, since the host never waits for anything first. */
#ifndef SMK_TESTS_RECORDS_H
#define SMK_TESTS_RECORDS_H

#include "core/capture.h"
#include "core/drain.h"
#include "core/init.h"
#include "core/record.h"
#include "core/stats.h"
#include "source/start.h"

struct record {
    uint32_t tid;
    unsigned event;
    uint32_t first;
    uint64_t ticks;
    uint64_t args[6]; /* those behind the first */
};

#define RECORDS_MAX 4096

static struct record records[RECORDS_MAX];
static int record_count;

static void never_called(void) {}

static inline void arm(uint32_t categories)
{
    smk_source_on_first_wait(never_called);
    smk_start_at = 0x80; /* not happened, and nothing here triggers it */
    assert_int_equal(smk_recorder_set(categories), 0);
}

static inline void disarm(void) { assert_int_equal(smk_recorder_set(0), 0); }

static inline void unpack(const struct smk_piece *piece)
{
    for (uint32_t at = 0; at < piece->len;) {
        uint64_t words[SMK_RECORD_WORDS_MAX];
        memcpy(words, piece->data + at, 16);
        unsigned count = smk_record_words(words[0]);
        memcpy(words, piece->data + at, count * 8);
        at += count * 8;
        assert_true(record_count < RECORDS_MAX);
        struct record *r = &records[record_count++];
        *r = (struct record){piece->tid, smk_record_event(words[0]), smk_record_first(words[0]), words[1], {0}};
        for (unsigned i = 2; i < count && i < 8; i++)
            r->args[i - 2] = words[i];
    }
}

/* All that was recorded at or after `since`, into records[]. */
static inline void read_records(uint64_t since)
{
    struct smk_batch batch;
    int kept = 0;
    record_count = 0;
    assert_int_equal(smk_batch_init(&batch, 16 << 20), 0);
    smk_drain_retained(&batch);
    for (uint32_t i = 0; i < batch.count; i++)
        unpack(&batch.pieces[i]);
    smk_batch_free(&batch);
    for (int i = 0; i < record_count; i++)
        if (records[i].ticks >= since)
            records[kept++] = records[i];
    record_count = kept;
}

static inline int count_of(unsigned event)
{
    int count = 0;
    for (int i = 0; i < record_count; i++)
        count += records[i].event == event;
    return count;
}

static inline const struct record *find_record(unsigned event, uint32_t tid)
{
    for (int i = 0; i < record_count; i++)
        if (records[i].event == event && (tid == 0 || records[i].tid == tid))
            return &records[i];
    return NULL;
}

#endif
