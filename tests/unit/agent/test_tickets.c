/* Tickets: each opens one download, once, for a minute. */
#include "unit/smk_test.h"

#include <stdio.h>

#include "tickets.h"

#define ID   "20261124t082342638-rd1ykv4q"
#define PATH "/debug/traces/" ID

static const char *query_of(const char *key)
{
    static char query[64];
    snprintf(query, sizeof query, "wait=1&ticket=%s", key);
    return query;
}

static void test_opens_once(void **state)
{
    (void)state;
    struct smk_tickets tickets = {0};
    char key[SMK_TICKET_SIZE];
    assert_int_equal(smk_tickets_give(&tickets, ID, 1000, key), 0);
    assert_int_equal(strlen(key), SMK_TICKET_SIZE - 1);
    assert_true(smk_tickets_take(&tickets, PATH, query_of(key), 2000));
    assert_false(smk_tickets_take(&tickets, PATH, query_of(key), 2000));
}

static void test_opens_nothing_else(void **state)
{
    (void)state;
    static const char *const paths[] = {"/debug/traces/" ID "/0", PATH "x", "/debug/traces/other", "/debug/traces",
                                        "/debug/trace/status", "/debug/traces/" ID "/report"};
    struct smk_tickets tickets = {0};
    char key[SMK_TICKET_SIZE], other[SMK_TICKET_SIZE];
    smk_tickets_give(&tickets, ID, 1000, key);
    for (size_t i = 0; i < SMK_ARRAY_LEN(paths); i++)
        assert_false(smk_tickets_take(&tickets, paths[i], query_of(key), 2000));
    for (size_t i = 0; i < SMK_TICKET_SIZE - 1; i++) {
        memcpy(other, key, sizeof other);
        other[i] ^= 1;
        assert_false(smk_tickets_take(&tickets, PATH, query_of(other), 2000));
    }
    assert_false(smk_tickets_take(&tickets, PATH, NULL, 2000));
    assert_false(smk_tickets_take(&tickets, PATH, "ticket=", 2000));
    assert_false(smk_tickets_take(&tickets, PATH, "xticket=0", 2000));
    snprintf(other, sizeof other, "%.31s", key);
    assert_false(smk_tickets_take(&tickets, PATH, query_of(other), 2000));
    assert_true(smk_tickets_take(&tickets, PATH, query_of(key), 2000));
}

/* An empty place is no ticket whose key is empty. */
static void test_none_is_none(void **state)
{
    (void)state;
    struct smk_tickets tickets = {0};
    assert_false(smk_tickets_take(&tickets, "/debug/traces/", "ticket=00000000000000000000000000000000", 0));
}

static void test_lasts_a_minute(void **state)
{
    (void)state;
    struct smk_tickets tickets = {0};
    char key[SMK_TICKET_SIZE];
    smk_tickets_give(&tickets, ID, 1000, key);
    assert_false(smk_tickets_take(&tickets, PATH, query_of(key), 1000 + SMK_TICKET_NS));
    assert_true(smk_tickets_take(&tickets, PATH, query_of(key), 999 + SMK_TICKET_NS));
}

static void test_the_oldest_makes_room(void **state)
{
    (void)state;
    struct smk_tickets tickets = {0};
    char keys[SMK_TICKETS_MAX + 1][SMK_TICKET_SIZE];
    for (uint32_t i = 0; i <= SMK_TICKETS_MAX; i++)
        smk_tickets_give(&tickets, ID, 1000 + i, keys[i]);
    assert_false(smk_tickets_take(&tickets, PATH, query_of(keys[0]), 2000));
    for (uint32_t i = 1; i <= SMK_TICKETS_MAX; i++)
        assert_true(smk_tickets_take(&tickets, PATH, query_of(keys[i]), 2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_once),     cmocka_unit_test(test_opens_nothing_else),
        cmocka_unit_test(test_none_is_none),   cmocka_unit_test(test_lasts_a_minute),
        cmocka_unit_test(test_the_oldest_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
