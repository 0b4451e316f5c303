/* Two workers that need two locks. It knows nothing of stallmark, and hangs after a second, when one of them
 * begins to take first what the other takes second. With --ordered both keep to one order. With --three there are
 * three of them and three locks, each of which is one's first and another one's second:
 *
 *     stallmark run -- ./deadlock & stallmark threads $!
 *     stallmark run --recorder 10s -- ./deadlock & stallmark snapshot $! -o d.stall && stallmark report d.stall
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROUND_US = 10000, ROUNDS_IN_ORDER = 100 };

static pthread_mutex_t cart_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both; /* makes sure of it: all begin with none, then all have their first lock */
static bool ordered, three;
static unsigned carts, stocks, orders;

__attribute__((noinline)) static void add_item(bool wrong)
{
    if (wrong)
        pthread_barrier_wait(&both);
    pthread_mutex_lock(&cart_lock);
    if (wrong)
        pthread_barrier_wait(&both);
    pthread_mutex_lock(&stock_lock);
    carts++;
    stocks--;
    pthread_mutex_unlock(&stock_lock);
    pthread_mutex_unlock(&cart_lock);
}

__attribute__((noinline)) static void reserve(bool wrong)
{
    if (wrong)
        pthread_barrier_wait(&both);
    pthread_mutex_lock(wrong ? &stock_lock : &cart_lock);
    if (wrong)
        pthread_barrier_wait(&both);
    pthread_mutex_lock(wrong ? three ? &order_lock : &cart_lock : &stock_lock);
    carts--;
    stocks++;
    pthread_mutex_unlock(&stock_lock);
    pthread_mutex_unlock(&cart_lock);
}

__attribute__((noinline)) static void place_order(bool wrong)
{
    if (wrong)
        pthread_barrier_wait(&both);
    pthread_mutex_lock(&order_lock);
    if (wrong) {
        pthread_barrier_wait(&both);
        pthread_mutex_lock(&cart_lock);
    }
    orders++;
    pthread_mutex_unlock(&order_lock);
}

static void *adder(void *arg)
{
    for (unsigned round = 0;; round++, usleep(ROUND_US))
        add_item(!ordered && round >= ROUNDS_IN_ORDER);
    return arg;
}

static void *reserver(void *arg)
{
    for (unsigned round = 0;; round++, usleep(ROUND_US))
        reserve(!ordered && round >= ROUNDS_IN_ORDER);
    return arg;
}

static void *orderer(void *arg)
{
    for (unsigned round = 0;; round++, usleep(ROUND_US))
        place_order(round >= ROUNDS_IN_ORDER);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    ordered = argc == 2 && strcmp(argv[1], "--ordered") == 0;
    three = argc == 2 && strcmp(argv[1], "--three") == 0;
    if (argc > 1 && !ordered && !three) {
        fprintf(stderr, "deadlock: '%s' is not known; allowed are --ordered and --three\n", argv[1]);
        return 2;
    }
    pthread_barrier_init(&both, NULL, three ? 3 : 2);
    if (three && pthread_create(&thread, NULL, orderer, NULL) != 0)
        return 1;
    if (pthread_create(&thread, NULL, adder, NULL) != 0 || pthread_create(&thread, NULL, reserver, NULL) != 0)
        return 1;
    pthread_join(thread, NULL);
    return 0;
}
