/* closer: a host that closes every descriptor it does not know, in each way that there is, takes the numbers
 * for its own, and checks what it wrote there. In between threads wait for a lock, so that the library
 * works and writes meanwhile. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES = 40, LIMIT = 65536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *contend(void *arg)
{
    for (int i = 0; i < 20; i++) {
        pthread_mutex_lock(&lock);
        usleep(200);
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static void close_one_by_one(void)
{
    for (int fd = 3; fd < LIMIT; fd++)
        close(fd);
}

static void close_as_a_range(void)
{
    if (close_range(3, ~0u, 0) != 0)
        exit(3);
}

static void close_from(void) { closefrom(3); }
static void close_raw(void) { syscall(SYS_close_range, 3, ~0u, 0); }

static void use_all(int round)
{
    char path[] = "/tmp/closerXXXXXX", text[32], back[32];
    int fds[FILES];
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "/tmp/closerXXXXXX");
        fds[i] = mkstemp(path);
        unlink(path);
        int n = snprintf(text, sizeof text, "round %d file %d", round, i);
        /* Whatever the library opens has the lowest free number until it is moved into its own range, as with any
         * thread of a program that opens files: so now and then the host's is the next one. Two at once at most. */
        if (fds[i] < 3 + i || fds[i] > 5 + i || write(fds[i], text, (size_t)n) != n)
            exit(4);
    }
    contend(NULL);
    for (int i = 0; i < FILES; i++) {
        int n = snprintf(text, sizeof text, "round %d file %d", round, i);
        if (pread(fds[i], back, sizeof back, 0) != n || memcmp(text, back, (size_t)n) != 0)
            exit(5);
    }
}

int main(void)
{
    static void (*const ways[])(void) = {close_one_by_one, close_as_a_range, close_from, close_raw};
    for (int round = 0; round < 4; round++) {
        pthread_t threads[3];
        for (int i = 0; i < 3; i++)
            pthread_create(&threads[i], NULL, contend, NULL);
        usleep(20000);
        ways[round]();
        use_all(round);
        for (int i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
    }
    puts("all closed");
    return 0;
}
