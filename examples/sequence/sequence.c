/* A page that needs three services: users, orders and stock, each of which answers after 5 to 15 ms. It asks one after
 * the other, and waits for 30 ms; its healthy twin asks all three, and waits for all of them at once.
 *
 *     ./sequence [--healthy] [FILE]
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../example.h"

enum { PAGES = 20, SERVICES = 3 };

static struct service {
    unsigned answers_after_us;
    int listener, client;
    struct sockaddr_in address;
    pthread_t thread;
} services[SERVICES] = {{.answers_after_us = 5000}, {.answers_after_us = 10000}, {.answers_after_us = 15000}};

static uint64_t measured; /* sum less maximum, of all pages */

static void *service_main(void *arg)
{
    struct service *service = arg;
    char letter;
    int fd = accept(service->listener, NULL, NULL);
    smk_thread_name("service");
    while (recv(fd, &letter, 1, 0) == 1) {
        usleep(service->answers_after_us);
        send(fd, &letter, 1, MSG_NOSIGNAL);
    }
    close(fd);
    return NULL;
}

static void start(struct service *service)
{
    socklen_t len = sizeof(service->address);
    service->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    service->listener = socket(AF_INET, SOCK_STREAM, 0);
    service->client = socket(AF_INET, SOCK_STREAM, 0);
    bind(service->listener, (struct sockaddr *)&service->address, len);
    listen(service->listener, 1);
    getsockname(service->listener, (struct sockaddr *)&service->address, &len);
    pthread_create(&service->thread, NULL, service_main, service);
    if (connect(service->client, (struct sockaddr *)&service->address, len) != 0)
        exit(1);
}

static void ask(struct service *service) { send(service->client, "?", 1, MSG_NOSIGNAL); }

NOINLINE static void wait_for(struct service *service)
{
    char letter;
    if (recv(service->client, &letter, 1, 0) != 1)
        exit(1);
}

NOINLINE static void one_after_the_other(void)
{
    uint64_t sum = 0, most = 0;
    for (int i = 0; i < SERVICES; i++) {
        ask(&services[i]);
        uint64_t since = now_ns();
        wait_for(&services[i]);
        uint64_t took = now_ns() - since;
        sum += took;
        most = took > most ? took : most;
    }
    measured += sum - most;
}

NOINLINE static void side_by_side(void)
{
    struct pollfd fds[SERVICES];
    for (int i = 0; i < SERVICES; i++) {
        ask(&services[i]);
        fds[i] = (struct pollfd){services[i].client, POLLIN, 0};
    }
    for (int left = SERVICES; left > 0;) {
        poll(fds, SERVICES, -1);
        for (int i = 0; i < SERVICES; i++)
            if (fds[i].revents) {
                wait_for(&services[i]);
                fds[i].fd = -1;
                left--;
            }
    }
}

NOINLINE static void show_page(bool healthy)
{
    SMK_REQUEST(request, "GET /page");
    if (healthy)
        side_by_side();
    else
        one_after_the_other();
    smk_request_status(request, 200);
}

int main(int argc, char **argv)
{
    bool healthy = example_begin(argc, argv);
    for (int i = 0; i < SERVICES; i++)
        start(&services[i]);
    for (int i = 0; i < PAGES; i++)
        show_page(healthy);
    for (int i = 0; i < SERVICES; i++) {
        close(services[i].client);
        pthread_join(services[i].thread, NULL);
    }
    return example_end(measured);
}
