/* to_nothing.h: options of a capture whose file goes nowhere, however long it gets: for what recording costs without a
 * disk. Header only. */
#ifndef SMK_BENCH_TO_NOTHING_H
#define SMK_BENCH_TO_NOTHING_H

#include <stdint.h>

#include <stallmark/capture.h>

static inline int to_nothing_write(void *arg, const void *data, size_t size)
{
    (void)arg;
    (void)data;
    (void)size;
    return 0;
}

static inline smk_capture_options to_nothing(void)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.write = to_nothing_write;
    options.max_bytes = UINT64_C(1) << 40;
    return options;
}

#endif
