#include "unit/smk_test.h"

#include <pthread.h>

#include "core/ring.h"

enum { CAPACITY = 64, THREADS = 4, EACH = 100000 };

static struct smk_ring_cell cells[CAPACITY];
static struct smk_ring ring;
static uint8_t seen[THREADS * EACH];
static uint32_t producing = THREADS;

static void test_first_in_first_out(void **state)
{
    uint64_t pos;
    uint32_t value;
    (void)state;
    smk_ring_init(&ring, cells, CAPACITY);
    assert_false(smk_ring_pop(&ring, &pos, &value));
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < CAPACITY; i++)
            assert_true(smk_ring_push(&ring, round + i));
        assert_false(smk_ring_push(&ring, 7)); /* full */
        for (uint32_t i = 0; i < CAPACITY; i++) {
            assert_true(smk_ring_pop(&ring, &pos, &value));
            assert_int_equal(pos, round * CAPACITY + i);
            assert_int_equal(value, round + i);
        }
    }
}

/* A producer that stopped between claim and publish: consumers are told "not now", not made to wait. */
static void test_unpublished(void **state)
{
    uint64_t pos = 0, popped;
    uint32_t value;
    (void)state;
    smk_ring_init(&ring, cells, CAPACITY);
    assert_true(smk_ring_claim(&ring, &pos));
    assert_true(smk_ring_push(&ring, 2));
    assert_false(smk_ring_pop(&ring, &popped, &value));
    assert_int_equal(smk_ring_peek(&ring, pos, &value), SMK_PEEK_PENDING);
    assert_int_equal(smk_ring_peek(&ring, pos + 1, &value), SMK_PEEK_VALUE);
    assert_int_equal(value, 2);
    smk_ring_publish(&ring, pos, 1);
    assert_true(smk_ring_pop(&ring, &popped, &value));
    assert_int_equal(value, 1);
    assert_int_equal(smk_ring_peek(&ring, pos, &value), SMK_PEEK_TAKEN);
}

static void *produce(void *arg)
{
    uint32_t from = (uint32_t)(uintptr_t)arg * EACH;
    for (uint32_t i = 0; i < EACH; i++)
        while (!smk_ring_push(&ring, from + i))
            sched_yield();
    smk_sub_acq_rel(&producing, 1);
    return NULL;
}

/* Of each producer in its order; nothing twice. */
static void *consume(void *arg)
{
    uint32_t last[THREADS] = {0};
    uint64_t pos, taken = 0;
    uint32_t value;
    (void)arg;
    for (;;) {
        bool over = smk_load_acquire(&producing) == 0;
        if (smk_ring_pop(&ring, &pos, &value)) {
            uint32_t from = value / EACH, number = value % EACH + 1;
            assert_true(number > last[from]);
            last[from] = number;
            assert_int_equal(__atomic_fetch_add(&seen[value], 1, __ATOMIC_RELAXED), 0);
            taken++;
        } else if (over) {
            return (void *)(uintptr_t)taken;
        } else {
            sched_yield();
        }
    }
}

static void test_many_at_once(void **state)
{
    pthread_t producers[THREADS], consumers[THREADS];
    uintptr_t taken = 0;
    void *result;
    (void)state;
    smk_ring_init(&ring, cells, CAPACITY);
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_create(&producers[i], NULL, produce, (void *)i);
        pthread_create(&consumers[i], NULL, consume, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(producers[i], NULL);
        pthread_join(consumers[i], &result);
        taken += (uintptr_t)result;
    }
    assert_int_equal(taken, THREADS * EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_unpublished),
        cmocka_unit_test(test_many_at_once),
    };
    return SMK_RUN(tests);
}
