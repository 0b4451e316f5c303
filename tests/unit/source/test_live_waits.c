/* Each wrapped wait that slept counts once among those of its kind, and with what it took. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "core/routes.h"
#include "unit/source/waits.h"

#define WAIT_MS 4

static struct smk_histogram before[SMK_WAIT_OTHER + 1];

static void remember(void)
{
    for (unsigned kind = 1; kind <= SMK_WAIT_OTHER; kind++)
        smk_waits_get(kind, &before[kind]);
}

/* Since then one wait was counted, of this kind, and it took at least that long. */
static void check_one(enum smk_wait_kind expected)
{
    for (unsigned kind = 1; kind <= SMK_WAIT_OTHER; kind++) {
        struct smk_histogram now;
        smk_waits_get(kind, &now);
        smk_histogram_subtract(&now, &before[kind]);
        if (smk_histogram_count(&now) != (kind == expected))
            fail_msg("%u of %s", (unsigned)smk_histogram_count(&now), smk_wait_kind_name(kind));
        if (kind == expected)
            assert_true(now.sum_ns >= WAIT_MS * MS * 9 / 10);
    }
}

/* ---- somebody who makes the others wait ------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t semaphore;
static uint32_t has_it, first;
static int pipes[2];

/* Until the first thread waits, and for as long as it shall. Past the wrappers: what this thread does is none
 * of what is counted. */
static void let_it_wait(void)
{
    while (!waits_now(first))
        smk_sys_sleep(100000);
    smk_sys_sleep(WAIT_MS * MS);
}

static void *hold(void *arg)
{
    smk_tls.quiet = 1;
    pthread_mutex_lock(&lock);
    smk_store_release(&has_it, 1); /* pairs with: await */
    let_it_wait();
    pthread_mutex_unlock(&lock);
    return arg;
}

static void *post(void *arg)
{
    smk_tls.quiet = 1;
    let_it_wait();
    sem_post(&semaphore);
    return arg;
}

static void *write_later(void *arg)
{
    smk_tls.quiet = 1;
    let_it_wait();
    return write(pipes[1], "x", 1) == 1 ? arg : NULL;
}

static void test_sleep(void **state)
{
    (void)state;
    remember();
    usleep(WAIT_MS * 1000);
    check_one(SMK_WAIT_SLEEP);
}

static void test_lock(void **state)
{
    pthread_t thread;
    (void)state;
    has_it = 0;
    remember();
    pthread_create(&thread, NULL, hold, NULL);
    await(&has_it);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    check_one(SMK_WAIT_LOCK);
    pthread_join(thread, NULL);
}

static void test_cond(void **state)
{
    pthread_t thread;
    (void)state;
    sem_init(&semaphore, 0, 0);
    remember();
    pthread_create(&thread, NULL, post, NULL);
    sem_wait(&semaphore);
    check_one(SMK_WAIT_COND);
    pthread_join(thread, NULL);
}

static void test_poll(void **state)
{
    (void)state;
    remember();
    poll(NULL, 0, WAIT_MS);
    check_one(SMK_WAIT_POLL);
}

static void test_net_and_join(void **state)
{
    pthread_t thread;
    char c;
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    remember();
    pthread_create(&thread, NULL, write_later, NULL);
    assert_int_equal(read(pipes[0], &c, 1), 1);
    check_one(SMK_WAIT_NET);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, write_later, NULL);
    remember();
    pthread_join(thread, NULL);
    check_one(SMK_WAIT_JOIN);
    close(pipes[0]);
    close(pipes[1]);
}

/* What is not recorded is not counted. */
static void test_disarmed(void **state)
{
    (void)state;
    disarm();
    remember();
    usleep(WAIT_MS * 1000);
    check_one(SMK_WAIT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sleep), cmocka_unit_test(test_lock),         cmocka_unit_test(test_cond),
        cmocka_unit_test(test_poll),  cmocka_unit_test(test_net_and_join), cmocka_unit_test(test_disarmed),
    };
    first = me();
    arm(SMK_CAT_SLEEP | SMK_CAT_LOCK | SMK_CAT_COND | SMK_CAT_POLL | SMK_CAT_NET | SMK_CAT_JOIN);
    return SMK_RUN(tests);
}
