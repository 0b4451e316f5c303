/* talker: a capture with what the shop's has not: logs, and events for which there was no room. For the browser
 * tests.
 * usage: talker FILE
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

static void rest(long us) { nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL); }

static void *talk(void *arg)
{
    smk_thread_name("talker");
    for (int i = 0; i < 40; i++) {
        SMK_REGION("work");
        SMK_COUNTER("queue depth", i % 7);
        if (i % 10 == 0)
            SMK_LOG("cache miss", i, "the key <b>of</b> it");
        rest(5000);
    }
    return arg;
}

/* Faster than the slow disk below: its ring is full again and again. */
static void *flood(void *arg)
{
    smk_thread_name("flood");
    for (long i = 0; i < 3000000; i++)
        SMK_COUNTER("flood", i * 7919 % 100003);
    return arg;
}

static int put(void *file, const void *data, size_t size)
{
    rest(1000);
    return fwrite(data, 1, size, file) != size;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    FILE *file = argc > 1 ? fopen(argv[1], "w") : NULL;
    if (!file)
        return 2;
    options.write = put;
    options.arg = file;
    if (smk_capture_start(&options, NULL) < 0) {
        fprintf(stderr, "%s\n", smk_last_error());
        return 2;
    }
    pthread_create(&threads[0], NULL, talk, NULL);
    pthread_create(&threads[1], NULL, flood, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    int rc = smk_capture_stop();
    return fclose(file) != 0 || rc < 0;
}
