#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/gate.h"
#include "core/init.h"
#include "core/intern.h"
#include "core/request.h"
#include "core/routes.h"
#include "stallmark/trace.h"

#define MS UINT64_C(1000000)

enum { ROUTES = 16 };

static uint32_t id(const char *name) { return smk_intern(&smk_strings, name, (uint32_t)strlen(name)); }

static void ended(uint32_t route, uint64_t ns, enum smk_outcome outcome)
{
    smk_route_ended(smk_thread_self(), route, smk_ns_to_ticks(ns), outcome, 1);
}

static struct smk_route_view view_of(uint32_t route)
{
    struct smk_route_view view;
    if (!smk_route_get(route, &view))
        memset(&view, 0, sizeof view);
    return view;
}

static uint64_t count_of(uint32_t route)
{
    struct smk_route_view view = view_of(route);
    return smk_histogram_count(&view.latency);
}

/* Before anything is armed there is nothing to count in. */
static void test_before(void **state)
{
    struct smk_route_view view;
    (void)state;
    ended(id("early"), MS, SMK_OUTCOME_GOOD);
    assert_false(smk_route_get(0, &view));
    assert_int_equal(smk_route_string("GET /x", 6), 0);
    assert_true(smk_routes_set_capacity(0) < 0);
    assert_true(smk_routes_set_capacity(SMK_ROUTES_LIMIT + 1) < 0);
    assert_int_equal(smk_routes_set_capacity(ROUTES), 0);
    assert_int_equal(smk_routes_prepare(), 0);
    assert_int_equal(smk_routes_prepare(), 0);
    assert_true(smk_routes_set_capacity(4 * ROUTES) < 0);
}

static void test_a_route(void **state)
{
    uint32_t cart = id("GET /cart");
    (void)state;
    ended(cart, 2 * MS, SMK_OUTCOME_GOOD);
    ended(cart, 2 * MS, SMK_OUTCOME_FAILED);
    ended(cart, 40 * MS, SMK_OUTCOME_REFUSED);
    struct smk_route_view view = view_of(cart);
    assert_int_equal(view.route, cart);
    assert_int_equal(view.outcomes[SMK_OUTCOME_GOOD], 1);
    assert_int_equal(view.outcomes[SMK_OUTCOME_FAILED], 1);
    assert_int_equal(view.outcomes[SMK_OUTCOME_REFUSED], 1);
    assert_in_range(view.latency.sum_ns, 43 * MS, 45 * MS);
    assert_in_range(smk_histogram_quantile(&view.latency, 500).low, 1750000, 2 * MS);
}

/* Strangers' names wait until one of them was answered well; and there are only so many. */
static void test_strangers(void **state)
{
    struct smk_routes_stats stats;
    (void)state;
    uint32_t page = smk_route_string("GET /page", 9);
    assert_int_equal(page, smk_route_string("GET /page", 9));
    assert_int_equal(smk_route_string("GET /cart", 9), id("GET /cart")); /* known before: nobody's */
    uint64_t other = count_of(0);
    ended(page, MS, SMK_OUTCOME_REFUSED);
    assert_int_equal(count_of(page), 0);
    assert_int_equal(count_of(0), other + 1);
    ended(page, MS, SMK_OUTCOME_GOOD);
    ended(page, MS, SMK_OUTCOME_REFUSED);
    assert_int_equal(count_of(page), 2);

    uint32_t mine = id("GET /mine");
    ended(mine, MS, SMK_OUTCOME_REFUSED); /* the source chose that name */
    assert_int_equal(count_of(mine), 1);

    uint32_t last = 0;
    for (int i = 0; i < 2 * SMK_ROUTES_NAMES_PER_ROUTE * ROUTES; i++) {
        char name[32];
        int len = snprintf(name, sizeof name, "GET /wp-%d.php", i);
        last = smk_route_string(name, (uint32_t)len);
        ended(last, MS, SMK_OUTCOME_REFUSED);
    }
    assert_int_equal(last, id("other"));
    smk_routes_stats(&stats);
    assert_int_equal(stats.names, SMK_ROUTES_NAMES_PER_ROUTE * ROUTES);
    assert_int_equal(stats.names_max, stats.names);
    assert_int_equal(stats.names_refused, SMK_ROUTES_NAMES_PER_ROUTE * ROUTES + 1);
    assert_int_equal(stats.routes, 3); /* none of them took a place */
    assert_int_equal(stats.unlisted, 0);
}

struct sum {
    unsigned routes;
    uint64_t requests;
    bool other;
};

static bool add_up(const struct smk_route_view *view, void *arg)
{
    struct sum *sum = arg;
    assert_false(sum->other); /* it is the last */
    sum->other = view->route == 0;
    sum->routes += view->route != 0;
    sum->requests += smk_histogram_count(&view->latency);
    return true;
}

