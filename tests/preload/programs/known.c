/* known WAY: waits whose answer is known. What a test has to know of them is printed, a line each: a word and
 * the number of a thread or descriptor.
 *   each      the first thread waits once in each way that there is to wait for another thread
 *   chain     the first waits for a lock of the second, who waits for one of the third, who sleeps
 *   sockets   one answer after the other from three sockets
 *   sync FILE a handler that makes a file durable
 *   handler   a handler that sleeps
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <threads.h>
#include <unistd.h>

#define MS(n) usleep((n) * 1000)

enum { LONG_MS = 100 };

static int number(void) { return (int)syscall(SYS_gettid); }

/* ---- each: a helper comes LONG_MS later and lets the first thread go on ----------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore, held;
static mtx_t c11;
static cnd_t c11_cond;
static int said;

static void *with_mutex(void *arg)
{
    pthread_mutex_lock(&mutex);
    sem_post(&held);
    MS(LONG_MS);
    pthread_mutex_unlock(&mutex);
    return arg;
}

static void *with_rwlock(void *arg)
{
    pthread_rwlock_wrlock(&rwlock);
    sem_post(&held);
    MS(LONG_MS);
    pthread_rwlock_unlock(&rwlock);
    return arg;
}

static void *with_c11(void *arg)
{
    mtx_lock(&c11);
    sem_post(&held);
    MS(LONG_MS);
    mtx_unlock(&c11);
    return arg;
}

static void *says_so(void *arg)
{
    MS(LONG_MS);
    pthread_mutex_lock(&mutex);
    said = 1;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
    return arg;
}

static void *says_so_in_c11(void *arg)
{
    MS(LONG_MS);
    mtx_lock(&c11);
    said = 2;
    cnd_signal(&c11_cond);
    mtx_unlock(&c11);
    return arg;
}

static void *posts(void *arg)
{
    MS(LONG_MS);
    sem_post(&semaphore);
    return arg;
}

static void *comes_to_the_barrier(void *arg)
{
    MS(LONG_MS);
    pthread_barrier_wait(&barrier);
    return arg;
}

static void *ends(void *arg)
{
    MS(LONG_MS);
    return arg;
}

static pthread_t helper(void *(*run)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, NULL) != 0)
        exit(3);
    return thread;
}

/* Polls, so that `held` is none of the waits that are counted. */
static void until_it_is_held(void)
{
    while (sem_trywait(&held) != 0)
        MS(1);
}

static void locks(void)
{
    pthread_detach(helper(with_mutex));
    until_it_is_held();
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_detach(helper(with_rwlock));
    until_it_is_held();
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
    pthread_detach(helper(with_c11));
    until_it_is_held();
    mtx_lock(&c11);
    mtx_unlock(&c11);
}

static void signals(void)
{
    pthread_detach(helper(says_so));
    pthread_mutex_lock(&mutex);
    while (said != 1)
        pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    pthread_detach(helper(says_so_in_c11));
    mtx_lock(&c11);
    while (said != 2)
        cnd_wait(&c11_cond, &c11);
    mtx_unlock(&c11);
    pthread_detach(helper(posts));
    sem_wait(&semaphore);
    pthread_detach(helper(comes_to_the_barrier));
    pthread_barrier_wait(&barrier);
    pthread_join(helper(ends), NULL);
}

static int each(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    sem_init(&semaphore, 0, 0);
    sem_init(&held, 0, 0);
    mtx_init(&c11, mtx_plain);
    cnd_init(&c11_cond);
    printf("first %d\n", number());
    locks();
    signals();
    return 0;
}

/* ---- chain ------------------------------------------------------------------------------------------------ */

static pthread_mutex_t of_second = PTHREAD_MUTEX_INITIALIZER, of_third = PTHREAD_MUTEX_INITIALIZER;
static int ready; /* atomic */

static void *third(void *arg)
{
    printf("third %d\n", number());
    pthread_mutex_lock(&of_third);
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
    MS(300);
    pthread_mutex_unlock(&of_third);
    return arg;
}

static void *second(void *arg)
{
    printf("second %d\n", number());
    pthread_mutex_lock(&of_second);
    __atomic_store_n(&ready, 2, __ATOMIC_RELEASE);
    pthread_mutex_lock(&of_third);
    pthread_mutex_unlock(&of_third);
    pthread_mutex_unlock(&of_second);
    return arg;
}

static void until_ready(int what)
{
    while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) != what)
        MS(1);
}

static int chain(void)
{
    pthread_t threads[2];
    printf("first %d\n", number());
    threads[0] = helper(third);
    until_ready(1);
    threads[1] = helper(second);
    until_ready(2);
    MS(20);
    pthread_mutex_lock(&of_second);
    pthread_mutex_unlock(&of_second);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}

/* ---- sockets, files, sleeps ------------------------------------------------------------------------------- */

static int pairs[3][2];

static void *answer(void *arg)
{
    int at = (int)(size_t)arg;
    char byte;
    if (read(pairs[at][1], &byte, 1) != 1)
        return NULL;
    MS(50 + 20 * (unsigned)at);
    return write(pairs[at][1], "x", 1) == 1 ? arg : NULL;
}

/* What could be asked all at once is asked one after the other. */
static int sockets(void)
{
    pthread_t threads[3];
    char byte;
    printf("first %d\n", number());
    for (int i = 0; i < 3; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) != 0)
            return 1;
        pthread_create(&threads[i], NULL, answer, (void *)(size_t)i);
        printf("socket %d\n", pairs[i][0]);
    }
    for (int i = 0; i < 3; i++)
        if (write(pairs[i][0], "?", 1) != 1 || read(pairs[i][0], &byte, 1) != 1)
            return 2;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

__attribute__((noinline)) static int handle_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int rc = fd < 0 || write(fd, "line\n", 5) != 5 || fdatasync(fd) != 0;
    printf("file %d\n", fd);
    close(fd);
    return rc;
}

__attribute__((noinline)) static int handle_slowly(void)
{
    struct timespec pause = {0, 80000000};
    return nanosleep(&pause, NULL) + printf("first %d\n", number()) < 0;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IOFBF, 4096);
    if (strcmp(way, "each") == 0)
        return each();
    if (strcmp(way, "chain") == 0)
        return chain();
    if (strcmp(way, "sockets") == 0)
        return sockets();
    if (strcmp(way, "sync") == 0 && argc > 2)
        return handle_write(argv[2]);
    return handle_slowly();
}
