/* filter [-e ERROR] CALL… -- COMMAND…: runs COMMAND under a system-call filter that ends the process at each CALL,
 * as a service's unit may have it, or answers with ERROR, a number. With "here" in the place of COMMAND it is this
 * program that goes on: it sets the filter when it has threads already, and then waits for a lock and polls. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>

#include "refuse.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *hold(void *arg)
{
    pthread_mutex_lock(&lock);
    usleep(20000);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void serve_a_while(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, hold, NULL);
    poll(NULL, 0, 100);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    puts("served");
}

int main(int argc, char **argv)
{
    int count = 0;
    unsigned error = 0;
    if (argc > 2 && strcmp(argv[1], "-e") == 0) {
        error = (unsigned)atoi(argv[2]);
        argc -= 2;
        argv += 2;
    }
    while (1 + count < argc && strcmp(argv[1 + count], "--") != 0)
        count++;
    if (2 + count >= argc)
        return 2;
    refuse(argv + 1, count, error);
    char **command = argv + 2 + count;
    if (strcmp(command[0], "here") == 0) {
        serve_a_while();
        return 0;
    }
    execvp(command[0], command);
    perror(command[0]);
    return 127;
}
