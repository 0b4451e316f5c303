/* waits.h: for tests of wrapped calls that wait: threads that do one thing, and what others see of them. */
#ifndef SMK_TESTS_WAITS_H
#define SMK_TESTS_WAITS_H

#include "base/sys.h"
#include "core/intern.h"
#include "source/calls.h"
#include "unit/source/records.h"

#define MS UINT64_C(1000000)

static inline void await(uint32_t *word)
{
    while (!smk_load_acquire(word))
        smk_sys_sleep(100000);
}

static inline uint32_t me(void) { return (uint32_t)smk_sys_gettid(); }

static inline struct timespec in_ms(clockid_t clock, long ms)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    ts.tv_nsec += ms % 1000 * 1000000;
    ts.tv_sec += ms / 1000 + ts.tv_nsec / 1000000000;
    ts.tv_nsec %= 1000000000;
    return ts;
}

struct seen_wait {
    struct smk_wait_now wait;
    uint32_t tid;
    bool found;
};

static inline bool see_wait(struct smk_thread *t, void *arg)
{
    struct seen_wait *seen = arg;
    if (t->tid != seen->tid)
        return true;
    seen->found = smk_wait_read(t, &seen->wait);
    return false;
}

/* What that thread publishes, once it waits. */
static inline struct smk_wait_now see_waiting(uint32_t tid)
{
    struct seen_wait seen = {.tid = tid};
    while (!seen.found) {
        smk_threads_each(see_wait, &seen);
        smk_sys_sleep(100000);
    }
    return seen.wait;
}

static inline bool waits_now(uint32_t tid)
{
    struct seen_wait seen = {.tid = tid};
    smk_threads_each(see_wait, &seen);
    return seen.found;
}

/* A thread that runs one function, which knows its number at once. */
struct doing {
    void (*what)(void *arg);
    void *arg;
    pthread_t thread;
    uint32_t tid; /* atomic */
};

static inline void *doing_main(void *arg)
{
    struct doing *doing = arg;
    smk_store_release(&doing->tid, me());
    doing->what(doing->arg);
    return NULL;
}

static inline void begin_doing(struct doing *doing)
{
    doing->tid = 0;
    assert_int_equal(pthread_create(&doing->thread, NULL, doing_main, doing), 0);
    await(&doing->tid);
}

/* Waits by libc's own function, so that the test itself is not recorded. */
static inline void end_doing(struct doing *doing) { assert_int_equal(pthread_join(doing->thread, NULL), 0); }

static inline const char *string_of(uint64_t id)
{
    uint32_t len;
    static char text[256];
    const char *bytes = smk_intern_get(&smk_strings, (uint32_t)id, &len);
    snprintf(text, sizeof text, "%.*s", bytes ? (int)len : 0, bytes ? bytes : "");
    return text;
}

#endif
