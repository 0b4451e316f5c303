/* main_ends.c: a program whose main thread ends by pthread_exit after a while; its last thread ends the process,
 * with status 0, once the line on stdin came. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *last(void *arg)
{
    char byte;
    (void)arg;
    while (read(0, &byte, 1) == 1 && byte != '\n')
        ;
    return NULL;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, last, NULL) != 0)
        return 3;
    poll(NULL, 0, 500);
    poll(NULL, 0, 500);
    pthread_exit(NULL);
}
