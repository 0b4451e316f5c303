/* The first program of the article on Go's execution tracer, in C: trace the whole program from its
 * beginning to its end into a file. capture.h alone: no agent, no port.
 *
 *     ./whole_program trace.stall && stallmark report trace.stall
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

enum { WORKERS = 4, ROUNDS = 5 };

static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned counter;

static void count_slowly(void)
{
    SMK_REGION("count");
    pthread_mutex_lock(&counter_lock);
    counter++;
    usleep(2000);
    pthread_mutex_unlock(&counter_lock);
}

static void *worker(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        count_slowly();
    return NULL;
}

int main(int argc, char **argv)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.path = argc > 1 ? argv[1] : "trace.stall";
    if (smk_capture_start(&options, NULL) < 0) {
        fprintf(stderr, "no trace: %s\n", smk_last_error());
        return 1;
    }
    smk_lock_name(&counter_lock, "counter_lock");

    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, worker, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);

    if (smk_capture_stop() < 0) {
        fprintf(stderr, "the trace is not whole: %s\n", smk_last_error());
        return 1;
    }
    printf("counted to %u; trace in %s\n", counter, options.path);
    return 0;
}
