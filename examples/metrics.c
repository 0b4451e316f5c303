/* Per-lock averages of a trace, through the public reader alone.
 *
 *     ./metrics trace.stall…
 *     lock            waits   mean ms    max ms
 *     cart_lock       1,204    45.012   312.400
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <stallmark/reader.h>

enum { LOCKS_MAX = 4096 };

struct lock {
    uint64_t address, waits, total, max;
};

static struct lock locks[LOCKS_MAX];
static size_t lock_count;

static struct lock *lock_at(uint64_t address)
{
    for (size_t i = 0; i < lock_count; i++)
        if (locks[i].address == address)
            return &locks[i];
    if (lock_count == LOCKS_MAX)
        return NULL;
    locks[lock_count].address = address;
    return &locks[lock_count++];
}

static void add(const smk_event *event, int duration, int address)
{
    struct lock *lock = lock_at(event->args[address]);
    if (!lock)
        return;
    lock->waits++;
    lock->total += event->args[duration];
    if (event->args[duration] > lock->max)
        lock->max = event->args[duration];
}

static int read_waits(smk_trace *trace)
{
    smk_cursor *cursor;
    const smk_event *event;
    uint32_t lock_wait = smk_event_find("lock_wait");
    int duration = smk_event_find_arg(lock_wait, "duration");
    int address = smk_event_find_arg(lock_wait, "lock");
    int rc = smk_cursor_open(&cursor, trace, NULL);
    while (rc >= 0 && (rc = smk_cursor_next(cursor, &event)) == 1)
        if (event->id == lock_wait)
            add(event, duration, address);
    smk_cursor_close(cursor);
    return rc;
}

static int costlier(const void *a, const void *b)
{
    const struct lock *x = a, *y = b;
    return x->total < y->total ? 1 : x->total > y->total ? -1 : 0;
}

static void print(const smk_trace *trace)
{
    qsort(locks, lock_count, sizeof(locks[0]), costlier);
    printf("%-24s %9s %12s %12s\n", "lock", "waits", "mean ms", "max ms");
    for (size_t i = 0; i < lock_count; i++) {
        char number[24];
        const char *name = smk_trace_lock_name(trace, locks[i].address);
        snprintf(number, sizeof(number), "0x%" PRIx64, locks[i].address);
        printf("%-24s %9" PRIu64 " %12.3f %12.3f\n", name ? name : number, locks[i].waits,
               (double)locks[i].total / (double)locks[i].waits / 1e6, (double)locks[i].max / 1e6);
    }
}

int main(int argc, char **argv)
{
    smk_trace *trace;
    if (argc < 2) {
        fprintf(stderr, "usage: metrics FILE…\n");
        return 2;
    }
    if (smk_trace_open_segments(&trace, (const char *const *)argv + 1, (size_t)argc - 1, NULL) < 0 ||
        read_waits(trace) < 0) {
        fprintf(stderr, "metrics: %s\n", smk_last_error());
        return 2;
    }
    print(trace);
    for (size_t i = 0; smk_trace_problem(trace, i); i++)
        fprintf(stderr, "metrics: %s\n", smk_trace_problem(trace, i));
    smk_trace_close(trace);
    return 0;
}
