/* Asks a server on 127.0.0.1 as many clients at once, each as fast as it is answered, until it is killed.
 * usage: load PORT CLIENTS PATH… */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint16_t port;
static char **paths;
static int path_count;

static int connect_to_server(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    usleep(10000);
    return -1;
}

/* One request on a connection of its own; the answer ends with it. */
static void ask(const char *path)
{
    char text[4096];
    int fd = connect_to_server();
    if (fd < 0)
        return;
    int len = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", path);
    if (send(fd, text, (size_t)len, MSG_NOSIGNAL) == len)
        while (recv(fd, text, sizeof(text), 0) > 0)
            ;
    close(fd);
}

static void *client(void *arg)
{
    for (size_t i = (size_t)arg;; i++)
        ask(paths[i % (size_t)path_count]);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: load PORT CLIENTS PATH…\n", stderr);
        return 2;
    }
    port = (uint16_t)atoi(argv[1]);
    paths = argv + 3;
    path_count = argc - 3;
    for (int i = 0; i < atoi(argv[2]); i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, client, (void *)(size_t)i) != 0)
            return 1;
    }
    pause();
    return 0;
}
