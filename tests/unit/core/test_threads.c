/* Slots of threads: given back, used again, none left; and what happens while a thread ends. */
#include "unit/core/captures.h"

#include "core/thread.h"

enum { SLOTS = 128, AT_ONCE = 50, THREADS = 10000 };

static pthread_key_t late_key;
static uint64_t late_events;

static struct smk_threads_stats stats(void)
{
    struct smk_threads_stats s;
    smk_threads_stats(&s);
    return s;
}

static void *one_region(void *arg)
{
    SMK_REGION("short");
    return arg;
}

static void test_ten_thousand(void **state)
{
    struct memory_sink sink = {0};
    struct smk_threads_stats before = stats();
    (void)state;
    struct smk_capture *capture = begin(&sink, SMK_CAT_REGION);
    for (int started = 0; started < THREADS; started += AT_ONCE) {
        pthread_t threads[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, one_region, NULL), 0);
        for (int i = 0; i < AT_ONCE; i++)
            pthread_join(threads[i], NULL);
        /* A slot whose losses were not collected is not free; the writer does so in its next pass. */
        while (started % 100 == 0 && stats().live > 1)
            usleep(100);
        smk_writer_wake();
        usleep(1500);
    }
    struct contents c = end(capture, &sink);
    struct smk_threads_stats after = stats();
    assert_int_equal(after.started - before.started + after.untraced - before.untraced, THREADS);
    assert_int_equal(c.events + c.lost, 2 * (THREADS - (after.untraced - before.untraced)));
    assert_true(after.untraced - before.untraced < THREADS / 10);
    assert_int_equal(after.live, before.live);
    forget(&sink);
}

/* ---- destructors that come after ours ------------------------------------------------------------------- */

static void record_late(void *arg)
{
    uintptr_t left = (uintptr_t)arg;
    SMK_COUNTER("in a destructor", (int64_t)left);
    __atomic_fetch_add(&late_events, 1, __ATOMIC_RELAXED);
    if (left > 1)
        pthread_setspecific(late_key, (void *)(left - 1)); /* once more, in the next round */
}

static void *with_destructor(void *rounds)
{
    SMK_COUNTER("in the thread", 1);
    pthread_setspecific(late_key, rounds);
    return NULL;
}

static void test_destructors_of_others(void **state)
{
    (void)state;
    for (uintptr_t rounds = 1; rounds <= 2; rounds++) {
        struct memory_sink sink = {0};
        pthread_t thread;
        uint64_t late = stats().late;
        late_events = 0;
        struct smk_capture *capture = begin(&sink, SMK_CAT_OTHER);
        for (int i = 0; i < 20; i++) {
            pthread_create(&thread, NULL, with_destructor, (void *)rounds);
            pthread_join(thread, NULL);
        }
        struct contents c = end(capture, &sink);
        assert_int_equal(late_events, 20 * rounds);
        assert_int_equal(stats().late, late);
        assert_int_equal(c.events, 20 + late_events);
        forget(&sink);
    }
}

static void *with_nothing_but_a_destructor(void *arg)
{
    pthread_setspecific(late_key, arg);
    return NULL;
}

/* A thread that first records in its last moments gets its slot then, and gives it back. */
static void test_first_event_in_a_destructor(void **state)
{
    struct memory_sink sink = {0};
    pthread_t thread;
    uint64_t live = stats().live;
    (void)state;
    late_events = 0;
    struct smk_capture *capture = begin(&sink, SMK_CAT_OTHER);
    for (int i = 0; i < 20; i++) {
        pthread_create(&thread, NULL, with_nothing_but_a_destructor, (void *)1);
        pthread_join(thread, NULL);
    }
    struct contents c = end(capture, &sink);
    assert_int_equal(c.events, 20);
    assert_int_equal(stats().live, live);
    forget(&sink);
}

/* ---- no slot left ----------------------------------------------------------------------------------------- */

static pthread_barrier_t all_here;

static void *wait_for_all(void *arg)
{
    SMK_COUNTER("one of many", 1);
    pthread_barrier_wait(&all_here);
    return arg;
}

