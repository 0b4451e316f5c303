/* host.c: the program that the tests of tests/http/ attack: a server of its own on evhttp, the agent inside.
 *
 *     host NAME=VALUE…       the agent's settings; its own: own_nofile=N (descriptor limit), own_busy=1 (two
 *                            threads that fight for a lock, so that there is something to trace), own_busy=2
 *                            (and one that counts so much that a capture has megabytes), own_sigpipe=1 (it
 *                            ignores SIGPIPE, as a service on libevent must), own_marks=1 (its own pages are
 *                            requests, each with its path for a route; /fail has the status 503)
 *
 * Says on stdout where it listens ("own PORT", "tcp ADDRESS", "ready"), or "refused REASON". Ends when its
 * stdin does, and says "ended MILLISECONDS", the time that smk_agent_stop took. Lines of stdin:
 *
 *     fill      uses up every descriptor that there is
 *     free      gives them back
 *     sigpipe   says what SIGPIPE does: "default", "ignored" or "handled"
 *     closeall  closes every descriptor above 2, as a daemon does, and fills their numbers with sockets of its
 *               own; its server is gone then
 *     stop      stops the agent, and says "ended MILLISECONDS RESULT"
 *     start     starts it again: "tcp ADDRESS" or "refused REASON"
 *     foreign   says how many bytes came out of those sockets that it did not send; after the end of stdin it
 *               does so once more, and how many of them somebody closed: "left BYTES CLOSED"
 */
#define _GNU_SOURCE
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <stallmark/agent.h>
#include <stallmark/error.h>
#include <stallmark/trace.h>

#define SETTINGS_MAX 32
#define FILLED_MAX   65536

static struct smk_agent_setting settings[SETTINGS_MAX + 1];
static int own_nofile, own_busy, own_sigpipe, own_marks;
static int filled[FILLED_MAX], filled_count;
static struct event_base *base;

/* ---- the lock that two threads fight for ----------------------------------------------------- */

static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;

static void *fight(void *arg)
{
    struct timespec held = {0, 2000000}, apart = {0, 1000000};
    for (;;) {
        pthread_mutex_lock(&contended);
        nanosleep(&held, NULL);
        pthread_mutex_unlock(&contended);
        nanosleep(&apart, NULL);
    }
    return arg;
}

/* Numbers that do not compress. */
static void *count(void *arg)
{
    struct timespec apart = {0, 1000000};
    uint64_t number = 88172645463325252u;
    for (;;) {
        for (int i = 0; i < 2000; i++) {
            number ^= number << 13;
            number ^= number >> 7;
            number ^= number << 17;
            SMK_COUNTER("number", (int64_t)number);
        }
        nanosleep(&apart, NULL);
    }
    return arg;
}

static void start_fight(void)
{
    pthread_t thread;
    if (own_busy > 1 && pthread_create(&thread, NULL, count, NULL) != 0)
        exit(3);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&thread, NULL, fight, NULL) != 0)
            exit(3);
}

/* ---- its own server -------------------------------------------------------------------------- */

static void own_request(struct evhttp_request *request, void *arg)
{
    (void)arg;
    if (smk_agent_handle_evhttp(request))
        return;
    const char *path = evhttp_request_get_uri(request);
    int status = strcmp(path, "/fail") == 0 ? 503 : 200;
    smk_request marked = {0};
    if (own_marks)
        marked = smk_request_begin(path);
    struct evbuffer *body = evbuffer_new();
    evbuffer_add_printf(body, "own\n");
    evhttp_send_reply(request, status, "OK", body);
    evbuffer_free(body);
    smk_request_status(marked, status);
    smk_request_end(marked);
}

static struct evhttp *start_own(void)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    struct evhttp *http = evhttp_new(base);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
    if (!bound ||
        getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &size) < 0)
        exit(3);
    const unsigned char *port = (const unsigned char *)&address + 2;
    printf("own %d\n", port[0] << 8 | port[1]);
    evhttp_set_gencb(http, own_request, NULL);
    evhttp_set_timeout(http, 5);
    return http;
}

/* ---- commands -------------------------------------------------------------------------------- */

static void fill(void)
{
    int fd;
    while (filled_count < FILLED_MAX && (fd = dup(2)) >= 0)
        filled[filled_count++] = fd;
    printf("filled %d\n", filled_count);
}

static void give_back(void)
{
    while (filled_count > 0)
        close(filled[--filled_count]);
    printf("freed\n");
}

