/* big_trace.h: a trace of as many events as are wanted, recorded here by the real tracer: threads that serve requests
 * with regions, waits and counters. For bench/report and bench/view.
 */
#ifndef SMK_BENCH_BIG_TRACE_H
#define SMK_BENCH_BIG_TRACE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

enum { BIG_THREADS = 4, BIG_EVENTS_A_REQUEST = 12, BIG_REST_EVERY = 2000, BIG_REST_US = 1500 };

static long big_requests_each;
static char big_objects[16];

/* Twelve events. */
static void big_serve(long number)
{
    static const char *const routes[] = {"GET /cart", "GET /item/:id", "POST /cart", "GET /search"};
    SMK_REQUEST(request, routes[number & 3]);
    SMK_REGION("serve");
    {
        SMK_REGION("load");
        smk_wait wait = SMK_WAIT_BEGIN(SMK_WAITING_LOCK, "a lock", &big_objects[number & 15]);
        smk_wait_end(wait);
    }
    {
        SMK_REGION("render");
        smk_wait wait = SMK_WAIT_BEGIN(SMK_WAITING_DISK, "a file", NULL);
        smk_wait_end(wait);
        SMK_COUNTER("bytes", number & 1023);
    }
    smk_request_status(request, 200);
}

/* The writer is to come along: a rest now and then. */
static void *big_work(void *unused)
{
    (void)unused;
    for (long i = 0; i < big_requests_each; i++) {
        big_serve(i);
        if (i % (BIG_REST_EVERY / BIG_EVENTS_A_REQUEST) == 0)
            usleep(BIG_REST_US);
    }
    return NULL;
}

static void big_record(const char *path, long events)
{
    pthread_t threads[BIG_THREADS];
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.path = path;
    options.max_bytes = UINT64_C(4) << 30;
    big_requests_each = events / BIG_THREADS / BIG_EVENTS_A_REQUEST;
    if (smk_capture_start(&options, NULL) < 0) {
        fprintf(stderr, "%s\n", smk_last_error());
        exit(2);
    }
    for (int i = 0; i < BIG_THREADS; i++)
        pthread_create(&threads[i], NULL, big_work, NULL);
    for (int i = 0; i < BIG_THREADS; i++)
        pthread_join(threads[i], NULL);
    if (smk_capture_stop() < 0)
        fprintf(stderr, "%s\n", smk_last_error());
}

#endif
