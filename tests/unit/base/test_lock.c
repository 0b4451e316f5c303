#include "unit/smk_test.h"

#include <pthread.h>

#include "base/atomic.h"
#include "base/lock.h"
#include "base/sys.h"

enum { THREADS = 6, ROUNDS = 20000 };

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_CAPTURE);
static uint64_t counter;
static uint32_t inside;

static void *count(void *arg)
{
    bool trying = arg != NULL;
    for (int i = 0; i < ROUNDS; i++) {
        if (trying)
            while (!smk_trylock(&lock))
                sched_yield();
        else
            smk_lock(&lock);
        assert_int_equal(smk_add_relaxed(&inside, 1), 0);
        counter++;
        if (i % 1024 == 0)
            smk_sys_sleep(10000); /* somebody is asleep in the lock now and then */
        smk_sub_relaxed(&inside, 1);
        smk_unlock(&lock);
    }
    return NULL;
}

static void test_excludes(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count, i == 0 ? &lock : NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter, THREADS * ROUNDS);
    assert_int_equal(lock.word, 0);
}

static void test_trylock_and_reset(void **state)
{
    struct smk_lock own = SMK_LOCK_INIT(SMK_RANK_FDS);
    (void)state;
    assert_true(smk_trylock(&own));
    assert_false(smk_trylock(&own));
    smk_lock_reset(&own); /* as in a fork's child */
    assert_true(smk_trylock(&own));
    smk_unlock(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_excludes),
        cmocka_unit_test(test_trylock_and_reset),
    };
    return SMK_RUN(tests);
}
