/* One cart for all customers, behind one lock. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "shop.h"

static pthread_mutex_t cart_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cart cart; /* cart_lock */

void cart_init(void) { smk_lock_name(&cart_lock, "cart_lock"); }

SHOP_NOINLINE void cart_add(unsigned item)
{
    pthread_mutex_lock(&cart_lock);
    cart.count[item % SHOP_ITEMS]++;
    cart.total += 199 + item % SHOP_ITEMS;
    pthread_mutex_unlock(&cart_lock);
}

SHOP_NOINLINE struct cart cart_copy(void)
{
    pthread_mutex_lock(&cart_lock);
    struct cart copy = cart;
    pthread_mutex_unlock(&cart_lock);
    return copy;
}

SHOP_NOINLINE uint64_t cart_check_out(void)
{
    pthread_mutex_lock(&cart_lock);
    uint64_t total = cart.total;
    memset(&cart, 0, sizeof(cart));
    pthread_mutex_unlock(&cart_lock);
    return total;
}

SHOP_NOINLINE void render_cart(struct job *job, const struct cart *copy)
{
    SMK_REGION("render_cart");
    job_print(job, "<h1>Your cart</h1>\n<ul>\n");
    for (unsigned i = 0; i < SHOP_ITEMS; i++)
        if (copy->count[i])
            job_print(job, "<li>%u x item %u</li>\n", copy->count[i], i);
    job_print(job, "</ul>\n<p>%" PRIu64 ".%02" PRIu64 "</p>\n", copy->total / 100, copy->total % 100);
}

static void print_line(char *line, size_t size, const char *what, const struct cart *copy)
{
    unsigned kinds = 0;
    for (unsigned i = 0; i < SHOP_ITEMS; i++)
        kinds += copy->count[i] > 0;
    snprintf(line, size, "%s kinds=%u total=%" PRIu64 "\n", what, kinds, copy->total);
}

/* The fault: so that the line is true of the cart, the cart stays locked until the line is on disk, and
 * whoever wants the cart waits for the disk. Without it the line is made of a copy, and the log's own
 * thread does the flushing. */
SHOP_NOINLINE void render_log(const char *what)
{
    SMK_REGION("render_log");
    char line[160];
    if (shop_options.fault_cart_lock) {
        pthread_mutex_lock(&cart_lock);
        print_line(line, sizeof(line), what, &cart);
        log_flush(line);
        pthread_mutex_unlock(&cart_lock);
        return;
    }
    struct cart copy = cart_copy();
    print_line(line, sizeof(line), what, &copy);
    log_later(line);
}
