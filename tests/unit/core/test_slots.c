#include "unit/smk_test.h"

#include <pthread.h>

#include "core/slots.h"

enum { CAPACITY = 100, THREADS = 4, ROUNDS = 50000, HOLD = 20 };

static uint32_t next_free[CAPACITY];
static struct smk_slots slots;
static uint32_t owned[CAPACITY];

static void test_all_then_none(void **state)
{
    bool seen[CAPACITY] = {false};
    (void)state;
    smk_slots_init(&slots, next_free, CAPACITY);
    for (int i = 0; i < CAPACITY; i++) {
        uint32_t index = smk_slots_take(&slots);
        assert_true(index < CAPACITY && !seen[index]);
        seen[index] = true;
    }
    assert_int_equal(smk_slots_take(&slots), SMK_NO_SLOT);
    smk_slots_give(&slots, 42);
    smk_slots_give(&slots, 17);
    assert_int_equal(smk_slots_take(&slots), 17);
    assert_int_equal(smk_slots_take(&slots), 42);
    assert_int_equal(smk_slots_take(&slots), SMK_NO_SLOT);
}

static void *take_and_give(void *arg)
{
    uint32_t mine[HOLD];
    (void)arg;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < HOLD; i++) {
            mine[i] = smk_slots_take(&slots);
            assert_true(mine[i] < CAPACITY); /* 4 x 20 < 100: there is always one */
            assert_int_equal(smk_exchange_acq_rel(&owned[mine[i]], 1), 0);
        }
        for (int i = 0; i < HOLD; i++) {
            assert_int_equal(smk_exchange_acq_rel(&owned[mine[i]], 0), 1);
            smk_slots_give(&slots, mine[i]);
        }
    }
    return NULL;
}

static void test_nobody_gets_anothers(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    smk_slots_init(&slots, next_free, CAPACITY);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, take_and_give, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(slots.used <= THREADS * HOLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_then_none),
        cmocka_unit_test(test_nobody_gets_anothers),
    };
    return SMK_RUN(tests);
}
