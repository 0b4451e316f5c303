/* proto_cost: what it costs to find the requests in the bytes of a read, and to count how long they took.
 *
 * ns for each read, of a connection that goes on: HTTP as curl and as a browser send it, RESP as redis-benchmark
 * does, memcached's text protocol, one request a read, and 32 of them in one (ns for each of those then). Beside
 * them: passing over a body of 16 KiB, refusing what is TLS, and a request that ended, in its route's histogram,
 * from one thread and from two. Shown: the median of the rounds, and their quartiles.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/init.h"
#include "core/intern.h"
#include "core/routes.h"
#include "source/proto.h"

enum { ROUNDS = 31, READS = 50000, PIPELINED = 32, ROOM = 65536 };

#define RESP_GET "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n"
#define RESP_SET "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$3\r\nxxx\r\n"
#define CURL     "GET /cart/4711 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"
#define BROWSER                                                                                                  \
    "GET /shop/items/4711?sort=price HTTP/1.1\r\nHost: shop.example\r\nConnection: keep-alive\r\n"              \
    "Cache-Control: max-age=0\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101\r\n"      \
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"         \
    "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n"                                 \
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\nUpgrade-Insecure-Requests: 1\r\n"         \
    "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\n\r\n"

struct input {
    const char *name;
    const char *bytes;
    unsigned times; /* in one read */
};

static const struct input inputs[] = {
    {"RESP GET", RESP_GET, 1},
    {"RESP SET", RESP_SET, 1},
    {"RESP GET, 32 in a read, each", RESP_GET, PIPELINED},
    {"memcached get", "get key:000000000042\r\n", 1},
    {"memcached set", "set key:000000000042 0 0 3\r\nxxx\r\n", 1},
    {"HTTP of curl, 84 bytes", CURL, 1},
    {"HTTP of a browser, 571 bytes", BROWSER, 1},
    {"TLS, known not to be", "\x16\x03\x01\x02", 1},
};

static char room[ROOM];
static volatile unsigned kept;

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void show(const char *name, double *rounds)
{
    qsort(rounds, ROUNDS, sizeof *rounds, compare);
    printf("%-34s %8.1f   (%.1f to %.1f)\n", name, rounds[ROUNDS / 2], rounds[ROUNDS / 4], rounds[ROUNDS * 3 / 4]);
}

/* ---- reads ---------------------------------------------------------------------------------------------- */

static double time_reads(struct smk_proto_state *state, size_t len, unsigned requests)
{
    struct smk_proto_seen seen;
    double begin = now_ns();
    for (int i = 0; i < READS; i++) {
        smk_proto_read(state, room, len, &seen);
        kept += seen.name_len;
    }
    double took = now_ns() - begin;
    if (state->protocol != SMK_PROTO_UNKNOWN && seen.requests != requests)
        exit(1);
    return took / READS / requests;
}

static void measure_input(const struct input *input)
{
    double rounds[ROUNDS];
    size_t len = strlen(input->bytes);
    for (unsigned i = 0; i < input->times; i++)
        memcpy(room + i * len, input->bytes, len);
    for (int round = 0; round < ROUNDS; round++) {
        struct smk_proto_state state = {0};
        rounds[round] = time_reads(&state, len * input->times, input->times);
    }
    show(input->name, rounds);
}

static void measure_body(void)
{
    double rounds[ROUNDS];
    struct smk_proto_seen seen;
    static const char head[] = "POST /upload HTTP/1.1\r\nContent-Length: 1000000000000\r\n\r\n";
    for (int round = 0; round < ROUNDS; round++) {
        struct smk_proto_state state = {0};
        smk_proto_read(&state, head, sizeof head - 1, &seen);
        double begin = now_ns();
        for (int i = 0; i < READS; i++)
            smk_proto_read(&state, room, 16384, &seen);
        rounds[round] = (now_ns() - begin) / READS;
    }
    show("16 KiB of a body", rounds);
}

/* ---- what ended ----------------------------------------------------------------------------------------- */

static void *end_requests(void *arg)
{
    struct smk_thread *t = smk_thread_self();
    uint32_t route = smk_intern(&smk_strings, "GET /cart", 9);
    double begin = now_ns();
    for (int i = 0; i < READS; i++)
        smk_route_ended(t, route, 1000000 + (uint64_t)i, SMK_OUTCOME_GOOD, 1);
    *(double *)arg = (now_ns() - begin) / READS;
    return NULL;
}

static void measure_ends(const char *name, int count)
{
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[2];
        double took[2];
        for (int i = 0; i < count; i++)
            if (pthread_create(&threads[i], NULL, end_requests, &took[i]) != 0)
                exit(1);
        for (int i = 0; i < count; i++)
            pthread_join(threads[i], NULL);
        rounds[round] = took[0];
    }
    show(name, rounds);
}

int main(void)
{
    if (smk_core_init(NULL) < 0 || smk_routes_prepare() < 0)
        return 1;
    printf("%-34s %8s\n", "ns", "median");
    for (size_t i = 0; i < SMK_ARRAY_LEN(inputs); i++)
        measure_input(&inputs[i]);
    measure_body();
    measure_ends("a request counted, one thread", 1);
    measure_ends("a request counted, two threads", 2);
    return 0;
}
