/* view: how soon a big trace can be looked at: from opening it until the first answer that shows something, until all
 * of it is built, and from the kept file; how long windows take to be answered, while it is built and after; the most
 * memory. The trace is bench/report's.
 *
 * usage: view [EVENTS | FILE] (1000000; 100 million take a minute, and 1.2 GiB of disk)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "analysis/timeline.h"
#include "big_trace.h"
#include "budgets.h"
#include "view/item.h"

enum { EVENTS_DEFAULT = 1000000, WINDOWS = 1000, PIXELS = 1600, ROWS = 30 };

static double clock_s(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Beside the wall's time that of the CPU is told, which others on the machine do not change much. */
static double now_s(void) { return clock_s(CLOCK_MONOTONIC); }
static double cpu_s(void) { return clock_s(CLOCK_PROCESS_CPUTIME_ID); }

static long most_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static void give_up(void)
{
    fprintf(stderr, "view: %s\n", smk_last_error());
    exit(2);
}

/* ---- windows -------------------------------------------------------------------------------------------- */

struct times {
    double seconds[WINDOWS], cpu[WINDOWS];
    unsigned count;
    uint64_t bytes;
};

static int by_length(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* A place anywhere, a length of anything between all of it and a microsecond, up to ROWS rows. */
static void look_anywhere(struct smk_view *view, struct times *times)
{
    struct smk_view_bytes bytes = {0};
    uint32_t rows[ROWS], known = smk_view_row_count(view);
    uint64_t length = smk_view_duration(view) >> (unsigned)rand() % 20;
    uint64_t from = smk_view_first(view) + (uint64_t)((double)(smk_view_duration(view) - length) * drand48());
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i] = known ? (uint32_t)rand() % known : 0;
    double begun = now_s(), used = clock_s(CLOCK_THREAD_CPUTIME_ID);
    if (smk_view_window(view, from, from + length + 1000, PIXELS, rows, known ? ROWS : 0, &bytes) != 0)
        give_up();
    times->cpu[times->count] = clock_s(CLOCK_THREAD_CPUTIME_ID) - used;
    times->seconds[times->count++] = now_s() - begun;
    times->bytes += bytes.size;
    smk_view_bytes_free(&bytes);
}

static double quantile(double *seconds, unsigned count, double q)
{
    qsort(seconds, count, sizeof(double), by_length);
    return count ? seconds[(unsigned)((double)(count - 1) * q)] * 1000 : 0;
}

/* What was found to be beyond its budget; the exit code of a child. */
static bool too_much;

static void hold(const char *what, double is, const char *name)
{
    if (is <= budget(name))
        return;
    printf("%s: %.2f, at most %.2f  TOO MUCH\n", what, is, budget(name));
    too_much = true;
}

static void say_windows(const char *when, struct times *times)
{
    const double qs[] = {0.5, 0.99, 1};
    printf("%-28s %u of %d pixels and %d rows, %.0f KiB each: p50, p99, most", when, times->count, PIXELS, ROWS,
           times->count ? (double)times->bytes / times->count / 1024 : 0);
    for (unsigned i = 0; i < 3; i++)
        printf(" %.2f", quantile(times->seconds, times->count, qs[i]));
    printf(" ms; of CPU time");
    for (unsigned i = 0; i < 3; i++)
        printf(" %.2f", quantile(times->cpu, times->count, qs[i]));
    printf(" ms\n");
    hold("p99", quantile(times->seconds, times->count, 0.99), "view_window_ms");
}

/* ---- a view --------------------------------------------------------------------------------------------- */

/* A span of a thread is there, and not only what the headers of chunks say. */
static bool shows_something(struct smk_view *view)
{
    struct smk_view_row row;
    return smk_view_get_row(view, 0, &row) && row.items > 0;
}

