#include "core/gaps.h"

#include <string.h>

#include "base/atomic.h"
#include "base/lock.h"

struct gap {
    uint32_t category;
    uint64_t begin, end; /* ticks; end 0: it goes on */
};

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_GAPS);
static struct gap gaps[SMK_GAPS_MAX]; /* lock; in order of their beginnings */
static uint32_t count;                /* lock */
static uint64_t version, joined;      /* atomic; lock to write */

/* The first two of one category, of which the first has ended, become one. There are such: there are more
 * gaps than categories. */
static void join_two(void)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = i + 1; k < count; k++) {
            if (gaps[k].category != gaps[i].category)
                continue;
            gaps[i].end = gaps[k].end;
            memmove(&gaps[k], &gaps[k + 1], (count - k - 1) * sizeof *gaps);
            count--;
            smk_add_relaxed(&joined, 1);
            return;
        }
}

void smk_gaps_begin(uint32_t categories, uint64_t tick)
{
    smk_lock(&lock);
    for (; categories; categories &= categories - 1) {
        if (count == SMK_GAPS_MAX)
            join_two();
        gaps[count++] = (struct gap){categories & -categories, tick, 0};
        smk_add_relaxed(&version, 1);
    }
    smk_unlock(&lock);
}

void smk_gaps_end(uint32_t categories, uint64_t tick)
{
    smk_lock(&lock);
    for (uint32_t i = 0; i < count; i++)
        if ((gaps[i].category & categories) && gaps[i].end == 0) {
            gaps[i].end = tick;
            smk_add_relaxed(&version, 1);
        }
    smk_unlock(&lock);
}

uint64_t smk_gaps_version(void) { return smk_load_relaxed(&version); }
uint64_t smk_gaps_joined(void) { return smk_load_relaxed(&joined); }

void smk_gaps_each(uint32_t categories, uint64_t from, uint64_t to,
                   void (*visit)(void *arg, uint32_t category, uint64_t begin, uint64_t end), void *arg)
{
    smk_lock(&lock);
    for (uint32_t i = 0; i < count; i++)
        if ((gaps[i].category & categories) && gaps[i].begin < to && (gaps[i].end == 0 || gaps[i].end > from))
            visit(arg, gaps[i].category, gaps[i].begin, gaps[i].end);
    smk_unlock(&lock);
}

void smk_gaps_reset_in_child(void)
{
    smk_lock_reset(&lock);
    count = 0;
}
