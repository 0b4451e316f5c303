#define _GNU_SOURCE
#include "source/sched_threads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/entries.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/fds.h"
#include "core/hidden.h"
#include "source/cpu_samples.h"
#include "source/faults.h"

#define RECORDS_MAX 65536u /* between two passes */
#define WORDS_MAX   5u

/* Records wait in a pool, linked by thread: those of one thread come at different times. */
struct waiting {
    uint32_t next; /* 0: none */
    uint32_t words;
    uint64_t record[WORDS_MAX];
};

struct smk_sched_list smk_sched_list;

static struct {
    struct waiting *waiting; /* RECORDS_MAX; the first is not used */
    uint64_t *out;           /* RECORDS_MAX * WORDS_MAX words */
    struct smk_piece *pieces;
    uint32_t used, piece_count;
    uint64_t refused; /* atomic */
    bool failed;
} store = {.used = 1};

/* ---- the list -------------------------------------------------------------------------------------------------- */

static bool make_list(void)
{
    if (!smk_sched_list.array)
        smk_sched_list.array = smk_sys_map(SMK_SCHED_THREADS_MAX * sizeof *smk_sched_list.array);
    return smk_sched_list.array != NULL;
}

/* The kernel lists threads in the order in which they began, as they stand in our list too: nearly always
 * it is the one behind the last that was found. */
static struct smk_sched_thread *find(uint32_t tid)
{
    static uint32_t next;
    for (uint32_t n = 0; n < smk_sched_list.count; n++) {
        uint32_t at = (next + n) % smk_sched_list.count;
        if (smk_sched_list.array[at].tid == tid && !smk_sched_list.array[at].dead) {
            next = at + 1;
            return &smk_sched_list.array[at];
        }
    }
    return NULL;
}

static void read_name(uint32_t tid, char name[SMK_NAME_MAX])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%u/comm", tid);
    int len = smk_sys_slurp(path, name, SMK_NAME_MAX);
    name[len > 0 && name[len - 1] == '\n' ? len - 1 : len > 0 ? len : 0] = '\0';
}

static void add_thread(uint32_t tid, void (*begins)(struct smk_sched_thread *thread))
{
    char name[SMK_NAME_MAX];
    if (smk_sched_list.count == SMK_SCHED_THREADS_MAX) {
        smk_sched_list.unseen++;
        return;
    }
    read_name(tid, name);
    struct smk_thread *slot = smk_thread_adopt(tid, name);
    uint32_t serial = slot ? smk_load_relaxed(&slot->serial) : 0;
    if (serial == 0) {
        smk_sched_list.unseen++;
        return;
    }
    struct smk_sched_thread *thread = &smk_sched_list.array[smk_sched_list.count++];
    *thread = (struct smk_sched_thread){.tid = tid, .serial = serial, .slot = slot, .round = smk_sched_list.round};
    smk_name_load(&slot->name, thread->name);
    begins(thread);
}

/* A thread whose serial has gone is just ending, or its number was given to another one: which of the two,
 * the next round tells. */
static void see_thread(uint32_t tid, void (*begins)(struct smk_sched_thread *thread))
{
    struct smk_sched_thread *thread = find(tid);
    if (!thread)
        add_thread(tid, begins);
    else if (smk_load_relaxed(&thread->slot->serial) == thread->serial)
        thread->round = smk_sched_list.round;
    else
        thread->dead = true;
}

int smk_sched_list_update(void (*begins)(struct smk_sched_thread *thread))
{
    static struct smk_entries entries;
    if (!make_list())
        return -ENOMEM;
    int dir = smk_fd_keep(smk_sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY, 0));
    if (dir < 0)
        return dir;
    uint64_t ours = smk_hidden_all(), seen = 0;
    smk_sched_list.round++;
    smk_sched_list.unseen = 0;
    smk_entries_begin(&entries, dir);
    for (const char *name; (name = smk_entries_next(&entries)) != NULL;) {
        int64_t tid = smk_entry_number(name);
        uint64_t hidden = tid > 0 ? smk_hidden_bit((uint32_t)tid) : 0;
        seen |= hidden;
        if (tid > 0 && !hidden)
            see_thread((uint32_t)tid, begins);
    }
    smk_fd_close(dir);
    if (entries.result < 0)
        return entries.result;
    smk_hidden_strike(ours & ~seen);
    for (uint32_t i = 0; i < smk_sched_list.count; i++)
        smk_sched_list.array[i].dead |= smk_sched_list.array[i].round != smk_sched_list.round;
    return 0;
}

