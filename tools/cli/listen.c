#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"

static bool parse_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || value > 65535)
        return false;
    *port = htons((uint16_t)value);
    return true;
}

/* IPv4 alone, as the agent. */
static bool parse(const char *text, struct sockaddr_in *address)
{
    char host[SMK_LISTEN_SIZE];
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (len == 0 || len >= sizeof(host))
        return false;
    snprintf(host, sizeof(host), "%.*s", (int)len, text);
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof(host), "127.0.0.1");
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    return inet_pton(AF_INET, host, &address->sin_addr) == 1 &&
           parse_port(colon + 1, &address->sin_port);
}

/* 0, then with its port and *listener; else an errno. The agent moves it to where the program does not meet it. */
static int try_bind(struct sockaddr_in *address, int *listener)
{
    socklen_t len = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    int error = 0;
    if (bind(fd, (struct sockaddr *)address, len) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &len) != 0)
        error = errno;
    *listener = error ? -1 : fd;
    if (error)
        close(fd);
    return error;
}

static void print(const struct sockaddr_in *address, struct smk_listen *listen)
{
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address->sin_addr, host, sizeof(host));
    snprintf(listen->address, sizeof(listen->address), "%s:%u", host, ntohs(address->sin_port));
    listen->loopback = ntohl(address->sin_addr.s_addr) >> 24 == 127;
}

static int choose_default(struct smk_listen *listen)
{
    struct sockaddr_in address;
    if (!parse(SMK_LISTEN_DEFAULT, &address))
        return SMK_EXIT_USAGE;
    uint16_t first = ntohs(address.sin_port);
    int error = 0;
    for (uint16_t i = 0; i <= SMK_LISTEN_TRIES; i++) {
        address.sin_port = htons((uint16_t)(first + i));
        error = try_bind(&address, &listen->fd);
        if (error == 0) {
            print(&address, listen);
            return 0;
        }
    }
    return smk_cli_fail(
        "no port of 127.0.0.1 from %u to %u can be had (%s); give one with --listen", first,
        first + SMK_LISTEN_TRIES, strerror(error));
}

int smk_listen_choose(const char *wanted, struct smk_listen *listen)
{
    struct sockaddr_in address;
    *listen = (struct smk_listen){.fd = -1, .loopback = true};
    if (!wanted)
        return choose_default(listen);
    if (strcmp(wanted, "none") == 0)
        return 0;
    if (!parse(wanted, &address))
        return smk_cli_fail("'%s' is no value for --listen; allowed is %s", wanted,
                            SMK_LISTEN_ALLOWED);
    int error = try_bind(&address, &listen->fd);
    if (error)
        return smk_cli_fail("%s cannot be listened on: %s; port 0 is any free one", wanted,
                            strerror(error));
    print(&address, listen);
    return 0;
}
