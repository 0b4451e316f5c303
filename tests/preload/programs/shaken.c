/* shaken: a program that lives with a malloc that fails (shaky.c). It does all that a host does and that we stand in
 * front of, and says what came of each, and how often it asked for memory: we ask for none. */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void shaky_begins(void) __attribute__((weak));
unsigned shaky_calls(void) __attribute__((weak));

static char said[4096];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void say(const char *what, long result)
{
    size_t used = strlen(said);
    snprintf(said + used, sizeof said - used, "%s %ld %d\n", what, result, errno);
    errno = 0;
}

static void *hold(void *arg)
{
    pthread_mutex_lock(&lock);
    usleep(2000);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void threads(void)
{
    pthread_t thread;
    errno = 0;
    int rc = pthread_create(&thread, NULL, hold, NULL);
    say("create", rc);
    usleep(500);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    if (rc == 0)
        pthread_join(thread, NULL);
    errno = 0;
}

static void files(void)
{
    char line[64], *more = NULL;
    size_t size = 0;
    FILE *file = fopen("/proc/self/comm", "r");
    say("fopen", file != NULL);
    if (!file)
        return;
    say("fgets", fgets(line, sizeof line, file) != NULL);
    rewind(file);
    say("getline", getline(&more, &size, file));
    fclose(file);
    free(more);
    char *text = NULL;
    say("asprintf", asprintf(&text, "%d %s", 1, "two") > 0);
    free(text);
}

static void others(void)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *list = NULL;
    int fds[2];
    errno = 0;
    int rc = getaddrinfo("127.0.0.1", "80", &hints, &list);
    say("getaddrinfo", rc);
    if (rc == 0)
        freeaddrinfo(list);
    say("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    say("write", write(fds[0], "x", 1));
    struct pollfd in = {fds[1], POLLIN, 0};
    say("poll", poll(&in, 1, 1000));
    pid_t child = fork();
    if (child == 0)
        _exit(5);
    int status = 0;
    say("waitpid", waitpid(child, &status, 0) == child);
    say("status", status);
    void *block = malloc(100000);
    say("malloc", block != NULL);
    free(block);
}

int main(void)
{
    poll(NULL, 0, 1); /* what we begin has begun, on threads of ours or with this call */
    usleep(100000);
    if (shaky_begins)
        shaky_begins();
    threads();
    files();
    others();
    say("calls", shaky_calls ? (long)shaky_calls() : 0);
    return write(1, said, strlen(said)) < 0;
}
