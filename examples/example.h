/* example.h: what the examples of findings share: their flags, their capture, and a clock of their own.
 *
 *     ./disk [--healthy] [FILE]      records itself to FILE (trace.stall), and prints what it measured itself
 *     stallmark report FILE
 *
 * A test compares what it prints ("measured 123456 ns") with what the report says.
 */
#ifndef STALLMARK_EXAMPLE_H
#define STALLMARK_EXAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

#define NOINLINE __attribute__((noinline))

/* True: without the fault. */
static inline bool example_begin(int argc, char **argv)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    bool healthy = false;
    options.path = "trace.stall";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--healthy") == 0)
            healthy = true;
        else
            options.path = argv[i];
    }
    smk_thread_name("main");
    if (smk_capture_start(&options, NULL) < 0) {
        fprintf(stderr, "no trace: %s\n", smk_last_error());
        exit(1);
    }
    return healthy;
}

static inline int example_end(uint64_t measured)
{
    if (smk_capture_stop() < 0) {
        fprintf(stderr, "the trace is not whole: %s\n", smk_last_error());
        return 1;
    }
    printf("measured %llu ns\n", (unsigned long long)measured);
    return 0;
}

static inline uint64_t now_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t now_ns(void) { return now_of(CLOCK_MONOTONIC); }

/* Uses the CPU for so long, of the thread's own CPU time. */
static inline void work_ns(uint64_t ns)
{
    uint64_t until = now_of(CLOCK_THREAD_CPUTIME_ID) + ns;
    volatile unsigned sum = 0;
    while (now_of(CLOCK_THREAD_CPUTIME_ID) < until)
        for (unsigned i = 0; i < 20000; i++)
            sum = sum + i;
}

#endif
