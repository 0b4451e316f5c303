/* report: how fast a trace is read and understood: events a second a core, and the most memory, of the cursor alone,
 * the timeline (every thread's time as spans), the report, and the view of one request. The trace is recorded here, by
 * the real tracer: threads that serve requests with regions, waits and counters; or it is a file that is given.
 *
 * usage: report [EVENTS | FILE] (2000000; 20 million are a minute's work)
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "analysis/report.h"
#include "analysis/request_view.h"
#include "analysis/timeline.h"
#include "big_trace.h"
#include "budgets.h"

enum { EVENTS_DEFAULT = 2000000 };

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- what is done with it ------------------------------------------------------------------------------- */

static uint64_t spans;

static void on_span(void *arg, const struct smk_span *span)
{
    (void)arg;
    spans += span->to > span->from;
}

static int read_alone(smk_trace *trace)
{
    const smk_event *event;
    smk_cursor *cursor;
    int result = smk_cursor_open(&cursor, trace, NULL);
    while (result == 0 && (result = smk_cursor_next(cursor, &event)) == 1)
        result = 0;
    smk_cursor_close(cursor);
    return result;
}

static int timeline(smk_trace *trace)
{
    static const struct smk_timeline_calls calls = {.span = on_span};
    return smk_timeline_run(trace, NULL, &calls, NULL);
}

static int report(smk_trace *trace)
{
    struct smk_report *made = NULL;
    struct smk_report_options options = {.no_symbols = true};
    int result = smk_report_make(&made, trace, &options);
    smk_report_free(made);
    return result;
}

static int request(smk_trace *trace)
{
    struct smk_request_view *view = NULL;
    struct smk_request_view_options options = {.no_symbols = true};
    int result = smk_request_view_make(&view, trace, NULL, &options);
    smk_request_view_free(view);
    return result;
}

/* Million events a second of CPU time, and the most memory so far. */
static double measure(const char *name, smk_trace *trace, int (*run)(smk_trace *))
{
    struct timespec from, to;
    struct rusage usage;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    if (run(trace) != 0) {
        fprintf(stderr, "report: %s\n", smk_last_error());
        exit(2);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    getrusage(RUSAGE_SELF, &usage);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    double rate = (double)smk_trace_get_info(trace)->events / seconds / 1e6;
    printf("%-24s %8.2f s %8.2f million events a second %8ld MiB\n", name, seconds, rate, usage.ru_maxrss / 1024);
    return rate;
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/stallmark-bench-report-XXXXXX";
    long events = argc > 1 && argv[1][0] != '/' ? strtol(argv[1], NULL, 10) : EVENTS_DEFAULT;
    bool own = argc < 2 || argv[1][0] != '/';
    smk_trace *trace;
    if (own) {
        int fd = mkstemp(path);
        if (fd < 0)
            return 2;
        close(fd);
        uint64_t begun = now_ns();
        big_record(path, events > 0 ? events : EVENTS_DEFAULT);
        printf("recorded in %.1f s\n", (double)(now_ns() - begun) / 1e9);
    }
    int result = smk_trace_open(&trace, own ? path : argv[1], NULL);
    if (own)
        unlink(path);
    if (result != 0) {
        fprintf(stderr, "report: %s\n", smk_last_error());
        return 2;
    }
    const smk_trace_info *info = smk_trace_get_info(trace);
    printf("%llu events of %u threads, %llu lost, %.1f MiB\n", (unsigned long long)info->events, info->threads,
           (unsigned long long)info->lost, (double)info->bytes / 1048576);
    measure("the cursor alone", trace, read_alone);
    double rate = measure("timeline", trace, timeline);
    printf("%24llu spans\n", (unsigned long long)spans);
    measure("request (two passes)", trace, request);
    double reported = measure("report", trace, report);
    smk_trace_close(trace);
    bool good = rate >= budget("timeline_million_events") && reported >= budget("report_million_events");
    printf("\ntimeline: %.1f million events a second, at least %.1f; report: %.1f, at least %.1f  %s\n", rate,
           budget("timeline_million_events"), reported, budget("report_million_events"), good ? "ok" : "TOO SLOW");
    return !good;
}
