/* forks COUNT: four threads lock, wait, write and allocate all the time, so that each fork meets them in another
 * state, while the first thread makes so many children, one after the other. A child locks, waits, allocates,
 * writes and polls itself, looks that no listening socket and no thread came along, and ends by exit or _exit. One that
 * does not end within 20 seconds is killed by its alarm. Each tenth is made by vfork, posix_spawn, clone or system, and
 * executes true. Says how many ended well. */
#define _GNU_SOURCE
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, STACK = 65536 };

extern char **environ;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int stop; /* atomic */
static FILE *nowhere;

static void a_bit_of_everything(unsigned n)
{
    struct timespec past = {0, 0};
    void *block = malloc(16 + n % 100000);
    pthread_mutex_lock(&lock);
    if (n % 8 == 0)
        pthread_cond_timedwait(&cond, &lock, &past);
    if (n % 4 == 0)
        usleep(50);
    pthread_mutex_unlock(&lock);
    pthread_cond_signal(&cond);
    fprintf(nowhere, "%u\n", n);
    fflush(nowhere);
    free(block);
}

static void *run(void *arg)
{
    for (unsigned n = (unsigned)(size_t)arg; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n += 7)
        a_bit_of_everything(n);
    return NULL;
}

/* Sockets that listen, in this process. */
static int listeners(void)
{
    int count = 0;
    for (int fd = 0; fd < 65536; fd++) {
        int listens = 0;
        socklen_t size = sizeof listens;
        if (syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0)
            count += listens;
    }
    return count;
}

static int threads_here(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/task");
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* The host's lock may be held by a thread that did not come along: what it uses is its own. */
static int in_child(int n)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    alarm(20);
    if (n % 8 == 1 && listeners() != 0)
        return 2;
    if (threads_here() != 1)
        return 3;
    for (int i = 0; i < 20; i++) {
        pthread_mutex_lock(&own);
        free(malloc(100000));
        pthread_mutex_unlock(&own);
    }
    usleep(10);
    if (n % 3 == 0)
        poll(NULL, 0, 1); /* from here on it may begin a life of its own */
    return 0;
}

static int execute(void *arg)
{
    char *command[] = {"true", NULL};
    execve("/bin/true", command, arg);
    _exit(127);
}

static pid_t make(int n)
{
    static char stack[STACK] __attribute__((aligned(16)));
    char *command[] = {"true", NULL};
    pid_t child = -1;
    switch (n % 40) {
    case 0:
        child = vfork();
        if (child == 0)
            execute(environ);
        return child;
    case 10:
        return posix_spawn(&child, "/bin/true", NULL, NULL, command, environ) == 0 ? child : -1;
    case 20:
        return clone(execute, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, environ);
    case 30:
        return system("true") == 0 ? 0 : -1;
    }
    child = fork();
    if (child == 0) {
        int rc = in_child(n);
        if (n % 2)
            _exit(rc);
        fclose(nowhere);
        exit(rc);
    }
    return child;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 100, well = 0;
    pthread_t threads[THREADS];
    nowhere = fopen("/dev/null", "w");
    poll(NULL, 0, 1);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (int n = 0; n < count; n++) {
        int status = 0;
        pid_t child = make(n);
        if (child > 0)
            waitpid(child, &status, 0);
        if (child >= 0 && status == 0)
            well++;
        else
            fprintf(stderr, "child %d: status %x\n", n, status);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d well\n", well);
    return 0;
}