static void test_more_threads_than_slots(void **state)
{
    enum { MANY = SLOTS + 20 };
    pthread_t threads[MANY];
    struct memory_sink sink = {0};
    uint64_t untraced = stats().untraced;
    (void)state;
    pthread_barrier_init(&all_here, NULL, MANY + 1);
    struct smk_capture *capture = begin(&sink, SMK_CAT_OTHER);
    for (int i = 0; i < MANY; i++)
        pthread_create(&threads[i], NULL, wait_for_all, NULL);
    pthread_barrier_wait(&all_here);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    struct contents c = end(capture, &sink);
    untraced = stats().untraced - untraced;
    assert_in_range(untraced, MANY - SLOTS, MANY - SLOTS + 1); /* the main thread has one */
    assert_int_equal(c.events + c.lost, MANY - untraced);
    /* and afterwards there are slots again */
    pthread_t one;
    untraced = stats().untraced;
    pthread_create(&one, NULL, one_region, NULL);
    pthread_join(one, NULL);
    assert_int_equal(stats().untraced, untraced);
    forget(&sink);
}

/* ---- names, waits ------------------------------------------------------------------------------------------ */

static void test_names(void **state)
{
    char name[SMK_NAME_MAX];
    (void)state;
    smk_thread_name("a name of more than thirty-one bytes");
    smk_name_load(&smk_thread_self()->name, name);
    assert_string_equal(name, "a name of more than thirty-one ");
    smk_thread_name(NULL);
    smk_thread_name("main");
    smk_name_load(&smk_thread_self()->name, name);
    assert_string_equal(name, "main");
}

static uint32_t stop_waiting;

static void *wait_again_and_again(void *arg)
{
    struct smk_thread *t = smk_thread_self();
    __atomic_store_n((struct smk_thread **)arg, t, __ATOMIC_RELEASE);
    for (uint64_t i = 1; !__atomic_load_n(&stop_waiting, __ATOMIC_RELAXED); i++) {
        smk_wait_publish(t, SMK_WAIT_LOCK, i, (uint32_t)i, i, i, i, i);
        smk_wait_clear(t);
    }
    return NULL;
}

