/* captures.h: for the tests of core: a library that is initialised, a sink in memory that can be made to
 * fail, and what a file says of itself, found by headers alone. */
#ifndef SMK_TESTS_CORE_CAPTURES_H
#define SMK_TESTS_CORE_CAPTURES_H

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "unit/smk_test.h"

#include "base/crc32c.h"
#include "base/sys.h"
#include "core/capture.h"
#include "core/init.h"
#include "core/pool.h"
#include "core/writer.h"
#include "format/chunk.h"
#include "format/events.h"
#include "format/tables.h"
#include "stallmark/trace.h"

/* ---- a sink ------------------------------------------------------------------------------------------ */

struct memory_sink {
    uint8_t *data;
    size_t size, room;
    unsigned writes, opens, closes;
    useconds_t delay;       /* of each write */
    uint32_t held;          /* atomic: the first write lasts as long as this is set */
    unsigned fail_from;     /* the n-th write fails; 0: none */
    unsigned fail_to;       /* and those after it up to this one */
    int fail_with;          /* -errno */
    int fail_open, fail_close;
};

static int memory_open(void *arg, uint32_t number)
{
    struct memory_sink *sink = arg;
    (void)number;
    sink->opens++;
    return sink->fail_open;
}

static int memory_write(void *arg, const void *data, size_t size)
{
    struct memory_sink *sink = arg;
    sink->writes++;
    if (sink->delay)
        usleep(sink->delay);
    while (smk_load_relaxed(&sink->held))
        usleep(1000);
    if (sink->fail_from && sink->writes >= sink->fail_from && sink->writes <= sink->fail_to)
        return sink->fail_with;
    if (sink->size + size > sink->room) {
        sink->room = 2 * (sink->size + size);
        sink->data = realloc(sink->data, sink->room);
    }
    memcpy(sink->data + sink->size, data, size);
    sink->size += size;
    return 0;
}

static int memory_close(void *arg, bool good)
{
    struct memory_sink *sink = arg;
    (void)good;
    sink->closes++;
    return sink->fail_close;
}

static const struct smk_sink memory_sink_calls = {memory_open, memory_write, memory_close};

/* ---- what the bytes say ------------------------------------------------------------------------------ */

struct contents {
    uint64_t events;      /* in EVENTS chunks */
    uint64_t lost;        /* the last END's */
    uint64_t end_events;  /* all ENDs' */
    unsigned chunks, ends, reason;
    uint64_t first, last; /* times of EVENTS chunks */
    bool whole;           /* chunk behind chunk to the end */
};

/* Every chunk is checked: both checksums, its place in the row. */
static inline struct contents contents_of(const uint8_t *data, size_t size)
{
    struct contents c = {.first = UINT64_MAX};
    size_t at = 0;
    while (at + SMK_CHUNK_HEADER <= size) {
        struct smk_chunk chunk;
        const char *why;
        assert_int_equal(smk_chunk_unpack(&chunk, data + at, &why), 0);
        const uint8_t *payload = data + at + SMK_CHUNK_HEADER;
        if (at + SMK_CHUNK_HEADER + chunk.stored_size > size)
            break;
        assert_int_equal(smk_crc32c(0, payload, chunk.stored_size), chunk.payload_crc);
        assert_int_equal(chunk.sequence, c.chunks);
        c.chunks++;
        if (chunk.kind == SMK_CHUNK_EVENTS) {
            c.events += chunk.count;
            c.first = smk_min_u64(c.first, chunk.first);
            c.last = smk_max_u64(c.last, chunk.last);
        }
        if (chunk.kind == SMK_CHUNK_END) {
            struct smk_segment_end end;
            smk_segment_end_unpack(&end, payload);
            c.ends++;
            c.lost = end.lost;
            c.end_events += end.events;
            c.reason = end.reason;
        }
        at += SMK_CHUNK_HEADER + chunk.stored_size;
    }
    c.whole = at == size;
    return c;
}

/* Events in a part of a file, whole chunks. */
static inline uint64_t contents_of_part(const uint8_t *data, size_t size)
{
    uint64_t events = 0;
    struct smk_chunk chunk;
    const char *why;
    for (size_t at = 0; at + SMK_CHUNK_HEADER <= size; at += SMK_CHUNK_HEADER + chunk.stored_size) {
        assert_int_equal(smk_chunk_unpack(&chunk, data + at, &why), 0);
        if (chunk.kind == SMK_CHUNK_EVENTS)
            events += chunk.count;
    }
    return events;
}

/* ---- captures ---------------------------------------------------------------------------------------- */

static inline void start_core(uint64_t pool_bytes)
{
    struct smk_core_config config;
    smk_core_config_init(&config);
    config.pool_bytes = pool_bytes;
    assert_int_equal(smk_core_init(&config), 0);
}

static inline struct smk_capture *begin(struct memory_sink *sink, uint32_t categories)
{
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_TIMED,
                                    .categories = categories,
                                    .sink = &memory_sink_calls,
                                    .sink_arg = sink};
    struct smk_capture *capture = NULL;
    smk_capture_new_id(spec.id);
    assert_int_equal(smk_capture_begin(&spec, &capture), 0);
    return capture;
}

/* Ends it, waits and gives back what is in its file. */
static inline struct contents end(struct smk_capture *capture, const struct memory_sink *sink)
{
    smk_capture_end(capture, SMK_REASON_STOPPED);
    assert_true(smk_capture_wait(capture, UINT64_C(60000000000)));
    smk_capture_release(capture);
    return contents_of(sink->data, sink->size);
}

static inline void forget(struct memory_sink *sink)
{
    free(sink->data);
    memset(sink, 0, sizeof *sink);
}

#endif
