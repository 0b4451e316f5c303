#include "core/ended.h"

#include <string.h>

#include "base/sort.h"
#include "core/clock.h"

/* An entry that one writes while others read: `seq` is odd meanwhile, and a reader that finds it changed takes
 * what it has read for nothing. */
struct entry {
    uint32_t seq;
    struct smk_ended ended;
};

struct smk_ended_bounds smk_ended_bounds SMK_HOT_DATA;

static struct entry recent[SMK_ENDED_RECENT], slowest[SMK_ENDED_SLOWEST];
static uint32_t recent_next; /* atomic */
static uint32_t busy;        /* atomic: somebody is at the slowest */
static uint64_t missed;      /* atomic */

/* ---- writers --------------------------------------------------------------------------------------------- */

#define WORDS (sizeof(struct smk_ended) / 8)
SMK_STATIC_ASSERT(sizeof(struct smk_ended) % 8 == 0, "copied word by word");

/* Nothing where another one is at this entry. */
static void write_entry(struct entry *entry, const struct smk_ended *ended)
{
    uint64_t words[WORDS], *to = (uint64_t *)&entry->ended;
    uint32_t seq = smk_load_relaxed(&entry->seq);
    if ((seq & 1) || !smk_cas_relaxed(&entry->seq, &seq, seq + 1))
        return;
    smk_release_fence(); /* pairs with: read_entry */
    memcpy(words, ended, sizeof words);
    for (size_t i = 0; i < WORDS; i++)
        smk_store_relaxed(&to[i], words[i]);
    smk_store_release(&entry->seq, seq + 2); /* pairs with: read_entry */
}

/* Who moves the bound writes: once a gap. */
static void keep_recent(const struct smk_ended *ended)
{
    uint64_t next = smk_load_relaxed(&smk_ended_bounds.next);
    uint64_t after = ended->end + smk_ns_to_ticks(SMK_ENDED_GAP_NS);
    if (ended->end < next || !smk_cas_relaxed(&smk_ended_bounds.next, &next, after))
        return;
    write_entry(&recent[smk_add_relaxed(&recent_next, 1) % SMK_ENDED_RECENT], ended);
}

/* In place of the least slow one. A place that nobody has is one of no length. */
static void keep_slow(const struct smk_ended *ended)
{
    uint32_t free = 0, least = 0;
    if (!smk_cas_acq_rel(&busy, &free, 1)) { /* pairs with: keep_slow */
        smk_add_relaxed(&missed, 1);
        return;
    }
    for (uint32_t i = 1; i < SMK_ENDED_SLOWEST; i++)
        if (slowest[i].ended.ticks < slowest[least].ended.ticks)
            least = i;
    if (slowest[least].ended.ticks < ended->ticks)
        write_entry(&slowest[least], ended);
    uint64_t bound = UINT64_MAX;
    for (uint32_t i = 0; i < SMK_ENDED_SLOWEST; i++)
        bound = smk_min_u64(bound, slowest[i].ended.ticks);
    smk_store_relaxed(&smk_ended_bounds.least, bound);
    smk_store_release(&busy, 0); /* pairs with: keep_slow */
}

void smk_ended_keep(const struct smk_ended *ended)
{
    if (ended->ticks > smk_load_relaxed(&smk_ended_bounds.least))
        keep_slow(ended);
    keep_recent(ended);
}

/* ---- readers --------------------------------------------------------------------------------------------- */

static bool read_entry(const struct entry *entry, struct smk_ended *ended)
{
    uint64_t words[WORDS];
    const uint64_t *from = (const uint64_t *)&entry->ended;
    uint32_t seq = smk_load_acquire(&entry->seq); /* pairs with: write_entry */
    for (size_t i = 0; i < WORDS; i++)
        words[i] = smk_load_relaxed(&from[i]);
    smk_acquire_fence(); /* pairs with: write_entry */
    memcpy(ended, words, sizeof words);
    return !(seq & 1) && smk_load_relaxed(&entry->seq) == seq && ended->id != 0;
}

static uint32_t read_all(const struct entry *entries, uint32_t count, struct smk_ended *list)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++)
        n += read_entry(&entries[i], &list[n]);
    return n;
}

static bool is_later(const void *a, const void *b)
{
    return ((const struct smk_ended *)a)->end > ((const struct smk_ended *)b)->end;
}

static bool is_slower(const void *a, const void *b)
{
    return ((const struct smk_ended *)a)->ticks > ((const struct smk_ended *)b)->ticks;
}

uint32_t smk_ended_recent(struct smk_ended list[SMK_ENDED_RECENT])
{
    uint32_t count = read_all(recent, SMK_ENDED_RECENT, list);
    smk_sort(list, count, sizeof *list, is_later);
    return count;
}

uint32_t smk_ended_slowest(struct smk_ended list[SMK_ENDED_SLOWEST])
{
    uint32_t count = read_all(slowest, SMK_ENDED_SLOWEST, list);
    smk_sort(list, count, sizeof *list, is_slower);
    return count;
}

uint64_t smk_ended_missed(void) { return smk_load_relaxed(&missed); }

void smk_ended_reset_in_child(void)
{
    memset(recent, 0, sizeof recent);
    memset(slowest, 0, sizeof slowest);
    smk_store_relaxed(&busy, 0);
    smk_store_relaxed(&smk_ended_bounds.least, 0);
    smk_store_relaxed(&smk_ended_bounds.next, 0);
}
