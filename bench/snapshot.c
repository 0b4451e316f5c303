/* snapshot: what a snapshot of the flight recorder does to the threads that record, and how long it takes. A buffer of
 * 64 MiB is kept full by threads that mark regions; snapshots and as long times without one take turns.
 *
 *     snapshot [--threads N] [--rounds N] [--mib N]
 *
 *   longest gap   between two regions of one thread, in each round the longest of any thread: median and worst of the
 *                 rounds. A thread that lost its CPU meanwhile says so (its switches are counted), and whether it
 *                 waited (voluntary) or was preempted, of which a machine with few CPUs has more while somebody
 *                 compresses. What is neither is what the recording itself stood still.
 *   to the copy   from asking until the buffer was copied: what is in the file is then as of one moment
 *   to the file   until the file is whole
 *
 * The exit code is 1 when a target of bench/budgets.txt is missed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <stallmark/trace.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "budgets.h"
#include "core/capture.h"
#include "core/clock.h"
#include "core/init.h"
#include "core/pool.h"
#include "format/events.h"

enum { THREADS_MAX = 64, ROUNDS_MAX = 1000, WORK = 400 };

#define LOOK_NS  10000u /* gaps from here on are asked for what they were */
#define QUIET_NS UINT64_C(100000000)

/* ---- the threads that record ------------------------------------------------------------------------------------- */

enum gap { GAP_ITSELF, GAP_PREEMPTED, GAP_WAITED, GAP_KINDS };

struct emitter {
    pthread_t thread;
    uint64_t longest[GAP_KINDS]; /* atomic, ns: since the round began */
    uint64_t regions;            /* atomic */
} __attribute__((aligned(128)));

static struct emitter emitters[THREADS_MAX];
static uint32_t over; /* atomic */

static void note_gap(struct emitter *emitter, uint64_t ns, struct rusage *last)
{
    struct rusage now;
    getrusage(RUSAGE_THREAD, &now);
    enum gap kind = now.ru_nvcsw != last->ru_nvcsw     ? GAP_WAITED
                    : now.ru_nivcsw != last->ru_nivcsw ? GAP_PREEMPTED
                                                       : GAP_ITSELF;
    *last = now;
    if (ns > smk_load_relaxed(&emitter->longest[kind]))
        smk_store_relaxed(&emitter->longest[kind], ns);
}

static void *emit(void *arg)
{
    struct emitter *emitter = arg;
    struct rusage last;
    getrusage(RUSAGE_THREAD, &last);
    uint64_t before = smk_ticks();
    while (!smk_load_relaxed(&over)) {
        {
            SMK_REGION("work");
            for (int i = 0; i < WORK; i++)
                __asm__ volatile("" ::: "memory");
        }
        uint64_t now = smk_ticks(), ns = smk_ticks_to_ns(now - before);
        before = now;
        if (ns >= LOOK_NS) {
            note_gap(emitter, ns, &last);
            before = smk_ticks();
        }
        smk_store_relaxed(&emitter->regions, emitter->regions + 1);
    }
    return NULL;
}

static void begin_round(unsigned threads)
{
    for (unsigned i = 0; i < threads; i++)
        for (int kind = 0; kind < GAP_KINDS; kind++)
            smk_store_relaxed(&emitters[i].longest[kind], 0);
}

static uint64_t longest(unsigned threads, int kind)
{
    uint64_t ns = 0;
    for (unsigned i = 0; i < threads; i++)
        ns = smk_max_u64(ns, smk_load_relaxed(&emitters[i].longest[kind]));
    return ns;
}

/* ---- a snapshot -------------------------------------------------------------------------------------------------- */

struct taken {
    uint64_t copy_ns, file_ns, bytes, events, lost;
};

static int directory;

static bool snapshot(struct taken *taken)
{
    struct smk_file_sink sink = {.dir = directory, .fd = -1, .exact = true, .base = "snapshot.stall"};
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_SNAPSHOT,
                                    .categories = SMK_CAT_REGION,
                                    .sink = &smk_file_sink_calls,
                                    .sink_arg = &sink};
    struct smk_capture_progress progress = {0};
    struct smk_capture *capture;
    smk_capture_new_id(spec.id);
    uint64_t asked = smk_sys_clock(CLOCK_MONOTONIC);
    if (smk_capture_begin(&spec, &capture) < 0)
        return false;
    while (progress.complete_from_ns == 0 && progress.state != SMK_CAPTURE_DONE) {
        smk_sys_sleep(50000);
        smk_capture_get_progress(capture, &progress);
    }
    taken->copy_ns = smk_sys_clock(CLOCK_MONOTONIC) - asked;
    bool done = smk_capture_wait(capture, UINT64_C(60000000000));
    taken->file_ns = smk_sys_clock(CLOCK_MONOTONIC) - asked;
    smk_capture_get_progress(capture, &progress);
    taken->bytes = progress.bytes;
    taken->events = progress.events;
    taken->lost = progress.lost;
    smk_capture_release(capture);
    return done && progress.reason == SMK_REASON_COMPLETE;
}

