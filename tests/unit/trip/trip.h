/* trip.h: for tests that write a trace through core and read it through read: a library that is
 * initialised, captures into memory, segments as files, and the public reader on them. */
#ifndef SMK_TESTS_TRIP_H
#define SMK_TESTS_TRIP_H

#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/capture.h"
#include "core/init.h"
#include "core/record.h"
#include "core/site.h"
#include "format/events.h"
#include "stallmark/reader.h"
#include "stallmark/trace.h"

#define TRIP_SEGMENTS 64

struct trip_bytes {
    uint8_t *data;
    size_t size, room;
};

/* A sink that keeps each segment apart. */
struct trip {
    struct smk_capture *capture;
    struct trip_bytes segments[TRIP_SEGMENTS];
    unsigned count;
};

static inline void trip_append(struct trip_bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->room) {
        bytes->room = 2 * (bytes->size + size);
        bytes->data = realloc(bytes->data, bytes->room);
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static int trip_open(void *arg, uint32_t number)
{
    struct trip *trip = arg;
    trip->count = number + 1;
    return number < TRIP_SEGMENTS ? 0 : -28;
}

static int trip_write(void *arg, const void *data, size_t size)
{
    struct trip *trip = arg;
    trip_append(&trip->segments[trip->count - 1], data, size);
    return 0;
}

static int trip_close(void *arg, bool good)
{
    (void)arg;
    (void)good;
    return 0;
}

static const struct smk_sink trip_sink = {trip_open, trip_write, trip_close};

static inline void trip_begin(struct trip *trip, struct smk_capture_spec spec)
{
    assert_int_equal(smk_core_init(NULL), 0);
    memset(trip, 0, sizeof *trip);
    spec.sink = &trip_sink;
    spec.sink_arg = trip;
    if (!spec.categories)
        spec.categories = SMK_CAT_ALL;
    smk_capture_new_id(spec.id);
    assert_int_equal(smk_capture_begin(&spec, &trip->capture), 0);
}

static inline void trip_end(struct trip *trip)
{
    smk_capture_end(trip->capture, SMK_REASON_STOPPED);
    assert_true(smk_capture_wait(trip->capture, UINT64_C(60000000000)));
    smk_capture_release(trip->capture);
}

static inline void trip_free(struct trip *trip)
{
    for (unsigned i = 0; i < TRIP_SEGMENTS; i++)
        free(trip->segments[i].data);
}

/* A descriptor of a file in memory. */
static inline int trip_file(const void *data, size_t size)
{
    int fd = memfd_create("trip", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    return fd;
}

/* Opens bytes as a trace; NULL where that is an error. `*fd` is to be closed behind the trace. */
static inline smk_trace *trip_read(const void *data, size_t size, bool verify, int *fd)
{
    smk_open_options options = {.size = sizeof options, .verify = verify};
    smk_trace *trace = NULL;
    *fd = trip_file(data, size);
    int rc = smk_trace_open_fd(&trace, *fd, &options);
    assert_true(rc < 0 ? trace == NULL && smk_last_error()[0] : trace != NULL);
    return trace;
}

static inline void trip_print_problems(const smk_trace *trace)
{
    for (size_t i = 0; smk_trace_problem(trace, i); i++)
        print_error("problem: %s\n", smk_trace_problem(trace, i));
}

static inline uint64_t trip_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