static void build(const char *path, struct times *meanwhile)
{
    struct smk_view *view;
    struct smk_view_progress progress;
    struct smk_view_density density = {0};
    double begun = now_s(), used = cpu_s(), opened, first = 0;
    if (smk_view_open(&view, &path, 1, NULL) != 0)
        give_up();
    if (smk_view_density_of(view, 1600, &density) != 0)
        give_up();
    opened = now_s();
    smk_view_density_free(&density);
    do {
        smk_view_get_progress(view, &progress);
        if (first == 0 && shows_something(view))
            first = now_s();
        if (first > 0 && meanwhile->count < WINDOWS)
            look_anywhere(view, meanwhile);
        usleep(10000);
    } while (progress.phase < SMK_VIEW_READY);
    double ready = now_s(), took = cpu_s() - used;
    if (progress.phase != SMK_VIEW_READY)
        fprintf(stderr, "view: %s\n", progress.text);
    printf("%-34s %8.3f s\n", "opened, with the overview", opened - begun);
    printf("%-34s %8.3f s\n", "first items", first - begun);
    hold("first items", first - begun, "view_open_s");
    printf("%-34s %8.3f s, %.3f s of CPU time with the windows; %.0f MiB of file, %u rows\n", "all built",
           ready - begun, took, (double)progress.file_bytes / 1048576, smk_view_row_count(view));
    smk_view_close(view);
}

static void look(const char *path, struct times *times)
{
    struct smk_view *view;
    struct smk_view_progress progress;
    struct smk_view_moment moment = {0};
    double begun = now_s();
    if (smk_view_open(&view, &path, 1, NULL) != 0)
        give_up();
    smk_view_get_progress(view, &progress);
    look_anywhere(view, times);
    printf("%-34s %8.3f s%s\n", "opened again, with a window", now_s() - begun,
           progress.from_file ? "" : " (not kept!)");
    while (times->count < WINDOWS)
        look_anywhere(view, times);
    begun = now_s();
    if (smk_view_moment_at(view, smk_view_first(view) + smk_view_duration(view) / 2, &moment) != 0)
        give_up();
    printf("%-34s %8.3f ms\n", "everybody at one instant", (now_s() - begun) * 1000);
    smk_view_moment_free(&moment);
    smk_view_close(view);
}

/* ---- beside it ------------------------------------------------------------------------------------------ */

static void on_span(void *arg, const struct smk_span *span) { *(uint64_t *)arg += span->to > span->from; }

/* What the pass takes without building anything. */
static void pass(const char *path)
{
    static const struct smk_timeline_calls calls = {.span = on_span};
    smk_trace *trace;
    uint64_t spans = 0;
    if (smk_trace_open(&trace, path, NULL) != 0)
        give_up();
    double begun = now_s(), used = cpu_s();
    if (smk_timeline_run(trace, NULL, &calls, &spans) != 0)
        give_up();
    double took = now_s() - begun, cpu = cpu_s() - used;
    const smk_trace_info *info = smk_trace_get_info(trace);
    printf("%llu events, %.0f MiB, %llu spans; the timeline alone %.3f s, %.3f s of CPU time\n",
           (unsigned long long)info->events, (double)info->bytes / 1048576, (unsigned long long)spans, took, cpu);
    smk_trace_close(trace);
}

/* In a process of its own, so that the most memory is its own. False: something was too much. */
static bool in_child(void (*run)(const char *), const char *path)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        run(path);
        printf("%-34s %8ld MiB\n", "most memory", most_mib());
        hold("most memory", (double)most_mib(), "view_memory_mib");
        exit(too_much);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
        exit(2);
    return WEXITSTATUS(status) == 0;
}

static void run_build(const char *path)
{
    static struct times meanwhile;
    build(path, &meanwhile);
    say_windows("windows meanwhile", &meanwhile);
}

static void run_look(const char *path)
{
    static struct times times;
    look(path, &times);
    say_windows("windows", &times);
}

static long wanted;
static void run_record(const char *path) { big_record(path, wanted); }

int main(int argc, char **argv)
{
    char path[256] = "/tmp/stallmark-bench-view-XXXXXX", kept[300];
    bool own = argc < 2 || argv[1][0] != '/';
    wanted = own && argc > 1 ? strtol(argv[1], NULL, 10) : EVENTS_DEFAULT;
    if (own) {
        int fd = mkstemp(path);
        if (fd < 0)
            return 2;
        close(fd);
        in_child(run_record, path);
    } else {
        snprintf(path, sizeof(path), "%s", argv[1]);
    }
    snprintf(kept, sizeof(kept), "%s.view", path);
    unlink(kept);
    in_child(pass, path);
    bool good = in_child(run_build, path);
    good &= in_child(run_look, path);
    unlink(kept);
    if (own)
        unlink(path);
    return !good;
}