static void end_thread(struct smk_sched_thread *thread)
{
    smk_perf_ring_close(&thread->switches);
    smk_cpu_samples_close(thread);
    smk_faults_close(thread);
}

uint32_t smk_sched_list_tidy(void)
{
    uint32_t kept = 0, bytes = 0;
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[i];
        if (!thread->dead) {
            smk_sched_list.array[kept++] = *thread;
            continue;
        }
        bytes += smk_perf_ring_bytes(&thread->switches);
        end_thread(thread);
        smk_thread_disown(thread->slot, thread->serial);
    }
    smk_sched_list.count = kept;
    return bytes;
}

uint32_t smk_sched_list_sample(uint32_t tid, uint64_t from)
{
    uint32_t stack = 0;
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        const struct smk_sched_thread *thread = &smk_sched_list.array[i];
        if (thread->tid == tid && thread->sampled_at >= from)
            stack = thread->sampled;
    }
    return stack;
}

void smk_sched_list_clear(void)
{
    for (uint32_t i = 0; i < smk_sched_list.count; i++)
        end_thread(&smk_sched_list.array[i]);
    smk_sched_list.count = 0;
}

/* ---- records --------------------------------------------------------------------------------------------------- */

static bool make_store(void)
{
    if (store.waiting || store.failed)
        return !store.failed;
    store.waiting = smk_sys_map(RECORDS_MAX * sizeof *store.waiting);
    store.out = smk_sys_map(RECORDS_MAX * WORDS_MAX * 8);
    store.pieces = smk_sys_map(SMK_SCHED_THREADS_MAX * sizeof *store.pieces);
    store.failed = !store.waiting || !store.out || !store.pieces;
    return !store.failed;
}

void smk_sched_put(struct smk_sched_thread *thread, const uint64_t *record, unsigned words)
{
    if (!make_store() || store.used == RECORDS_MAX || words > WORDS_MAX) {
        smk_add_relaxed(&store.refused, 1);
        return;
    }
    uint32_t at = store.used++;
    struct waiting *waiting = &store.waiting[at];
    waiting->next = 0;
    waiting->words = words;
    memcpy(waiting->record, record, words * 8);
    if (thread->last)
        store.waiting[thread->last].next = at;
    else
        thread->first = at;
    thread->last = at;
}

static bool piece_before(const void *a, const void *b)
{
    const struct smk_piece *x = a, *y = b;
    return x->serial < y->serial;
}

static uint64_t *copy_records(struct smk_sched_thread *thread, uint64_t *to)
{
    for (uint32_t at = thread->first; at; at = store.waiting[at].next) {
        memcpy(to, store.waiting[at].record, store.waiting[at].words * 8);
        to += store.waiting[at].words;
    }
    thread->first = thread->last = 0;
    return to;
}

uint32_t smk_sched_pieces(const struct smk_piece **pieces)
{
    uint32_t count = 0;
    uint64_t *to = store.out;
    *pieces = store.pieces;
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[i];
        if (!thread->first)
            continue;
        struct smk_piece *piece = &store.pieces[count++];
        uint64_t *from = to;
        bool same = smk_load_relaxed(&thread->slot->serial) == thread->serial;
        if (same)
            smk_name_load(&thread->slot->name, thread->name);
        to = copy_records(thread, to);
        *piece = (struct smk_piece){.data = (const uint8_t *)from,
                                    .len = (uint32_t)((uint8_t *)to - (uint8_t *)from),
                                    .serial = thread->serial,
                                    .tid = thread->tid,
                                    .started = same ? smk_load_relaxed(&thread->slot->started) : 0};
        memcpy(piece->name, thread->name, sizeof piece->name);
    }
    store.used = 1;
    smk_sort(store.pieces, count, sizeof *store.pieces, piece_before);
    return count;
}

uint64_t smk_sched_refused(void) { return smk_load_relaxed(&store.refused); }

void smk_sched_threads_reset_in_child(void)
{
    smk_sched_list.count = 0;
    store.used = 1;
}
