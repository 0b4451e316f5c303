/* lives [ERROR CALL… | move DIRECTORY]: a host of two threads that hand a lock to each other, until its stdin ends;
 * then says "lived". Before that, what comes on stdin is answered by a line on stdout. It makes few kinds of system
 * calls. When the first came it sets its filter, which refuses each CALL with ERROR, 0: by ending the process; or it
 * moves: DIRECTORY is its root and where it is from then on, as far as it may. */
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

static void change(int argc, char **argv)
{
    if (argc < 3)
        return;
    if (strcmp(argv[1], "move") != 0)
        refuse(argv + 2, argc - 2, (unsigned)atoi(argv[1]));
    else if (chdir(argv[2]) != 0 || (chroot(".") != 0 && geteuid() == 0))
        _exit(6);
}

static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0)
        _exit(4);
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    int changed = 0;
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
        if (!changed++)
            change(argc, argv);
        say("here\n");
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    say("lived\n");
    return 0;
}
