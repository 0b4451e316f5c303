/* family WAY: a program with descendants.
 *   exec       a child by fork and exec, one by posix_spawn, one by system
 *   fork       a child that goes on without exec, takes locks and ends by exit
 *   daemonize  the parent ends, the grandchild goes on and ends
 *   quick      ends by _exit
 *   number     ends by syscall(SYS_exit_group)
 *   instead    executes another program in its place
 *   nothing    tries to, where there is none, and in children of fork and vfork; goes on
 *   serve      daemon(), then two workers; all three poll for 60 seconds at most; says their pids, the first
 *              process' first
 *   many       200 children one after the other; says how long they took, in ms, on stderr
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *hold(void *arg)
{
    pthread_mutex_lock(&lock);
    usleep(20000);
    pthread_mutex_unlock(&lock);
    return arg;
}

/* Two waits, each of some 20 ms. */
static void contend(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, hold, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static int wait_for(pid_t child)
{
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

static int exec_ways(void)
{
    char *const command[] = {"env", NULL};
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    int status = wait_for(child);
    if (posix_spawnp(&child, command[0], NULL, NULL, command, environ) != 0)
        return 1;
    return status | wait_for(child) | system("env");
}

static int fork_way(void)
{
    contend();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        contend();
        puts("child");
        exit(0);
    }
    int status = wait_for(child);
    contend();
    puts("parent");
    return status;
}

static int daemonize(void)
{
    contend();
    if (daemon(1, 1) != 0)
        return 1;
    contend();
    puts("daemon");
    return 0;
}

static int end_in_a_hurry(const char *way)
{
    contend();
    if (strcmp(way, "quick") == 0)
        _exit(7);
    if (strcmp(way, "number") == 0)
        syscall(SYS_exit_group, 7);
    execlp("sh", "sh", "-c", "exit 7", (char *)NULL);
    return 1;
}

static int nothing(void)
{
    contend();
    execlp("nothing-of-that-name", "nothing", (char *)NULL);
    execl("/dev/null", "nothing", (char *)NULL);
    pid_t child = fork();
    if (child == 0)
        execl("/bin/true", "true", (char *)NULL);
    int status = wait_for(child);
    child = vfork();
    if (child == 0)
        _exit(0);
    status |= wait_for(child);
    contend();
    return status;
}

static int serve(void)
{
    if (daemon(1, 1) != 0)
        return 1;
    printf("%d", getpid());
    pid_t first = fork();
    pid_t second = first ? fork() : 0;
    if (first && second) {
        printf(" %d %d\n", first, second);
        fflush(stdout);
    }
    for (int i = 0; i < 1200; i++)
        poll(NULL, 0, 50);
    _exit(0);
}

static int many(void)
{
    struct timespec a, b;
    int status = 0;
    contend();
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 200; i++) {
        pid_t child = fork();
        if (child == 0)
            exit(0);
        status |= wait_for(child);
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    fprintf(stderr, "%ld\n", (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000);
    return status;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    if (strcmp(way, "exec") == 0)
        return exec_ways() != 0;
    if (strcmp(way, "fork") == 0)
        return fork_way() != 0;
    if (strcmp(way, "daemonize") == 0)
        return daemonize() != 0;
    if (strcmp(way, "quick") == 0 || strcmp(way, "number") == 0 || strcmp(way, "instead") == 0)
        return end_in_a_hurry(way);
    if (strcmp(way, "serve") == 0)
        return serve();
    if (strcmp(way, "nothing") == 0)
        return nothing() != 0;
    return many() != 0;
}
