/* raw_children COUNT: so many children, one after the other, each made by the clone call itself, past libc and
 * its handlers, and each ending by exit(3). Locks a mutex, so that there is something to record. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1;
    poll(NULL, 0, 300); /* the agent, or the writer, begins */
    for (int i = 0; i < count; i++) {
        int status = 0;
        long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        if (child == 0) {
            pthread_mutex_lock(&lock);
            pthread_mutex_unlock(&lock);
            exit(3);
        }
        if (child < 0 || waitpid((pid_t)child, &status, 0) != child || WEXITSTATUS(status) != 3)
            return 1;
    }
    poll(NULL, 0, 10);
    return 0;
}
