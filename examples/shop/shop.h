/* shop.h: a small web shop: an event loop that speaks HTTP, a pool of workers that do the work, a cart
 * behind a lock, a log on disk, three backends. It is healthy, and on request it misbehaves in ways
 * that are named by its flags, so that one can see what stallmark says about each.
 *
 *     loop (main thread) ── job ──▶ queue ──▶ worker ── cart, log, backends ──▶ done list ──▶ loop
 */
#ifndef SHOP_H
#define SHOP_H

#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stallmark/trace.h>

/* Functions that are to be seen in stacks under their own names. */
#define SHOP_NOINLINE __attribute__((noinline))

enum { SHOP_BODY_SIZE = 4096, SHOP_ITEMS = 64, SHOP_BACKENDS = 3 };

struct shop_options {
    uint16_t port;         /* of the shop; 0: any */
    const char *debug;     /* address of the tracer's HTTP front, "127.0.0.1:6060" */
    const char *log_path;  /* the audit log */
    unsigned workers;      /* threads in the pool */
    unsigned disk_ms;      /* what the disk takes for one flush at least */
    bool fault_cart_lock;  /* the log is rendered and flushed while the cart is locked */
    bool fault_sequential; /* backends are asked one after the other */
};

extern struct shop_options shop_options;

/* ---- job: one request on its way ------------------------------------------------------------------- */

struct job {
    struct job *next;
    struct evhttp_request *http; /* the loop's alone */
    smk_request request;
    smk_handoff handoff; /* while it is in the queue */
    void (*work)(struct job *);
    unsigned item;
    int status;
    size_t body_len;
    char body[SHOP_BODY_SIZE];
};

/* Appends to the body what fits. */
void job_print(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- pool.c: the queue and its workers ----------------------------------------------------------------- */

int pool_start(unsigned workers, void (*finished)(struct job *));
void pool_put(struct job *job);
/* Lets the workers finish what is queued, and joins them. */
void pool_stop(void);

/* ---- cart.c ---------------------------------------------------------------------------------------------- */

struct cart {
    unsigned count[SHOP_ITEMS];
    uint64_t total;
};

void cart_init(void);
void cart_add(unsigned item);
/* What the cart holds now. */
struct cart cart_copy(void);
/* Takes everything out; returns the sum that it was worth. */
uint64_t cart_check_out(void);
void render_cart(struct job *job, const struct cart *cart);
/* A line about the cart for the audit log. */
void render_log(const char *what);

/* ---- log.c ----------------------------------------------------------------------------------------------- */

int log_open(const char *path);
/* Puts a line into the buffer that the log's own thread flushes ten times a second. */
void log_later(const char *line);
/* Writes and flushes a line now. */
void log_flush(const char *line);
void log_close(void);

/* ---- backends.c ------------------------------------------------------------------------------------------ */

int backends_start(void);
/* Asks users, orders and stock: at once, or one after the other with the fault. */
void ask_backends(struct job *job);
/* Asks the stock alone. */
void ask_stock(struct job *job);
void backends_stop(void);

/* ---- http.c ---------------------------------------------------------------------------------------------- */

/* Binds and registers the routes; the port that it is. */
int http_start(struct event_base *base, uint16_t *port);
void http_stop(void);

#endif
