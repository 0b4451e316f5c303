/* A page that asks one service, which takes 40 ms to answer: nothing in this program is slow. Its healthy twin asks one
 * that answers after 2 ms.
 *
 *     ./peer [--healthy] [FILE]
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../example.h"

enum { PAGES = 20 };

static int listener, client;
static unsigned answers_after_us = 40000;
static uint64_t measured; /* that the pages waited for it */

static void *service_main(void *arg)
{
    char letter;
    int fd = accept(listener, NULL, NULL);
    smk_thread_name("service");
    while (recv(fd, &letter, 1, 0) == 1) {
        usleep(answers_after_us);
        send(fd, &letter, 1, MSG_NOSIGNAL);
    }
    close(fd);
    return arg;
}

static void start(pthread_t *thread)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, len);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&address, &len);
    pthread_create(thread, NULL, service_main, NULL);
    if (connect(client, (struct sockaddr *)&address, len) != 0)
        exit(1);
}

NOINLINE static void ask(void)
{
    char letter = '?';
    send(client, &letter, 1, MSG_NOSIGNAL);
    uint64_t since = now_ns();
    if (recv(client, &letter, 1, 0) != 1)
        exit(1);
    measured += now_ns() - since;
}

NOINLINE static void show_page(void)
{
    SMK_REQUEST(request, "GET /page");
    work_ns(500000);
    ask();
    smk_request_status(request, 200);
}

int main(int argc, char **argv)
{
    pthread_t service;
    if (example_begin(argc, argv))
        answers_after_us = 2000;
    start(&service);
    for (int i = 0; i < PAGES; i++)
        show_page();
    close(client);
    pthread_join(service, NULL);
    return example_end(measured);
}
