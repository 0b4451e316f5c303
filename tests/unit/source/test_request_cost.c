/* What slow requests say of page faults and CPU time. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <sys/mman.h>

#include "core/request_cost.h"
#include "unit/source/waits.h"

#define PAGES 500u

static void touch(void)
{
    char *at = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    madvise(at, PAGES * 4096, MADV_NOHUGEPAGE);
    for (uint32_t i = 0; i < PAGES; i++)
        at[i * 4096] = 1;
    munmap(at, PAGES * 4096);
}

/* The one that was recorded since then; NULL: none. */
static const struct record *cost(uint64_t since)
{
    read_records(since);
    assert_true(count_of(SMK_EV_REQUEST_COST) <= 1);
    return find_record(SMK_EV_REQUEST_COST, 0);
}

static void slow(void) { smk_sys_sleep(2 * MS); }

static void test_exact(void **state)
{
    (void)state;
    arm(SMK_CAT_REQUEST);
    smk_sys_sleep(SMK_COST_FRESH_NS); /* what was ever asked is old */
    uint64_t since = smk_ticks();
    smk_request request = smk_abi_request_begin("GET /", NULL);
    touch();
    slow();
    smk_abi_request_end(&request);
    const struct record *r = cost(since);
    assert_non_null(r);
    assert_int_equal(r->first, SMK_COST_EXACT);
    assert_int_equal(r->args[0], request.id);
    assert_int_equal(r->args[1], r->ticks - request.begin);
    assert_true(r->args[2] >= PAGES && r->args[2] < 10 * PAGES);
    disarm();
}

/* The second one begins when the answer for the first is still fresh. */
static void test_bound(void **state)
{
    (void)state;
    arm(SMK_CAT_REQUEST);
    smk_request first = smk_abi_request_begin("GET /", NULL);
    slow();
    smk_abi_request_end(&first);
    touch(); /* between the two */
    uint64_t since = smk_ticks();
    smk_request second = smk_abi_request_begin("GET /", NULL);
    slow();
    smk_abi_request_end(&second);
    const struct record *r = cost(since);
    assert_non_null(r);
    if (r->first != SMK_COST_EXACT) { /* this thread was kept waiting for 10 ms */
        assert_true(r->args[1] > r->ticks - second.begin);
        assert_true(r->args[2] >= PAGES);
    }
    disarm();
}

static void *enter(void *arg)
{
    smk_abi_request_leave(arg, smk_abi_request_enter(arg));
    return NULL;
}

static void test_unknown(void **state)
{
    pthread_t thread;
    (void)state;
    smk_cost_set_slow(3600 * 1000 * MS);
    arm(SMK_CAT_REQUEST);
    uint64_t since = smk_ticks();
    smk_request request = smk_abi_request_begin("GET /", NULL);
    slow();
    smk_abi_request_end(&request);
    assert_null(cost(since)); /* not slow */
    disarm();
    smk_cost_set_slow(SMK_COST_SLOW_NS);
    arm(SMK_CAT_REQUEST);
    since = smk_ticks();
    request = smk_abi_request_begin("GET /", NULL);
    assert_int_equal(pthread_create(&thread, NULL, enter, &request), 0);
    pthread_join(thread, NULL);
    slow();
    smk_abi_request_end(&request);
    assert_null(cost(since)); /* another thread worked for it */
    since = smk_ticks();
    request = smk_abi_request_begin("GET /", NULL);
    smk_request other = smk_abi_request_begin("GET /", NULL);
    slow();
    smk_abi_request_end(&request);
    assert_null(cost(since)); /* another one began beside it */
    smk_abi_request_end(&other);
    assert_non_null(cost(since));
    disarm();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_unknown),
    };
    return SMK_RUN(tests);
}
