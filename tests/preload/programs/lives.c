/* lives [ERROR CALL…]: a host of two threads that hand a lock to each other, until its stdin ends; then says
 * "lived". Before that, what comes on stdin is answered by a line on stdout. It makes few kinds of system calls.
 * The first answer comes before its filter is set, which refuses each CALL with ERROR, 0: by ending the process. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>

#include "refuse.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int stop; /* atomic */

static void *turns(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        pthread_mutex_lock(&lock);
        usleep(2000);
        pthread_mutex_unlock(&lock);
        usleep(500);
    }
    return arg;
}

static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0)
        _exit(4);
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    int filtered = argc < 3;
    char bytes[64];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, turns, NULL) != 0)
            return 3;
    for (;;) {
        struct pollfd in = {0, POLLIN, 0};
        if (poll(&in, 1, -1) < 0)
            return 5; /* EINTR: nobody may interrupt us */
        if (read(0, bytes, sizeof bytes) <= 0)
            break;
        if (!filtered++)
            refuse(argv + 2, argc - 2, (unsigned)atoi(argv[1]));
        say("here\n");
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    say("lived\n");
    return 0;
}
