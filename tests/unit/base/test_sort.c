#include "unit/smk_test.h"

#include "base/sort.h"

struct item {
    uint32_t key;
    char rest[9]; /* a size that is no power of two */
};

static bool before(const void *a, const void *b)
{
    return ((const struct item *)a)->key < ((const struct item *)b)->key;
}

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

static void check(uint32_t count, uint32_t keys)
{
    struct item *items = calloc(count + 1, sizeof *items);
    uint32_t random = count;
    uint64_t sum = 0, sum_after = 0;
    items[count].key = 0xdeadbeef;
    for (uint32_t i = 0; i < count; i++) {
        items[i].key = next_random(&random) % keys;
        snprintf(items[i].rest, sizeof items[i].rest, "%u", items[i].key % 9999999);
        sum += items[i].key;
    }
    smk_sort(items, count, sizeof *items, before);
    for (uint32_t i = 0; i < count; i++) {
        char rest[sizeof items[i].rest];
        snprintf(rest, sizeof rest, "%u", items[i].key % 9999999);
        assert_string_equal(items[i].rest, rest); /* elements move whole */
        assert_true(i == 0 || items[i - 1].key <= items[i].key);
        sum_after += items[i].key;
    }
    assert_int_equal(sum_after, sum);
    assert_int_equal(items[count].key, 0xdeadbeef);
    free(items);
}

static void test_sorts(void **state)
{
    (void)state;
    for (uint32_t count = 0; count < 70; count++)
        check(count, 1000);
    check(5000, UINT32_MAX);
    check(5000, 3);
    check(5000, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sorts)};
    return SMK_RUN(tests);
}
