/* Large blocks, what they cost, and what allocators have not to do with. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <malloc.h>

#include "source/alloc.h"
#include "source/blocks.h"
#include "unit/source/waits.h"

#define LARGE (size_t)(1 << 20)

/* GCC knows what malloc is, and would leave these out. */
static void *volatile block, *volatile nothing;

#if SMK_TSAN || SMK_ASAN
#define SKIP_UNSEEN() skip()
#else
#define SKIP_UNSEEN() ((void)0)
#endif

/* The one large block that was given since then. */
static const struct record *given(uint64_t since, enum smk_call call, uint64_t bytes)
{
    read_records(since);
    const struct record *r = find_record(SMK_EV_ALLOC_LARGE, me());
    assert_non_null(r);
    assert_int_equal(count_of(SMK_EV_ALLOC_LARGE), 1);
    assert_int_equal(r->args[1], smk_call_name(call));
    assert_int_equal(r->args[2], (uintptr_t)block);
    assert_int_equal(r->args[3], bytes);
    assert_true(r->first > 0); /* with a stack */
    return r;
}

static void test_each_call(void **state)
{
    void *out;
    (void)state;
    SKIP_UNSEEN();
    arm(SMK_CAT_MEMORY);
#define CHECK(call, bytes, expression)                                                             \
    do {                                                                                           \
        uint64_t since = smk_ticks();                                                              \
        block = (expression);                                                                      \
        assert_non_null(block);                                                                    \
        given(since, SMK_CALL_##call, (bytes));                                                    \
        free(block);                                                                               \
    } while (0)
    CHECK(malloc, LARGE, malloc(LARGE));
    CHECK(malloc, SMK_LARGE_BYTES, malloc(SMK_LARGE_BYTES));
    CHECK(calloc, 3 * LARGE, calloc(3, LARGE));
    CHECK(realloc, LARGE, realloc(nothing, LARGE));
    CHECK(realloc, 2 * LARGE, reallocarray(nothing, 2, LARGE));
    CHECK(aligned_alloc, LARGE, aligned_alloc(4096, LARGE));
    CHECK(memalign, LARGE, memalign(4096, LARGE));
    CHECK(valloc, LARGE, valloc(LARGE));
    CHECK(pvalloc, LARGE, pvalloc(LARGE));
    CHECK(posix_memalign, LARGE, posix_memalign(&out, 4096, LARGE) == 0 ? out : NULL);
#undef CHECK
    disarm();
}

static void test_small_ones_are_not_seen(void **state)
{
    (void)state;
    arm(SMK_CAT_MEMORY);
    uint64_t since = smk_ticks();
    block = malloc(SMK_LARGE_BYTES - 1);
    free(block);
    block = calloc(1, 100);
    block = realloc(block, 10000);
    free(block);
    free(NULL);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_ALLOC_LARGE), 0);
    assert_int_equal(count_of(SMK_EV_FREE_LARGE), 0);
    assert_int_equal(count_of(SMK_EV_ALLOC_WAIT), 0);
    disarm();
}

static void test_how_long_it_lived(void **state)
{
    (void)state;
    SKIP_UNSEEN();
    arm(SMK_CAT_MEMORY);
    uint64_t since = smk_ticks();
    block = malloc(LARGE);
    smk_sys_sleep(3 * MS);
    free(block);
    uint64_t all = smk_ticks_to_ns(smk_ticks() - since);
    const struct record *r = given(since, SMK_CALL_malloc, LARGE);
    uint32_t stack = r->first;
    r = find_record(SMK_EV_FREE_LARGE, me());
    assert_non_null(r);
    assert_int_equal(r->first, stack); /* that of its allocation */
    assert_int_equal(r->args[2], (uintptr_t)block);
    assert_int_equal(r->args[3], LARGE);
    assert_true(smk_ticks_to_ns(r->args[4]) >= 3 * MS && smk_ticks_to_ns(r->args[4]) <= all);
    disarm();
}

static void test_realloc_ends_one_and_begins_another(void **state)
{
    (void)state;
    SKIP_UNSEEN();
    arm(SMK_CAT_MEMORY);
    block = malloc(LARGE);
    uint64_t since = smk_ticks();
    block = realloc(block, 8 * LARGE);
    given(since, SMK_CALL_realloc, 8 * LARGE);
    assert_int_equal(count_of(SMK_EV_FREE_LARGE), 1);
    since = smk_ticks();
    block = realloc(block, 100); /* a large one ends, a small one begins */
    read_records(since);
    assert_int_equal(count_of(SMK_EV_FREE_LARGE), 1);
    assert_int_equal(count_of(SMK_EV_ALLOC_LARGE), 0);
    free(block);
    disarm();
}

