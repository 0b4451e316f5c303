/* random_trace.h: traces with something of everything, and no rhythm: bursts, pauses, waits in waits, requests that
 * overlap, in one or several processes. The same seed gives the same trace.
 */
#ifndef SMK_TESTS_RANDOM_TRACE_H
#define SMK_TESTS_RANDOM_TRACE_H

#include "unit/analysis/trace_builder.h"

#include <stdlib.h>
#include <sys/stat.h>

#define RANDOM_FIRST UINT64_C(5000000000)

struct random_trace {
    uint64_t seed;
    uint32_t threads, events; /* events of each thread, about */
    bool perf;                /* there are switch records */
    bool cut;
    uint64_t process;         /* number; 0: the only one */
};

struct random_state {
    struct build *b;
    uint64_t seed, time, request, begun, stack;
    uint32_t thread, strings[5], sites[4], depth;
    bool perf;
};

static inline uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *seed >> 33;
}

/* Mostly short, now and then very long. */
static inline uint64_t random_length(uint64_t *seed)
{
    uint64_t kind = random_next(seed) % 1000;
    uint64_t most = kind < 600 ? 900 : kind < 900 ? 30000 : kind < 997 ? 1000000 : 300000000;
    return 1 + random_next(seed) % most;
}

static inline void random_wait(struct random_state *s, uint64_t kind)
{
    uint64_t begin = s->time, length = random_length(&s->seed), to;
    s->time = to = begin + length;
    uint64_t object = 0x1000 + 64 * (random_next(&s->seed) % 5);
    if (s->perf && length > 100 && random_next(&s->seed) % 2) /* off its CPU for some of it */
        build_event(s->b, s->thread, begin + length - length / 8, SMK_EV_OFF_CPU,
                    random_next(&s->seed) % 4 ? SMK_OFF_WAITED : SMK_OFF_PREEMPTED, length - length / 4,
                    random_next(&s->seed) % 4);
    if (kind == 0)
        build_event(s->b, s->thread, to, SMK_EV_LOCK_WAIT, s->stack, length, object, 100 + random_next(&s->seed) % 4,
                    100 + random_next(&s->seed) % 4, 0, s->strings[0]);
    else if (kind == 1)
        build_event(s->b, s->thread, to, SMK_EV_COND_WAIT, s->stack, length, object, 0x80, 101, s->strings[1], 0);
    else if (kind == 2)
        build_event(s->b, s->thread, to, SMK_EV_POLL_WAIT, 0, length, s->strings[2], 5, 1);
    else
        build_event(s->b, s->thread, to, SMK_EV_DISK_WAIT, 0, length, s->strings[3], 7, 1, s->strings[4]);
}

static inline void random_request(struct random_state *s)
{
    if (!s->request) {
        s->begun = s->time;
        s->request = (uint64_t)s->thread << 32 | (random_next(&s->seed) + 1);
        build_event(s->b, s->thread, s->time, SMK_EV_REQUEST_BEGIN, s->strings[random_next(&s->seed) % 3], s->request);
        build_event(s->b, s->thread, s->time, SMK_EV_REQUEST_ENTER, 0, s->request);
        return;
    }
    build_event(s->b, s->thread, s->time, SMK_EV_REQUEST_END, s->strings[0], s->request, s->time - s->begun,
                random_next(&s->seed) % 7 ? 200 : 503);
    s->request = 0;
}

static inline void random_step(struct random_state *s)
{
    uint64_t what = random_next(&s->seed) % 16;
    s->time += random_length(&s->seed);
    if (what < 4) {
        random_wait(s, what);
    } else if (what < 6) {
        build_event(s->b, s->thread, s->time, SMK_EV_REGION_BEGIN, s->sites[what % 4]);
        s->depth++;
    } else if (what < 8 && s->depth) {
        build_event(s->b, s->thread, s->time, SMK_EV_REGION_END, s->sites[random_next(&s->seed) % 4]);
    } else if (what < 10) {
        random_request(s);
    } else if (what == 10) {
        build_event(s->b, s->thread, s->time, SMK_EV_CPU_SAMPLE, s->stack, 1);
    } else if (what == 11) {
        build_event(s->b, s->thread, s->time, SMK_EV_COUNTER, s->sites[0], (uint64_t)(random_next(&s->seed) - 1000));
    } else if (what == 12) {
        build_event(s->b, s->thread, s->time + 5, SMK_EV_LOCK_RELEASE, s->stack, 5,
                    0x1000 + 64 * (random_next(&s->seed) % 5), 40);
        s->time += 5;
    } else if (what == 13 && s->request) {
        build_event(s->b, s->thread, s->time, SMK_EV_REQUEST_REGION_END, s->sites[1], s->request, 1 + s->time % 3,
                    s->time % 5000);
    } else if (what == 14) {
        build_event(s->b, s->thread, s->time, SMK_EV_LOCK_EPOCH, 1, 0x1000 + 64 * (random_next(&s->seed) % 5));
    } else {
        build_event(s->b, s->thread, s->time, SMK_EV_LOCK_NAME, s->strings[0], 0x1000);
    }
}

static inline void random_build(struct build *b, const struct random_trace *is)
{
    static const char *const words[] = {"GET /cart", "a\"b<script>", "\x1b[31mred", "fsync", "/var/log/x y"};
    uint64_t seed = is->seed * 77 + 5, last = RANDOM_FIRST + 1;
    uint64_t pcs[2] = {0x401000, 0x402000};
    struct random_state s = {.b = b, .perf = is->perf};
    build_init(b);
    b->cut = is->cut;
    if (is->process) {
        b->process = (4711 + is->process) << 32 | is->process;
        b->capture = 77 + is->process;
    }
    for (unsigned i = 0; i < SMK_ARRAY_LEN(words); i++)
        s.strings[i] = build_string(b, words[i]);
    for (unsigned i = 0; i < 4; i++)
        s.sites[i] = build_site(b, words[i], "a.c", 7 + i);
    s.stack = build_stack(b, pcs, 2);
    for (uint32_t i = 0; i < is->threads; i++) {
        s.thread = build_thread(b, 100 + i, i % 3 ? "worker" : "\xff\xfe<b>");
        s.seed = random_next(&seed);
        s.time = RANDOM_FIRST + (i % 4 ? random_length(&s.seed) : 0);
        s.request = s.depth = 0;
        if (is->perf)
            build_event(b, s.thread, s.time, SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
        uint32_t events = is->events ? 1 + is->events / 2 + (uint32_t)(random_next(&s.seed) % is->events) : 0;
        for (uint32_t j = 0; j < events; j++)
            random_step(&s);
        last = s.time + 100 > last ? s.time + 100 : last;
    }
    build_window(b, RANDOM_FIRST, RANDOM_FIRST, last);
}

/* A file of several processes; `path` ends in XXXXXX. */
static inline void random_file(char *path, const struct random_trace *list, size_t count)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < count; i++) {
        struct build *b = calloc(1, sizeof(*b));
        assert_non_null(b);
        random_build(b, &list[i]);
        build_file(b);
        assert_int_equal(write(fd, b->file.data, b->file.len), (ssize_t)b->file.len);
        free(b->file.data);
        free(b);
    }
    close(fd);
}

#endif
