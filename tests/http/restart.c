/* restart.c: an agent that is started and stopped again and again leaves nothing behind and answers each time; a
 * forked child of its host has none of it; a host that uses libcivetweb too has its own.
 */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stallmark/agent.h>
#include <stallmark/error.h>

#define ROUNDS 20

static char directory[] = "/tmp/smk-restart-XXXXXX";
static char socket_path[64];

static unsigned entries(const char *path)
{
    unsigned count = 0;
    DIR *listing = opendir(path);
    while (listing && readdir(listing))
        count++;
    if (listing)
        closedir(listing);
    return count;
}

/* Threads end a moment after they are joined. */
static unsigned threads_at_most(unsigned most)
{
    for (int i = 0; i < 100 && entries("/proc/self/task") > most; i++)
        usleep(20000);
    return entries("/proc/self/task");
}

static void start(void)
{
    smk_agent_options options = SMK_AGENT_OPTIONS;
    options.listen = "127.0.0.1:0";
    options.socket = socket_path;
    options.directory = directory;
    if (smk_agent_start(&options) < 0)
        fail_msg("%s", smk_last_error());
}

static void expect_answer_of(int port)
{
    static const char text[] = "GET /debug/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char head[13] = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    in.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(send(fd, text, sizeof(text) - 1, 0), sizeof(text) - 1);
    assert_int_equal(recv(fd, head, 12, MSG_WAITALL), 12);
    assert_string_equal(head, "HTTP/1.1 200");
    close(fd);
}

static void expect_answer(void)
{
    char address[64];
    smk_agent_address(address, sizeof(address));
    assert_int_equal(strncmp(address, "127.0.0.1:", 10), 0);
    expect_answer_of(atoi(address + 10));
}

static void nothing_is_left_behind(void **state)
{
    (void)state;
    start();
    expect_answer();
    assert_int_equal(smk_agent_stop(), 0);
    unsigned fds = entries("/proc/self/fd"), threads = threads_at_most(1);
    for (int round = 0; round < ROUNDS; round++) {
        start();
        expect_answer();
        assert_int_equal(access(socket_path, F_OK), 0);
        assert_int_equal(smk_agent_stop(), 0);
        assert_int_equal(access(socket_path, F_OK), -1);
    }
    assert_int_equal(entries("/proc/self/fd"), fds);
    assert_int_equal(threads_at_most(threads), threads);
}

/* Returns to the parent what the child found: 0 is good. */
static int child(void)
{
    char address[64] = "x";
    smk_agent_address(address, sizeof(address));
    if (address[0] != '\0')
        return 1;
    if (smk_agent_stop() != 0)
        return 2;
    return entries("/proc/self/task") == 3 ? 0 : 3; /* ".", ".." and its own */
}

static void a_forked_child_has_none_of_it(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 20; i++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0)
            exit(child());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        expect_answer();
    }
    assert_int_equal(access(socket_path, F_OK), 0);
    assert_int_equal(smk_agent_stop(), 0);
}

/* ---- a host that uses civetweb too ---- */

static struct {
    struct mg_context *(*start)(const struct mg_callbacks *callbacks, void *data,
                                const char **options);
    void (*stop)(struct mg_context *context);
    int (*server_ports)(const struct mg_context *context, int size, struct mg_server_port *ports);
    int (*write)(struct mg_connection *connection, const void *data, size_t len);
} own;

static uint32_t own_requests;

static int own_request(struct mg_connection *connection)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    __atomic_fetch_add(&own_requests, 1, __ATOMIC_RELAXED);
    own.write(connection, text, sizeof(text) - 1);
    return 200;
}

static struct mg_context *start_own(int *port)
{
    static const char *options[] = {"listening_ports", "127.0.0.1:0", "num_threads", "2", NULL};
    struct mg_callbacks callbacks = {.begin_request = own_request};
    struct mg_server_port ports[1];
    void *library = dlopen("libcivetweb.so.1", RTLD_NOW);
    assert_non_null(library);
    *(void **)&own.start = dlsym(library, "mg_start");
    *(void **)&own.stop = dlsym(library, "mg_stop");
    *(void **)&own.server_ports = dlsym(library, "mg_get_server_ports");
    *(void **)&own.write = dlsym(library, "mg_write");
    struct mg_context *context = own.start(&callbacks, NULL, options);
    assert_non_null(context);
    memset(ports, 0, sizeof(ports));
    assert_int_equal(own.server_ports(context, 1, ports), 1);
    *port = ports[0].port;
    return context;
}

/* It gets what it got without us: its requests, and SIGPIPE ignored. */
static void a_host_that_uses_civetweb_too(void **state)
{
    struct sigaction action;
    int port;
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    start();
    sigaction(SIGPIPE, NULL, &action);
    assert_true(action.sa_handler == SIG_DFL);
    struct mg_context *context = start_own(&port);
    for (int i = 0; i < 20; i++) {
        expect_answer_of(port);
        expect_answer();
    }
    sigaction(SIGPIPE, NULL, &action); /* its threads do that, at their beginning */
    assert_true(action.sa_handler == SIG_IGN);
    assert_int_equal(__atomic_load_n(&own_requests, __ATOMIC_RELAXED), 20);
    assert_int_equal(smk_agent_stop(), 0);
    expect_answer_of(port);
    own.stop(context);
    signal(SIGPIPE, SIG_DFL);
}

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(socket_path, sizeof(socket_path), "%s/agent.sock", directory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(a_forked_child_has_none_of_it),
        cmocka_unit_test(a_host_that_uses_civetweb_too),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
