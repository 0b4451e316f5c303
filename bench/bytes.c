/* bytes: what one recorded point in time takes in a file, tables, headers, index and all. First a mixed
 * stream as a server makes it: four workers behind a queue, requests with regions, a lock that they fight
 * for, logs and counters. Then each kind of event alone. All through the real writer; files are counted
 * and thrown away.
 *
 * An event is one point in time, though a wait carries two.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

#include "budgets.h"
#include "format/chunk.h"

enum { WORKERS = 4, SECONDS = 2, ALONE = 100000 };

/* ---- what went out ------------------------------------------------------------------------------------ */

struct tally {
    uint64_t bytes, events, event_bytes;
};

static int count(void *arg, const void *data, size_t size)
{
    struct tally *tally = arg;
    const uint8_t *at = data, *end = at + size;
    tally->bytes += size;
    while (end - at >= SMK_CHUNK_HEADER) {
        struct smk_chunk chunk;
        const char *why;
        if (smk_chunk_unpack(&chunk, at, &why) < 0)
            return -1;
        if (chunk.kind == SMK_CHUNK_EVENTS) {
            tally->events += chunk.count;
            tally->event_bytes += SMK_CHUNK_HEADER + chunk.stored_size;
        }
        at += SMK_CHUNK_HEADER + chunk.stored_size;
    }
    return 0;
}

/* ---- a server ----------------------------------------------------------------------------------------- */

struct job {
    smk_request request;
    smk_handoff handoff;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job jobs[64];
    unsigned head, tail;
    bool over;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static pthread_mutex_t cart = PTHREAD_MUTEX_INITIALIZER;

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void spin(uint32_t *random, uint32_t at_most_ns)
{
    uint64_t until = now_ns() + next_random(random) % at_most_ns;
    while (now_ns() < until)
        ;
}

static void serve(const struct job *job, uint32_t *random)
{
    SMK_IN_REQUEST(job->request);
    char key[32];
    {
        SMK_REGION("load");
        spin(random, 20000);
        pthread_mutex_lock(&cart);
        spin(random, 8000);
        pthread_mutex_unlock(&cart);
    }
    if (next_random(random) % 8 == 0) {
        snprintf(key, sizeof key, "user-%u", next_random(random) % 10000);
        SMK_LOG("cache miss", (int64_t)(next_random(random) % 4096), key);
    }
    {
        SMK_REGION("render");
        spin(random, 15000);
        SMK_REGION("compress");
        spin(random, 10000);
    }
    SMK_COUNTER("queue depth", (int64_t)(queue.tail - queue.head));
    smk_request_status(job->request, 200);
    smk_request_end(job->request);
}

static void *worker(void *arg)
{
    uint32_t random = (uint32_t)(uintptr_t)arg;
    for (;;) {
        pthread_mutex_lock(&queue.lock);
        while (queue.head == queue.tail && !queue.over)
            pthread_cond_wait(&queue.more, &queue.lock);
        bool any = queue.head != queue.tail;
        struct job job = queue.jobs[queue.head % 64];
        queue.head += any;
        pthread_mutex_unlock(&queue.lock);
        if (!any)
            return NULL;
        smk_handoff_end(job.handoff);
        serve(&job, &random);
    }
}

static void accept_one(uint32_t *random)
{
    static const char *const routes[] = {"GET /cart", "GET /item/:id", "POST /cart", "GET /", "GET /search"};
    struct job job = {.request = smk_request_begin(routes[next_random(random) % 5])};
    job.handoff = SMK_HANDOFF_BEGIN(job.request, "pool");
    pthread_mutex_lock(&queue.lock);
    if (queue.tail - queue.head < 64)
        queue.jobs[queue.tail++ % 64] = job;
    pthread_cond_signal(&queue.more);
    pthread_mutex_unlock(&queue.lock);
}

static void server(void)
{
    pthread_t threads[WORKERS];
    uint32_t random = 1;
    queue.over = false;
    for (uintptr_t i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, worker, (void *)(i + 7));
    for (uint64_t until = now_ns() + SECONDS * UINT64_C(1000000000); now_ns() < until;) {
        accept_one(&random);
        spin(&random, 60000);
    }
    pthread_mutex_lock(&queue.lock);
    queue.over = true;
    pthread_cond_broadcast(&queue.more);
    pthread_mutex_unlock(&queue.lock);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- each kind alone ---------------------------------------------------------------------------------- */

static void regions(void)
{
    uint32_t random = 1;
    for (int i = 0; i < ALONE / 2; i++) {
        SMK_REGION("alone");
        spin(&random, 3000);
    }
}

static void requests(void)
{
    uint32_t random = 1;
    for (int i = 0; i < ALONE / 2; i++) {
        SMK_REQUEST(request, "GET /alone");
        spin(&random, 3000);
    }
}

static void counters(void)
{
    uint32_t random = 1;
    for (int i = 0; i < ALONE; i++) {
        SMK_COUNTER("alone", (int64_t)(next_random(&random) % 100));
        spin(&random, 2000);
    }
}

static void logs(void)
{
    uint32_t random = 1;
    char key[32];
    for (int i = 0; i < ALONE / 4; i++) {
        snprintf(key, sizeof key, "user-%u", next_random(&random) % 10000);
        SMK_LOG("alone", (int64_t)(next_random(&random) % 4096), key);
        spin(&random, 3000);
    }
}

static void handoffs(void)
{
    uint32_t random = 1;
    smk_request request = smk_request_begin("GET /alone");
    for (int i = 0; i < ALONE / 2; i++) {
        smk_handoff handoff = SMK_HANDOFF_BEGIN(request, "alone");
        spin(&random, 3000);
        smk_handoff_end(handoff);
    }
    smk_request_end(request);
}

static void *fight(void *arg)
{
    uint32_t random = (uint32_t)(uintptr_t)arg;
    for (int i = 0; i < ALONE / 20; i++) {
        pthread_mutex_lock(&cart);
        spin(&random, 20000);
        pthread_mutex_unlock(&cart);
        spin(&random, 4000);
    }
    return NULL;
}

static void lock_waits(void)
{
    pthread_t threads[WORKERS];
    for (uintptr_t i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, fight, (void *)(i + 7));
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static double measure(const char *name, const char *categories, void (*run)(void))
{
    struct tally tally = {0};
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.write = count;
    options.arg = &tally;
    options.categories = categories;
    if (smk_capture_start(&options, NULL) < 0) {
        fprintf(stderr, "bytes: %s\n", smk_last_error());
        exit(2);
    }
    run();
    if (smk_capture_stop() < 0 || tally.events == 0) {
        fprintf(stderr, "bytes: %s\n", tally.events ? smk_last_error() : "no events came out");
        exit(2);
    }
    double each = (double)tally.bytes / (double)tally.events;
    printf("%-28s %9llu events %9llu bytes %7.2f a point, %.2f of it in chunks of events\n", name,
           (unsigned long long)tally.events, (unsigned long long)tally.bytes, each,
           (double)tally.event_bytes / (double)tally.events);
    return each;
}

int main(void)
{
    double mixed = measure("a server, mixed", "default", server);
    measure("regions", "region", regions);
    measure("requests", "request", requests);
    measure("counters", "other", counters);
    measure("logs, 9 bytes of text", "other", logs);
    measure("handoffs", "request", handoffs);
    measure("lock waits, with stacks", "lock", lock_waits);
    bool good = mixed <= budget("bytes_per_point");
    printf("\nmixed: %.2f bytes a point, at most %.2f  %s\n", mixed, budget("bytes_per_point"),
           good ? "ok" : "TOO MUCH");
    return !good;
}