static void test_full(void **state)
{
    struct smk_route_view view;
    struct smk_routes_stats stats;
    struct sum before = {0}, sum = {0};
    (void)state;
    smk_routes_each(&view, add_up, &before);
    for (int i = 0; i < 3 * ROUTES; i++) {
        char name[32];
        snprintf(name, sizeof name, "job %d", i);
        ended(id(name), MS, SMK_OUTCOME_GOOD);
    }
    smk_routes_each(&view, add_up, &sum);
    assert_true(sum.other);
    assert_int_equal(sum.routes, ROUTES);
    assert_int_equal(sum.requests, before.requests + 3 * ROUTES); /* nothing is lost */
    smk_routes_stats(&stats);
    assert_int_equal(stats.unlisted, 3 * ROUTES - (ROUTES - before.routes));
}

/* Marked requests come here by themselves, and are in flight until then. */
static void test_marked(void **state)
{
    (void)state;
    uint32_t cart = id("GET /cart");
    struct smk_route_view before = view_of(cart);
    smk_store_relaxed(&smk_gate, SMK_CAT_REQUEST);
    smk_request first = smk_request_begin("GET /cart"), second = smk_request_begin("GET /cart");
    smk_request other = smk_request_begin("GET /one too many");
    assert_int_equal(view_of(cart).in_flight, 2);
    assert_int_equal(view_of(0).in_flight, 1);
    smk_request_status(first, 503);
    smk_request_end(first);
    smk_request_end(first); /* counts once */
    smk_request_end(other);
    struct smk_route_view view = view_of(cart);
    assert_int_equal(view.in_flight, 1);
    assert_int_equal(view.outcomes[SMK_OUTCOME_FAILED], before.outcomes[SMK_OUTCOME_FAILED] + 1);
    smk_store_relaxed(&smk_gate, 0);
    smk_request_end(second); /* also when nothing is recorded any more */
    view = view_of(cart);
    assert_int_equal(view.in_flight, 0);
    assert_int_equal(smk_histogram_count(&view.latency), smk_histogram_count(&before.latency) + 2);
}

static void test_waits(void **state)
{
    struct smk_histogram waits;
    (void)state;
    smk_wait_ended(smk_thread_self(), SMK_WAIT_DISK, smk_ns_to_ticks(3 * MS));
    smk_wait_ended(NULL, SMK_WAIT_DISK, smk_ns_to_ticks(MS));
    smk_waits_get(SMK_WAIT_DISK, &waits);
    assert_int_equal(smk_histogram_count(&waits), 2);
    assert_in_range(waits.sum_ns, 4 * MS - 10, 4 * MS + 10);
    smk_store_relaxed(&smk_gate, SMK_CAT_OTHER);
    smk_wait_end(SMK_WAIT_BEGIN(SMK_WAITING_JOIN, "batch", NULL));
    smk_wait_end(SMK_WAIT_BEGIN(4711, "batch", NULL));
    smk_store_relaxed(&smk_gate, 0);
    smk_waits_get(SMK_WAIT_JOIN, &waits);
    assert_int_equal(smk_histogram_count(&waits), 1);
    smk_waits_get(SMK_WAIT_OTHER, &waits);
    assert_int_equal(smk_histogram_count(&waits), 1);
    smk_waits_get((enum smk_wait_kind)4711, &waits);
    assert_int_equal(smk_histogram_count(&waits), 0);
}

enum { THREADS = 4, EACH = 50000 };

static void *end_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < EACH; i++)
        ended(id("GET /cart"), MS * (1 + i % 7), i % 5 ? SMK_OUTCOME_GOOD : SMK_OUTCOME_FAILED);
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[THREADS];
    struct smk_route_view before = view_of(id("GET /cart"));
    (void)state;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, end_many, NULL);
    for (int i = 0; i < 20; i++)
        view_of(id("GET /cart"));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct smk_route_view view = view_of(id("GET /cart"));
    assert_int_equal(smk_histogram_count(&view.latency) - smk_histogram_count(&before.latency), THREADS * EACH);
    assert_int_equal(view.outcomes[SMK_OUTCOME_FAILED] - before.outcomes[SMK_OUTCOME_FAILED], THREADS * EACH / 5);
}

static void test_child_begins_anew(void **state)
{
    int status;
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct smk_routes_stats stats;
        smk_routes_reset_in_child();
        smk_routes_stats(&stats);
        bool good = stats.routes == 0 && count_of(id("GET /cart")) == 0 && count_of(0) == 0;
        ended(id("GET /cart"), MS, SMK_OUTCOME_GOOD);
        _exit(good && count_of(id("GET /cart")) == 1 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before),  cmocka_unit_test(test_a_route), cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_full),    cmocka_unit_test(test_marked),  cmocka_unit_test(test_waits),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_child_begins_anew),
    };
    if (smk_core_init(NULL) < 0)
        return 1;
    return SMK_RUN(tests);
}
