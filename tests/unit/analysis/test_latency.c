#include "unit/smk_test.h"

#include "analysis/latency.h"

enum { CART = 1, ITEM = 2, LOCK = 5, POOL = 6 };

static struct smk_mem mem;
static struct smk_latency latency;

static void set_up(uint64_t from, uint32_t slowest)
{
    smk_mem_init(&mem, NULL, NULL, 0);
    assert_true(smk_latency_init(&latency, &mem, from, slowest));
}

static void tear_down(void)
{
    smk_latency_free(&latency, &mem);
    assert_int_equal(mem.used, 0);
}

static void test_parts_go_to_the_route(void **state)
{
    (void)state;
    set_up(0, 3);
    smk_latency_begin(&latency, &mem, 7, CART, 1000, 1);
    smk_latency_part(&latency, 7, SMK_PART_QUEUE, POOL, 1100, 100);
    smk_latency_enter(&latency, &mem, 7, 2); /* another thread goes on with it */
    smk_latency_part(&latency, 7, SMK_PART_LOCK, LOCK, 1500, 300);
    smk_latency_part(&latency, 7, SMK_PART_LOCK, LOCK, 1900, 300);
    smk_latency_end(&latency, &mem, 7, CART, 2000, 1000, 503, 1);
    const struct smk_cell *cell = smk_latency_cell(&latency, 0, SMK_PART_LOCK, LOCK);
    assert_non_null(cell);
    assert_int_equal(cell->part.ns, 600);
    assert_int_equal(cell->part.count, 2);
    assert_int_equal(cell->requests, 1);
    assert_int_equal(latency.routes[0].in_window, 1000);
    assert_int_equal(latency.routes[0].failed, 1);
    assert_int_equal(latency.slowest_count, 1);
    assert_int_equal(latency.slowest[0].part_count, 2);
    assert_int_equal(latency.slowest[0].thread, 2);
    assert_int_equal(smk_latency_route_of(&latency, 7), SMK_MAP_NONE); /* it is over */
    tear_down();
}

static void test_slowest_are_kept_in_order(void **state)
{
    (void)state;
    set_up(0, 3);
    static const uint64_t lengths[] = {50, 10, 70, 20, 60, 70};
    for (uint64_t i = 0; i < SMK_ARRAY_LEN(lengths); i++) {
        smk_latency_begin(&latency, &mem, i + 1, ITEM, 1000, 1);
        smk_latency_end(&latency, &mem, i + 1, ITEM, 1000 + lengths[i], lengths[i], 200, 1);
    }
    assert_int_equal(latency.slowest_count, 3);
    assert_int_equal(latency.slowest[0].duration, 70);
    assert_int_equal(latency.slowest[1].duration, 70);
    assert_int_equal(latency.slowest[2].duration, 60);
    assert_int_equal(latency.flight_count, 1); /* slots are used again */
    tear_down();
}

static void test_begun_before_the_trace(void **state)
{
    (void)state;
    set_up(1000, 3);
    smk_latency_enter(&latency, &mem, 9, 1);
    smk_latency_part(&latency, 9, SMK_PART_LOCK, LOCK, 1200, 500); /* 300 of it before the window */
    smk_latency_end(&latency, &mem, 9, CART, 1500, 5000, 0, 1);    /* longer than time itself */
    smk_latency_end(&latency, &mem, 10, CART, 1600, 900, 0, 1);    /* never seen before */
    assert_int_equal(latency.routes[0].latency.count, 2);
    assert_int_equal(latency.routes[0].in_window, 500 + 600);
    assert_int_equal(smk_latency_cell(&latency, 0, SMK_PART_LOCK, LOCK)->part.ns, 200);
    tear_down();
}

static void test_running_at_the_end(void **state)
{
    (void)state;
    set_up(0, 3);
    smk_latency_begin(&latency, &mem, 7, CART, 1000, 1);
    smk_latency_part(&latency, 7, SMK_PART_LOCK, LOCK, 3000, 1500);
    smk_latency_enter(&latency, &mem, 8, 1); /* of which nothing is known */
    smk_latency_finish(&latency, &mem, 3000);
    assert_int_equal(latency.running, 1);
    assert_int_equal(latency.routes[0].running, 1);
    assert_int_equal(latency.routes[0].in_window, 2000);
    assert_int_equal(latency.routes[0].latency.count, 0);
    assert_int_equal(smk_latency_cell(&latency, 0, SMK_PART_LOCK, LOCK)->part.ns, 1500);
    assert_true(latency.slowest[0].running);
    tear_down();
}

static void test_bounds(void **state)
{
    (void)state;
    set_up(0, 1);
    for (uint64_t id = 1; id <= SMK_FLIGHTS_MAX + 5; id++)
        smk_latency_begin(&latency, &mem, id, CART, id, 1);
    assert_int_equal(latency.unlisted, 5);
    for (uint32_t part = 0; part < SMK_PARTS_MAX + 5; part++)
        smk_latency_part(&latency, 1, SMK_PART_REGION, part, 1000, 10);
    assert_int_equal(latency.flights[0].part_count, SMK_PARTS_MAX);
    assert_int_equal(latency.flights[0].parts_refused, 50);
    smk_latency_end(&latency, &mem, SMK_FLIGHTS_MAX + 1, CART, 5000000, 77, 0, 1);
    assert_int_equal(latency.routes[0].latency.count, 1);
    assert_int_equal(latency.routes[0].latency.max, 77);
    tear_down();
}

static void test_nonsense_does_no_harm(void **state)
{
    (void)state;
    set_up(100, 1);
    smk_latency_begin(&latency, &mem, 0, CART, 5, 1);
    smk_latency_enter(&latency, &mem, 0, 1);
    smk_latency_trace(&latency, 3, 1, 1);
    smk_latency_part(&latency, 3, SMK_PART_LOCK, LOCK, 3, UINT64_MAX);
    smk_latency_begin(&latency, &mem, 3, CART, UINT64_MAX, 1);
    smk_latency_begin(&latency, &mem, 3, ITEM, 7, 1); /* the same again */
    smk_latency_part(&latency, 3, SMK_PART_LOCK, LOCK, 3, UINT64_MAX);
    smk_latency_end(&latency, &mem, 3, ITEM, 50, UINT64_MAX, 0, 1);
    smk_latency_end(&latency, &mem, 3, ITEM, UINT64_MAX, UINT64_MAX, 0, 1);
    smk_latency_finish(&latency, &mem, 0);
    tear_down();
}

static void test_memory_that_ends(void **state)
{
    (void)state;
    for (size_t max = 1000; max < 200000; max += 5000) {
        smk_mem_init(&mem, NULL, NULL, max);
        if (smk_latency_init(&latency, &mem, 0, 3))
            for (uint64_t id = 1; id < 500; id++) {
                smk_latency_begin(&latency, &mem, id, (uint32_t)id, id, 1);
                smk_latency_part(&latency, id, SMK_PART_LOCK, LOCK, id + 5, 3);
                if (id % 2)
                    smk_latency_end(&latency, &mem, id, (uint32_t)id, id + 9, 9, 0, 1);
            }
        tear_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_go_to_the_route), cmocka_unit_test(test_slowest_are_kept_in_order),
        cmocka_unit_test(test_begun_before_the_trace), cmocka_unit_test(test_running_at_the_end),
        cmocka_unit_test(test_bounds),                cmocka_unit_test(test_nonsense_does_no_harm),
        cmocka_unit_test(test_memory_that_ends),
    };
    return SMK_RUN(tests);
}
