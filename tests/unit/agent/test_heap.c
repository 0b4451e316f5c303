#include <pthread.h>

#include "unit/smk_test.h"

#include "heap.h"

static void test_blocks_are_aligned_and_apart(void **state)
{
    (void)state;
    unsigned char *blocks[200];
    for (unsigned i = 0; i < 200; i++) {
        size_t size = (i * 7919u) % 70000;
        blocks[i] = smk_heap_alloc(size);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, size);
    }
    for (unsigned i = 0; i < 200; i++)
        for (size_t at = 0; at < (i * 7919u) % 70000; at++)
            assert_int_equal(blocks[i][at], i);
    for (unsigned i = 0; i < 200; i++)
        smk_heap_free(blocks[i]);
    smk_heap_free(NULL);
    assert_int_equal(smk_heap_used(), 0);
}

static void test_realloc_keeps_what_is_there(void **state)
{
    (void)state;
    unsigned char *data = NULL;
    for (size_t size = 1; size < 1000000; size = size * 3 + 1) {
        size_t before = size / 3;
        data = smk_heap_realloc(data, size);
        assert_non_null(data);
        for (size_t i = 0; i < before; i++)
            assert_int_equal(data[i], i & 0xff);
        for (size_t i = before; i < size; i++)
            data[i] = (unsigned char)i;
    }
    data = smk_heap_realloc(data, 10);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(data[i], i);
    smk_heap_free(data);
    assert_int_equal(smk_heap_used(), 0);
}

static void test_zeroed_also_when_reused(void **state)
{
    (void)state;
    char *data = smk_heap_alloc(100);
    memset(data, 'x', 100);
    smk_heap_free(data);
    data = smk_heap_zalloc(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(data[i], 0);
    smk_heap_free(data);
    char *text = smk_heap_printf("%s %d", smk_heap_strdup("a"), 5);
    assert_string_equal(text, "a 5");
    smk_heap_free(text);
}

static void test_it_is_bounded_and_says_so(void **state)
{
    (void)state;
    uint64_t failed = smk_heap_failed(), used = smk_heap_used();
    assert_null(smk_heap_alloc(SMK_HEAP_MAX + 1));
    assert_null(smk_heap_alloc(SIZE_MAX));
    void *half = smk_heap_alloc(SMK_HEAP_MAX / 2);
    assert_non_null(half);
    assert_null(smk_heap_alloc(SMK_HEAP_MAX / 2));
    assert_int_equal(smk_heap_failed() - failed, 3);
    assert_true(smk_heap_used() <= SMK_HEAP_MAX);
    smk_heap_free(half);
    assert_int_equal(smk_heap_used(), used);
}

static void *churn(void *arg)
{
    unsigned char *slots[64] = {0};
    unsigned random = (unsigned)(uintptr_t)arg;
    for (int i = 0; i < 20000; i++) {
        random = random * 1103515245u + 12345u;
        unsigned at = random >> 16 & 63, size = random >> 8 & 0xfff;
        if (slots[at] && *slots[at] != at)
            return (void *)1;
        smk_heap_free(slots[at]);
        slots[at] = smk_heap_alloc(size + 1);
        *slots[at] = (unsigned char)at;
    }
    for (int i = 0; i < 64; i++)
        smk_heap_free(slots[i]);
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    void *wrong;
    uint64_t used = smk_heap_used();
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(smk_heap_used(), used);
}

static void test_a_child_begins_anew(void **state)
{
    (void)state;
    char *kept = smk_heap_strdup("kept");
    smk_heap_reset_in_child();
    assert_int_equal(smk_heap_used(), 0);
    for (int i = 0; i < 100; i++)
        assert_ptr_not_equal(smk_heap_alloc(5), kept);
    assert_string_equal(kept, "kept");
}

/* The service frees in its child what it got from us before. */
static void test_a_block_of_the_parents_in_a_child(void **state)
{
    (void)state;
    char *block = smk_heap_alloc(1000);
    assert_non_null(block);
    smk_heap_reset_in_child();
    smk_heap_free(block);
    assert_int_equal(smk_heap_used(), 0);
    block = smk_heap_alloc(1000);
    assert_non_null(block);
    smk_heap_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_aligned_and_apart), cmocka_unit_test(test_realloc_keeps_what_is_there),
        cmocka_unit_test(test_zeroed_also_when_reused),      cmocka_unit_test(test_it_is_bounded_and_says_so),
        cmocka_unit_test(test_threads),                      cmocka_unit_test(test_a_child_begins_anew),
        cmocka_unit_test(test_a_block_of_the_parents_in_a_child), /* the last: it forgets the others' */
    };
    return SMK_RUN(tests);
}
