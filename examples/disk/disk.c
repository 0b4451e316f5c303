/* Every order is flushed to the disk before it is answered. In the healthy twin a thread of its own flushes, for
 * all orders that came meanwhile at once, and nobody waits for it.
 *
 *     ./disk [--healthy] [FILE]
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "../example.h"

enum { ORDERS = 20 };

static int journal;
static uint64_t measured;
static atomic_bool done;

NOINLINE static void flush_journal(void)
{
    uint64_t since = now_ns();
    fdatasync(journal);
    measured += now_ns() - since;
}

NOINLINE static void take_order(int number, bool healthy)
{
    SMK_REQUEST(request, "POST /order");
    char line[64];
    int len = snprintf(line, sizeof(line), "order %d\n", number);
    work_ns(500000);
    if (write(journal, line, (size_t)len) != len)
        smk_request_status(request, 500);
    if (!healthy)
        flush_journal();
}

static void *flusher(void *arg)
{
    smk_thread_name("flusher");
    while (!atomic_load(&done)) {
        usleep(10000);
        fdatasync(journal);
    }
    return arg;
}

int main(int argc, char **argv)
{
    bool healthy = example_begin(argc, argv);
    char name[] = "/var/tmp/journal.XXXXXX";
    pthread_t thread;
    journal = mkstemp(name);
    unlink(name);
    if (healthy)
        pthread_create(&thread, NULL, flusher, NULL);
    for (int i = 0; i < ORDERS; i++)
        take_order(i, healthy);
    atomic_store(&done, true);
    if (healthy)
        pthread_join(thread, NULL);
    close(journal);
    return example_end(measured);
}