/* Whoever looks sees one wait, never half of two. */
static void test_published_waits_are_whole(void **state)
{
    struct smk_thread *t = NULL;
    struct smk_wait_now now;
    pthread_t thread;
    unsigned seen = 0;
    (void)state;
    assert_int_equal(smk_recorder_set(SMK_CAT_LOCK), 0); /* threads get their slots while armed */
    pthread_create(&thread, NULL, wait_again_and_again, &t);
    while (!__atomic_load_n(&t, __ATOMIC_ACQUIRE))
        sched_yield();
    for (int i = 0; i < 100000 || (seen == 0 && i < 100000000); i++) {
        if (!smk_wait_read(t, &now))
            continue;
        seen++;
        assert_int_equal(now.kind, SMK_WAIT_LOCK);
        assert_int_equal(now.holder, (uint32_t)now.object);
        assert_true(now.since == now.object && now.pc == now.object && now.sp == now.object);
    }
    __atomic_store_n(&stop_waiting, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    smk_recorder_set(0);
    assert_true(seen > 0);
}

static void test_wait_inside_a_wait(void **state)
{
    struct smk_thread *t = smk_thread_self();
    struct smk_wait_now now;
    (void)state;
    smk_wait_publish(t, SMK_WAIT_COND, 1, 0, 0, 0, 0, 0);
    smk_wait_publish(t, SMK_WAIT_LOCK, 2, 0, 0, 0, 0, 0);
    assert_true(smk_wait_read(t, &now) && now.object == 1); /* the outer one */
    smk_wait_clear(t);
    assert_true(smk_wait_read(t, &now) && now.object == 1);
    smk_wait_clear(t);
    assert_false(smk_wait_read(t, &now));
    smk_wait_clear(t); /* once too often */
    assert_false(smk_wait_read(t, &now));
}

/* ---- slots made on behalf of others ---------------------------------------------------------------------- */

struct adopted {
    pthread_t thread;
    uint32_t tid, go, serial; /* atomic */
    bool records;
};

static void *adopted_main(void *arg)
{
    struct adopted *a = arg;
    smk_sys_set_thread_name("grown up");
    __atomic_store_n(&a->tid, (uint32_t)smk_sys_gettid(), __ATOMIC_RELEASE);
    while (!__atomic_load_n(&a->go, __ATOMIC_ACQUIRE))
        usleep(100);
    if (a->records)
        a->serial = smk_thread_self()->serial;
    return NULL;
}

static void adopted_begin(struct adopted *a, bool records)
{
    *a = (struct adopted){.records = records};
    assert_int_equal(pthread_create(&a->thread, NULL, adopted_main, a), 0);
    while (!__atomic_load_n(&a->tid, __ATOMIC_ACQUIRE))
        usleep(100);
}

static void adopted_end(struct adopted *a)
{
    __atomic_store_n(&a->go, 1, __ATOMIC_RELEASE);
    pthread_join(a->thread, NULL);
}

/* A thread that records later has the serial under which others spoke of it, and its slot ends with it. */
static void test_adopted_and_then_its_own(void **state)
{
    struct adopted a;
    char name[SMK_NAME_MAX];
    struct smk_threads_stats before = stats();
    (void)state;
    adopted_begin(&a, true);
    struct smk_thread *t = smk_thread_adopt(a.tid, "child");
    assert_non_null(t);
    uint32_t serial = t->serial;
    assert_ptr_equal(smk_thread_adopt(a.tid, "child"), t); /* once */
    assert_int_equal(stats().live, before.live + 1);
    assert_int_equal(t->tid, a.tid);
    smk_name_load(&t->name, name);
    assert_string_equal(name, "child");
    adopted_end(&a);
    assert_int_equal(a.serial, serial);
    smk_name_load(&t->name, name);
    assert_string_equal(name, "grown up");
    assert_int_equal(stats().live, before.live);
    assert_int_equal(stats().started, before.started + 1);
    smk_thread_disown(t, serial); /* it is not ours to give up any more */
    assert_int_equal(stats().live, before.live);
}

/* One that ends without a record of its own is given up by who adopted it. */
static void test_adopted_and_given_up(void **state)
{
    struct adopted a;
    struct smk_threads_stats before = stats();
    (void)state;
    adopted_begin(&a, false);
    struct smk_thread *t = smk_thread_adopt(a.tid, "child");
    assert_non_null(t);
    uint32_t serial = t->serial;
    adopted_end(&a);
    smk_thread_disown(t, serial);
    smk_thread_disown(t, serial);
    assert_int_equal(stats().live, before.live);
    /* The number may be another thread's by now. */
    struct smk_thread *next = smk_thread_adopt(a.tid, "other");
    assert_non_null(next);
    assert_true(next->serial > serial);
    smk_thread_disown(next, next->serial);
    assert_int_equal(stats().live, before.live);
}

/* A thread that has its slot is not given another. */
static void test_who_records_is_not_adopted(void **state)
{
    struct smk_thread *self = smk_thread_self();
    (void)state;
    assert_non_null(self);
    assert_ptr_equal(smk_thread_adopt((uint32_t)smk_sys_gettid(), "again"), self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_thousand),
        cmocka_unit_test(test_destructors_of_others),
#if !SMK_TSAN /* docs/design.md, "What TSan cannot follow": it ends in the last round, before us */
        cmocka_unit_test(test_first_event_in_a_destructor),
#endif
        cmocka_unit_test(test_more_threads_than_slots),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_published_waits_are_whole),
        cmocka_unit_test(test_wait_inside_a_wait),
        cmocka_unit_test(test_adopted_and_then_its_own),
        cmocka_unit_test(test_adopted_and_given_up),
        cmocka_unit_test(test_who_records_is_not_adopted),
    };
    (void)test_first_event_in_a_destructor;
    struct smk_core_config config;
    smk_core_config_init(&config);
    config.pool_bytes = 8u << 20;
    config.threads = SLOTS;
    if (smk_core_init(&config) < 0 || pthread_key_create(&late_key, record_late) != 0)
        return 1;
    return SMK_RUN(tests);
}
