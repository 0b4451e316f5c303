/* record.h: how an event gets into the buffer.
 *
 * A record is 2 to 9 words of 64 bits, or more where it carries text:
 *
 *     word 0   63 … 32 first argument │ 31 … 16 length of the text │ 15 … 8 words │ 7 … 0 event id
 *     word 1   time in ticks
 *     word 2…  the other arguments, one each; the text in its own words at the end
 *
 * reserve → write words 1… → commit, each by the thread that owns the sub-buffer. A signal handler may
 * come between any two instructions and record events itself: reserve is one instruction, so the
 * handler gets the room behind ours. Commit writes word 0, last of all: a sub-buffer is all zeroes when
 * it is opened, so a reader knows a finished record by its head and never waits for anybody. It then
 * adds our length to `committed`, also one instruction, so that `committed == cur` tells the owner that
 * no frame below it is in the middle of a record, whoever finished first. (The idea of counting commits
 * per sub-buffer is that of LTTng's ring buffer; Desnoyers 2009, chapter 5.)
 *
 * Cost when armed: one time stamp, three additions to own memory, two to four stores.
 */
#ifndef SMK_CORE_RECORD_H
#define SMK_CORE_RECORD_H

#include "base/atomic.h"
#include "core/clock.h"
#include "core/pool.h"
#include "core/thread.h"
#include "format/events.h"

#define SMK_RECORD_WORDS_MAX 255
#define SMK_TEXT_MAX         1024 /* bytes of text in a LOG; longer text is cut, and counted */

SMK_INLINE uint64_t smk_record_head(unsigned event, unsigned words, unsigned text_len, uint32_t first)
{
    return (uint64_t)event | (uint64_t)words << 8 | (uint64_t)text_len << 16 | (uint64_t)first << 32;
}

SMK_INLINE unsigned smk_record_event(uint64_t head) { return head & 0xff; }
SMK_INLINE unsigned smk_record_words(uint64_t head) { return (head >> 8) & 0xff; }
SMK_INLINE unsigned smk_record_text_len(uint64_t head) { return (head >> 16) & 0xffff; }
SMK_INLINE uint32_t smk_record_first(uint64_t head) { return (uint32_t)(head >> 32); }

/* Where the finished records that begin at `at` end: before `to`, or before the first that is not
 * finished. `memory` is a sub-buffer, or a copy of one. */
SMK_INLINE uint32_t smk_records_end(const uint8_t *memory, uint32_t at, uint32_t to)
{
    while (at + 16 <= to) {
        uint64_t head = smk_load_acquire((const uint64_t *)(memory + at)); /* pairs with: smk_commit */
        if (head == 0)
            break;
        at += smk_record_words(head) * 8;
    }
    return at;
}

/* Can this be a finished record: an event that exists, of its length, in the `left` bytes that there are? */
SMK_INLINE bool smk_record_fits(const uint64_t *record, uint32_t left)
{
    uint64_t head = smk_load_acquire(record); /* pairs with: smk_commit */
    const struct smk_event_spec *spec = head ? smk_event_spec(smk_record_event(head)) : NULL;
    if (!spec || left < 16)
        return false;
    bool text = spec->args[spec->arg_count - 1].type == SMK_ARG_TEXT;
    unsigned words = spec->arg_count + (text ? (smk_record_text_len(head) + 7) / 8 : 1u);
    return smk_record_words(head) == words && words >= 2 && words * 8 <= left;
}

/* The first finished record behind the unfinished one at `at`, whose length nobody knows; `to` where
 * there is none. Looks for what can only be a record: an event that exists, of its length, at a time
 * that has been. */
uint32_t smk_records_after_hole(const uint8_t *memory, uint32_t at, uint32_t to);

/* Room for a record of `words`, or NULL: the event is dropped and counted. */
SMK_INLINE uint64_t *smk_reserve(struct smk_thread *t, unsigned words, unsigned event)
{
    smk_local_count(&t->counted.events[smk_event_category_number(event)]);
    uint64_t pos = smk_local_add(&t->cur, words * 8);
    if (SMK_UNLIKELY(pos + words * 8 > smk_load_relaxed(&t->end)))
        return smk_pool_reserve_slow(t, pos, words, event);
    return (uint64_t *)pos;
}

/* Finishes the record, whose other words are written. `head` is from smk_record_head. */
SMK_INLINE void smk_commit(struct smk_thread *t, uint64_t *rec, uint64_t head)
{
    smk_store_release(rec, head); /* pairs with: smk_records_end */
    smk_local_add_release(&t->committed, smk_record_words(head) * 8); /* pairs with: is_settled */
}

#endif
