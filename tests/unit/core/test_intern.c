#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "base/atomic.h"
#include "core/intern.h"
#include "core/site.h"

static void test_same_name_same_id(void **state)
{
    struct smk_intern table = {0};
    uint32_t len;
    (void)state;
    assert_int_equal(smk_intern(&table, "early", 5), 0); /* before it is made */
    assert_int_equal(smk_intern_init(&table, 1000, 65536), 0);
    uint32_t a = smk_intern(&table, "GET /cart", 9);
    assert_int_equal(a, 1);
    assert_int_equal(smk_intern(&table, "GET /cart", 9), a);
    assert_int_equal(smk_intern(&table, "GET /cart\0", 10), 2);
    assert_int_equal(smk_intern(&table, "", 0), 3);
    assert_int_equal(smk_intern(&table, "", 0), 3);
    assert_memory_equal(smk_intern_get(&table, a, &len), "GET /cart", 9);
    assert_int_equal(len, 9);
    assert_null(smk_intern_get(&table, 0, &len));
    assert_null(smk_intern_get(&table, 4, &len));
    assert_null(smk_intern_get(&table, 5000, &len));
    assert_int_equal(smk_intern_count(&table), 3);
}

static uint32_t add_number(struct smk_intern *table, uint32_t number)
{
    char name[24];
    int len = snprintf(name, sizeof name, "name-%u", number);
    return smk_intern(table, name, (uint32_t)len);
}

static void test_full_table_refuses_and_counts(void **state)
{
    struct smk_intern few = {0}, small = {0};
    (void)state;
    smk_intern_init(&few, 10, 65536);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_not_equal(add_number(&few, i), 0);
    for (uint32_t i = 10; i < 30; i++)
        assert_int_equal(add_number(&few, i), 0);
    assert_int_equal(few.refused, 20);
    assert_int_equal(add_number(&few, 3), 4); /* what is in it is still found */
    smk_intern_init(&small, 1000, 4096);
    uint32_t added = 0;
    while (add_number(&small, added) != 0)
        added++;
    assert_in_range(added, 4096 / 24, 4096 / 16 + 1);
    assert_true(small.arena_used <= 4096);
}

enum { THREADS = 4, NAMES = 2000 };

static struct smk_intern shared;
static uint32_t ids[THREADS][NAMES];
static uint32_t in_handler[NAMES];
static uint32_t handled;

static void *add_all(void *arg)
{
    uint32_t *mine = arg;
    for (uint32_t i = 0; i < NAMES; i++)
        mine[i] = add_number(&shared, i);
    return NULL;
}

/* Snprintf is not for handlers: the names are made before. */
static char names[NAMES][16];

static void on_alarm(int signal)
{
    (void)signal;
    uint32_t i = smk_add_relaxed(&handled, 1) % NAMES;
    smk_store_relaxed(&in_handler[i], smk_intern(&shared, names[i], (uint32_t)strlen(names[i])));
}

/* Threads that add the same names at once, each interrupted by a handler that adds them as well, agree. */
static void test_races_and_handlers(void **state)
{
    pthread_t threads[THREADS];
    struct sigaction action = {.sa_handler = on_alarm}, before;
    struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
    (void)state;
    for (uint32_t i = 0; i < NAMES; i++)
        snprintf(names[i], sizeof names[i], "name-%u", i);
    smk_intern_init(&shared, 65536, 4u << 20);
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, add_all, ids[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    for (uint32_t i = 0; i < NAMES; i++) {
        uint32_t len;
        const char *name = smk_intern_get(&shared, ids[0][i], &len);
        assert_int_equal(len, strlen(names[i]));
        assert_memory_equal(name, names[i], len);
        for (int k = 1; k < THREADS; k++)
            assert_int_equal(ids[k][i], ids[0][i]);
        assert_true(in_handler[i] == 0 || in_handler[i] == ids[0][i]);
    }
    assert_int_equal(shared.refused, 0);
}

static void test_sites(void **state)
{
    struct smk_site_view view;
    char longer[400];
    (void)state;
    assert_int_equal(smk_intern_init(&smk_sites, 3, 65536), 0);
    memset(longer, 'n', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    smk_site a = {"load", "/src/cart.c", "load_cart", 12, 0};
    smk_site again = {"load", "/src/cart.c", "load_cart", 12, 0};
    smk_site elsewhere = {"load", "/src/cart.c", "load_cart", 13, 0};
    smk_site cut = {longer, longer, NULL, 1, 0}, full = {"x", "y", "z", 1, 0};
    assert_int_equal(smk_site_id(&a), 1);
    assert_int_equal(a.id, 1);
    assert_int_equal(smk_site_id(&again), 1); /* in two objects: one place */
    assert_int_equal(smk_site_id(&elsewhere), 2);
    assert_int_equal(smk_site_id(&cut), 3);
    assert_int_equal(smk_site_id(&full), 0);
    assert_int_equal(full.id, SMK_SITE_FULL); /* not tried again */
    assert_true(smk_site_get(1, &view));
    assert_string_equal(view.name, "load");
    assert_string_equal(view.file, "/src/cart.c");
    assert_string_equal(view.function, "load_cart");
    assert_int_equal(view.line, 12);
    assert_true(smk_site_get(3, &view));
    assert_int_equal(strlen(view.name), SMK_NAME_LEN_MAX);
    assert_string_equal(view.function, "");
    assert_false(smk_site_get(4, &view));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_name_same_id),
        cmocka_unit_test(test_full_table_refuses_and_counts),
        cmocka_unit_test(test_races_and_handlers),
        cmocka_unit_test(test_sites),
    };
    return SMK_RUN(tests);
}
