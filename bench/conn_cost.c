/* conn_cost: what a request costs that is found on a socket: from the return of the read that brought it to the
 * return of the write that answered it, without the calls themselves and their time stamps, which the wrappers
 * take anyway. Two events go into the buffer, the request in flight is listed and struck off, and its latency goes
 * into its route's histogram. Shown: ns a request, the median of the rounds, and their quartiles.
 *
 *     valgrind --tool=callgrind build/release/bench/conn_cost ROUNDS NAME     instructions, by function, of one input
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/capture.h"
#include "core/clock.h"
#include "core/init.h"
#include "source/conn_state.h"

enum { ROUNDS = 41, REQUESTS = 20000, FD = 100, ROOM = 16384 };

struct input {
    const char *name, *request, *answer;
    unsigned pipelined; /* requests of one read */
};

#define RESP_GET "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n"
#define FOUR(text) text text text text

static const struct input inputs[] = {
    {"redis GET", RESP_GET, "$3\r\nxxx\r\n", 1},
    {"redis GET, 16 pipelined", FOUR(FOUR(RESP_GET)), FOUR(FOUR("$3\r\nxxx\r\n")), 16},
    {"memcached get", "get key:000000000042\r\n", "VALUE key:000000000042 0 3\r\nxxx\r\nEND\r\n", 1},
    {"HTTP", "GET /cart/4711 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
     "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\n"
     "Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello", 1},
};

/* CPU time of this thread: the machine may have other work. */
static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A read and a write of a loop that polls, as the wrappers tell of them, a microsecond apart. */
static double one_round(const struct input *input, struct smk_fd_slot *slot, uint64_t *ticks)
{
    struct iovec in = {(void *)(uintptr_t)input->request, strlen(input->request)};
    struct iovec out = {(void *)(uintptr_t)input->answer, strlen(input->answer)};
    struct smk_bytes request = {&in, 1, in.iov_len}, answer = {&out, 1, out.iov_len};
    struct smk_seen seen = {.t = smk_thread_self()};
    uint64_t us = smk_ns_to_ticks(1000);
    seen.t->loop.polls = true;
    double begin = now_ns();
    for (unsigned i = 0; i < REQUESTS; i++) {
        seen.t->loop.polled = seen.t->loop.before = seen.since = *ticks += us;
        smk_conn_read(&seen, slot, FD, &request, (int64_t)in.iov_len, ROOM, *ticks += us);
        seen.since = *ticks += us;
        smk_conn_wrote(&seen, slot, FD, &answer, out.iov_len, *ticks += us);
    }
    return (now_ns() - begin) / REQUESTS / input->pipelined;
}

static void measure(const struct input *input, unsigned rounds)
{
    double took[ROUNDS];
    uint64_t ticks = smk_ticks();
    struct smk_fd_slot *slot = smk_fd_slot(FD);
    struct smk_conn *conn = slot ? smk_conn_make(slot) : NULL;
    if (!conn)
        exit(1);
    smk_conn_let_go(conn);
    for (unsigned i = 0; i < rounds; i++)
        took[i] = one_round(input, slot, &ticks);
    smk_conn_forget(smk_thread_self(), FD, ticks);
    qsort(took, rounds, sizeof *took, compare);
    printf("%-26s %7.1f  (%.1f to %.1f)\n", input->name, took[rounds / 2], took[rounds / 4], took[rounds * 3 / 4]);
}

int main(int argc, char **argv)
{
    long asked = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS;
    unsigned rounds = asked > 0 && asked < ROUNDS ? (unsigned)asked : ROUNDS;
    if (smk_recorder_set(SMK_CAT_REQUEST | SMK_CAT_LOOP) != 0)
        return 1;
    printf("ns a request\n");
    for (unsigned i = 0; i < SMK_ARRAY_LEN(inputs); i++)
        if (argc < 3 || strcmp(argv[2], inputs[i].name) == 0)
            measure(&inputs[i], rounds);
    struct smk_conns_stats stats;
    smk_conns_stats(&stats);
    return stats.unknown || stats.contended;
}
