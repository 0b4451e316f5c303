/* A plugin whose constructor, under the loader's lock, waits for a thread that makes its first calls of
 * everything that we stand in front of. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void *first_calls(void *arg)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec past = {0, 0};
    struct epoll_event event;
    pthread_mutex_lock(&mutex);
    pthread_mutex_trylock(&mutex);
    pthread_mutex_timedlock(&mutex, &past);
    pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &past);
    pthread_cond_timedwait(&cond, &mutex, &past);
    pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &past);
    pthread_mutex_unlock(&mutex);
    pthread_setname_np(pthread_self(), "plugged");
    close(dup2(0, 100));
    close(dup3(0, 100, O_CLOEXEC));
    close_range(100, 101, 0);
    syscall(SYS_getpid);
    nanosleep(&past, NULL);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &past, NULL);
    usleep(1);
    sleep(0);
    poll(NULL, 0, 0);
    ppoll(NULL, 0, &past, NULL);
    select(0, NULL, NULL, NULL, &(struct timeval){0, 0});
    pselect(0, NULL, NULL, NULL, &past, NULL);
    epoll_wait(-1, &event, 1, 0);
    epoll_pwait(-1, &event, 1, 0, NULL);
    accept(-1, NULL, NULL);
    accept4(-1, NULL, NULL, 0);
    return arg;
}

__attribute__((constructor)) static void plugged_in(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, first_calls, NULL) == 0)
        pthread_join(thread, NULL);
}
