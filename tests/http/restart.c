/* restart.c: an agent that is started and stopped again and again leaves nothing behind, answers each time, and a
 * forked child of its host has none of it.
 */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <arpa/inet.h>
#include <dirent.h>
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

static void expect_answer(void)
{
    static const char text[] = "GET /debug/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char address[64], head[13] = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    smk_agent_address(address, sizeof(address));
    assert_int_equal(strncmp(address, "127.0.0.1:", 10), 0);
    in.sin_port = htons((uint16_t)atoi(address + 10));
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(send(fd, text, sizeof(text) - 1, 0), sizeof(text) - 1);
    assert_int_equal(recv(fd, head, 12, MSG_WAITALL), 12);
    assert_string_equal(head, "HTTP/1.1 200");
    close(fd);
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
    };
    return cmocka_run_group_tests(tests, begin, end);
}