#define PAIRS 128

static int pairs[PAIRS][2];
static bool server_is_gone;

static void close_all(void)
{
    closefrom(3);
    for (int i = 0; i < PAIRS; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) != 0)
            exit(3);
    server_is_gone = true;
    printf("closed\n");
}

static ssize_t foreign_bytes(void)
{
    char bytes[4096];
    ssize_t n, sum = 0;
    for (int i = 0; i < PAIRS; i++)
        for (int end = 0; end < 2; end++)
            while ((n = recv(pairs[i][end], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
                sum += n;
    return sum;
}

static void say_left(void)
{
    ssize_t bytes = foreign_bytes();
    int closed = 0;
    for (int i = 0; i < PAIRS; i++)
        for (int end = 0; end < 2; end++)
            closed += fcntl(pairs[i][end], F_GETFD) < 0;
    printf("left %zd %d\n", bytes, closed);
}

static void say_sigpipe(void)
{
    struct sigaction action;
    sigaction(SIGPIPE, NULL, &action);
    printf("%s\n", action.sa_handler == SIG_DFL   ? "default"
                   : action.sa_handler == SIG_IGN ? "ignored"
                                                  : "handled");
}

/* ---- the agent ------------------------------------------------------------------------------- */

static void start_agent(void)
{
    smk_agent_options options = SMK_AGENT_OPTIONS;
    char address[64];
    options.settings = settings;
    if (smk_agent_start(&options) < 0) {
        printf("refused %s\n", smk_last_error());
        return;
    }
    smk_agent_address(address, sizeof(address));
    printf("tcp %s\n", address);
}

static void stop_agent(void)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    int rc = smk_agent_stop();
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("ended %ld %d\n",
           (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000, rc);
    fflush(stdout);
}

static void obey(const char *line)
{
    if (strncmp(line, "stop", 4) == 0)
        stop_agent();
    else if (strncmp(line, "start", 5) == 0)
        start_agent();
    else if (strncmp(line, "fill", 4) == 0)
        fill();
    else if (strncmp(line, "free", 4) == 0)
        give_back();
    else if (strncmp(line, "sigpipe", 7) == 0)
        say_sigpipe();
    else if (strncmp(line, "closeall", 8) == 0)
        close_all();
    else if (strncmp(line, "foreign", 7) == 0)
        printf("foreign %zd\n", foreign_bytes());
    fflush(stdout);
}

static void on_stdin(evutil_socket_t fd, short what, void *arg)
{
    char line[256];
    ssize_t n = read(fd, line, sizeof(line) - 1);
    (void)what;
    (void)arg;
    if (n <= 0) {
        event_base_loopbreak(base);
        return;
    }
    line[n] = '\0';
    obey(line);
    if (server_is_gone)
        event_base_loopbreak(base); /* the base's descriptors are gone too */
}

static void obey_without_server(void)
{
    char line[256];
    ssize_t n;
    while ((n = read(0, line, sizeof(line) - 1)) > 0) {
        line[n] = '\0';
        obey(line);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void read_arguments(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals || count == SETTINGS_MAX)
            exit(2);
        *equals = '\0';
        if (strcmp(argv[i], "own_nofile") == 0)
            own_nofile = atoi(equals + 1);
        else if (strcmp(argv[i], "own_busy") == 0)
            own_busy = atoi(equals + 1);
        else if (strcmp(argv[i], "own_sigpipe") == 0)
            own_sigpipe = atoi(equals + 1);
        else if (strcmp(argv[i], "own_marks") == 0)
            own_marks = atoi(equals + 1);
        else
            settings[count++] = (struct smk_agent_setting){argv[i], equals + 1};
    }
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    if (own_nofile) {
        struct rlimit limit = {(rlim_t)own_nofile, (rlim_t)own_nofile};
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (own_sigpipe)
        signal(SIGPIPE, SIG_IGN);
    base = event_base_new();
    struct evhttp *http = start_own();
    if (own_busy)
        start_fight();
    start_agent();
    struct event *commands = event_new(base, 0, EV_READ | EV_PERSIST, on_stdin, NULL);
    event_add(commands, NULL);
    printf("ready\n");
    fflush(stdout);
    event_base_dispatch(base);
    if (server_is_gone) {
        obey_without_server();
        stop_agent();
        say_left();
        return 0;
    }
    stop_agent();
    event_free(commands);
    evhttp_free(http);
    event_base_free(base);
    return 0;
}
