/* links.h: a client and a server in one process, for the tests of connections: the client's calls pass us by. */
#ifndef SMK_TESTS_LINKS_H
#define SMK_TESTS_LINKS_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/source/waits.h"

struct link {
    int listener, client, server;
    uint64_t since; /* ticks */
};

static inline int listen_tcp(struct sockaddr_in *address)
{
    uint32_t size = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(fd, (struct sockaddr *)address, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(smk_sys_getsockname(fd, (struct sockaddr *)address, &size), 0);
    return fd;
}

static inline int connect_tcp(const struct sockaddr_in *address)
{
    int fd = smk_sys_socket(AF_INET, SOCK_STREAM);
    assert_int_equal(smk_sys_connect(fd, (const struct sockaddr *)address, sizeof *address), 0);
    int high = smk_sys_dup_from(fd, 100); /* so that the server's numbers are the lowest */
    smk_sys_close(fd);
    return high;
}

static inline struct link connect_one(void)
{
    struct sockaddr_in address;
    struct link l = {.since = smk_ticks(), .listener = listen_tcp(&address)};
    l.client = connect_tcp(&address);
    l.server = accept4(l.listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(l.server >= 0);
    smk_thread_self()->loop = (struct smk_loop_now){0}; /* each test has a loop of its own */
    return l;
}

static inline void disconnect(struct link *l)
{
    smk_sys_close(l->client);
    close(l->server);
    close(l->listener);
}

static inline void ask(const struct link *l, const char *bytes)
{
    assert_int_equal(smk_sys_send(l->client, bytes, strlen(bytes), 0), (int)strlen(bytes));
}

/* The server reads what was asked, all of it at once. */
static inline void take(const struct link *l, const char *bytes)
{
    char buf[4096];
    size_t len = strlen(bytes);
    ask(l, bytes);
    assert_int_equal(recv(l->server, buf, len, MSG_WAITALL), (ssize_t)len);
    assert_memory_equal(buf, bytes, len);
}

static inline void answer(const struct link *l, const char *bytes)
{
    assert_int_equal(write(l->server, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

#endif
