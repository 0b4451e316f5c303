/* The queue of what rules want to hear of: none twice, none lost without being counted, from several threads. */
#include "unit/smk_test.h"

#include <pthread.h>

#include "core/notable.h"

#define THREADS 4
#define EACH    20000u

static uint32_t stop; /* atomic: who put are through */

static void *put_many(void *arg)
{
    uint32_t tid = (uint32_t)(uintptr_t)arg;
    for (uint32_t i = 0; i < EACH; i++)
        smk_notable_put(&(struct smk_notable){.request = i + 1, .tid = tid});
    smk_add_relaxed(&stop, 1);
    return NULL;
}

static void none_twice_and_none_lost_in_silence(void **state)
{
    pthread_t threads[THREADS];
    uint64_t last[THREADS + 1] = {0}, taken = 0, missed = smk_notables_missed();
    struct smk_notable n;
    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, put_many, (void *)(i + 1));
    for (bool last_look = false; !last_look;) {
        last_look = smk_load_relaxed(&stop) == THREADS;
        if (last_look)
            for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        while (smk_notable_take(&n)) {
            assert_true(n.request > last[n.tid]); /* each thread's in order */
            last[n.tid] = n.request;
            taken++;
        }
    }
    assert_int_equal(taken + smk_notables_missed() - missed, THREADS * (uint64_t)EACH);
}

static void what_is_full_is_counted(void **state)
{
    struct smk_notable n;
    uint64_t missed = smk_notables_missed();
    (void)state;
    for (uint32_t i = 0; i < SMK_NOTABLES + 10; i++)
        smk_notable_put(&(struct smk_notable){.request = i + 1});
    assert_int_equal(smk_notables_missed() - missed, 10);
    for (uint32_t i = 0; i < SMK_NOTABLES; i++) {
        assert_true(smk_notable_take(&n));
        assert_int_equal(n.request, i + 1);
    }
    assert_false(smk_notable_take(&n));
}

static void nothing_is_wanted_by_itself(void **state)
{
    struct smk_notable_limits limits = {.request = 100, .loop = UINT64_MAX, .status = 500};
    (void)state;
    assert_false(smk_is_notable_request(UINT64_MAX - 1, 599));
    smk_notables_want(&limits);
    assert_false(smk_is_notable_request(100, 499));
    assert_true(smk_is_notable_request(101, 0));
    assert_true(smk_is_notable_request(0, 500));
    smk_notables_want(NULL);
    assert_false(smk_is_notable_request(101, 500));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_wanted_by_itself),
                                       cmocka_unit_test(what_is_full_is_counted),
                                       cmocka_unit_test(none_twice_and_none_lost_in_silence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