/* What cannot be had: NULL, ENOMEM, no event, and the old block is as it was. */
static void test_refusals_are_libcs(void **state)
{
    volatile size_t much = SIZE_MAX / 2;
    (void)state;
    SKIP_UNSEEN();
    arm(SMK_CAT_MEMORY | SMK_CAT_ALLOC);
    uint64_t since = smk_ticks();
    errno = 0;
    void *volatile none = malloc(much); /* or clang takes it for granted that it succeeds */
    assert_null(none);
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    none = calloc(much, 4);
    assert_null(none);
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(reallocarray(NULL, much, 4));
    assert_int_equal(errno, ENOMEM);
    void *out = (void *)&out;
    assert_int_equal(posix_memalign(&out, 3, LARGE), EINVAL);
    assert_ptr_equal(out, &out);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_ALLOC_LARGE), 0);
    block = malloc(LARGE);
    memset(block, 7, LARGE);
    assert_null(realloc(block, much));
    assert_int_equal(((char *)block)[LARGE - 1], 7);
    since = smk_ticks();
    errno = 5;
    free(block);
    assert_int_equal(errno, 5);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_FREE_LARGE), 1); /* it lived on until now */
    disarm();
}

static void test_calls_over_the_threshold(void **state)
{
    (void)state;
    SKIP_UNSEEN();
    smk_alloc_set_slow(0); /* each */
    arm(SMK_CAT_ALLOC);
    uint64_t since = smk_ticks();
    block = malloc(1234);
    free(block);
    block = malloc(LARGE); /* memory is not armed */
    free(block);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_ALLOC_LARGE), 0);
    assert_int_equal(count_of(SMK_EV_ALLOC_WAIT), 4);
    const struct record *r = find_record(SMK_EV_ALLOC_WAIT, me());
    assert_int_equal(r->args[1], smk_call_name(SMK_CALL_malloc));
    assert_int_equal(r->args[3], 1234);
    disarm();
    smk_alloc_set_slow(3600 * 1000 * MS);
    arm(SMK_CAT_ALLOC);
    since = smk_ticks();
    block = malloc(1234);
    free(block);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_ALLOC_WAIT), 0);
    disarm();
}

/* ---- the table of large blocks --------------------------------------------------------------------------------- */

static void test_blocks_are_found_again(void **state)
{
    struct smk_block found;
    (void)state;
    for (uint64_t i = 1; i <= 500; i++)
        smk_block_put(&(struct smk_block){i << 20 | 16, i, i, (uint32_t)i});
    for (uint64_t i = 1; i <= 500; i++) {
        const void *address = (const void *)(uintptr_t)(i << 20 | 16);
        assert_true(smk_block_may_be_large(address));
        assert_true(smk_block_take(address, &found));
        assert_int_equal(found.bytes, i);
        assert_int_equal(found.stack, i);
        assert_false(smk_block_take(address, &found));
    }
    for (uint64_t i = 1; i <= 5000; i++)
        assert_false(smk_block_may_be_large((const void *)(uintptr_t)(i << 12)));
}

/* More than there are places: the oldest go. */
static void test_blocks_are_bounded(void **state)
{
    struct smk_block found;
    uint64_t kept = 0, places = SMK_BLOCK_ROWS * SMK_BLOCK_WAYS, many = 10 * places;
    (void)state;
    for (uint64_t i = 1; i <= many; i++)
        smk_block_put(&(struct smk_block){i << 16, i, i, 0});
    for (uint64_t i = 1; i <= many; i++)
        kept += smk_block_take((const void *)(uintptr_t)(i << 16), &found);
    assert_true(kept <= places && kept > places * 9 / 10);
    smk_block_put(&(struct smk_block){1 << 16, 1, 1, 0});
    smk_blocks_forget();
    assert_false(smk_block_take((const void *)(uintptr_t)(1 << 16), &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call),
        cmocka_unit_test(test_small_ones_are_not_seen),
        cmocka_unit_test(test_how_long_it_lived),
        cmocka_unit_test(test_realloc_ends_one_and_begins_another),
        cmocka_unit_test(test_refusals_are_libcs),
        cmocka_unit_test(test_calls_over_the_threshold),
        cmocka_unit_test(test_blocks_are_found_again),
        cmocka_unit_test(test_blocks_are_bounded),
    };
    return SMK_RUN(tests);
}