/* ---- figures ----------------------------------------------------------------------------------------------------- */

static uint64_t gaps[2][GAP_KINDS][ROUNDS_MAX]; /* without a snapshot, with one */
static uint64_t copies[ROUNDS_MAX], files[ROUNDS_MAX];

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void put(const char *name, uint64_t *values, unsigned rounds)
{
    qsort(values, rounds, sizeof *values, by_size);
    printf("%-44s %10.1f %10.1f\n", name, (double)values[rounds / 2] / 1000, (double)values[rounds - 1] / 1000);
}

static int verdict(const char *what, const char *name, double got)
{
    double most = budget(name);
    printf("%-44s %10.1f   target %.0f: %s\n", what, got, most, got <= most ? "met" : "missed");
    return got > most;
}

static int report(const struct taken *last, unsigned threads, unsigned rounds)
{
    static const char *const kinds[] = {"on its CPU all the time", "preempted", "waited"};
    char name[80];
    printf("%u threads, %.1f MiB, %u rounds of each; the last snapshot: %llu events, %llu lost, %.1f MB\n", threads,
           (double)smk_pool_bytes() / (1 << 20), rounds, (unsigned long long)last->events,
           (unsigned long long)last->lost, (double)last->bytes / 1e6);
    printf("%-44s %10s %10s\n", "us", "median", "worst");
    for (int kind = 0; kind < GAP_KINDS; kind++)
        for (int with = 0; with < 2; with++) {
            snprintf(name, sizeof name, "longest gap, %s, %s", kinds[kind], with ? "snapshot" : "none");
            put(name, gaps[with][kind], rounds);
        }
    put("to the copy", copies, rounds);
    put("to the file", files, rounds);
    double caused = (double)gaps[1][GAP_ITSELF][rounds / 2] / 1000;
    return verdict("a gap of its own in a snapshot, median, us", "snapshot_pause_us", caused) |
           verdict("to the copy, median, ms", "snapshot_copy_ms", (double)copies[rounds / 2] / 1e6);
}

/* ---- rounds ------------------------------------------------------------------------------------------------------ */

static void fill(unsigned threads, uint64_t bytes)
{
    for (uint64_t regions = 0; regions * 32 < bytes * 2;) {
        smk_sys_sleep(QUIET_NS);
        regions = 0;
        for (unsigned i = 0; i < threads; i++)
            regions += smk_load_relaxed(&emitters[i].regions);
    }
}

static bool run(unsigned threads, unsigned rounds, struct taken *taken)
{
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t length = round ? taken->file_ns : QUIET_NS;
        for (int with = 0; with < 2; with++) {
            begin_round(threads);
            if (!with)
                smk_sys_sleep(length);
            else if (!snapshot(taken))
                return false;
            for (int kind = 0; kind < GAP_KINDS; kind++)
                gaps[with][kind][round] = longest(threads, kind);
        }
        copies[round] = taken->copy_ns;
        files[round] = taken->file_ns;
    }
    return true;
}

static unsigned long long option(int argc, char **argv, const char *name, unsigned long long normal)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtoull(argv[i + 1], NULL, 10);
    return normal;
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/smk-bench-snapshot-XXXXXX";
    unsigned long long mib = option(argc, argv, "--mib", 64);
    unsigned threads = (unsigned)smk_min_u64(option(argc, argv, "--threads", 2), THREADS_MAX);
    unsigned rounds = (unsigned)smk_min_u64(option(argc, argv, "--rounds", 11), ROUNDS_MAX);
    struct taken taken = {0};
    if (threads == 0 || rounds == 0 || !mkdtemp(path) || smk_core_init(NULL) < 0 ||
        smk_core_set_pool_bytes(mib << 20) < 0 || smk_recorder_set(SMK_CAT_REGION) < 0)
        return 2;
    directory = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    for (unsigned i = 0; i < threads; i++)
        pthread_create(&emitters[i].thread, NULL, emit, &emitters[i]);
    fill(threads, smk_pool_bytes());
    bool good = run(threads, rounds, &taken);
    smk_store_relaxed(&over, 1);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(emitters[i].thread, NULL);
    unlinkat(directory, "snapshot.stall", 0);
    close(directory);
    rmdir(path);
    if (!good) {
        fprintf(stderr, "snapshot: one did not come to its end\n");
        return 2;
    }
    return report(&taken, threads, rounds);
}
