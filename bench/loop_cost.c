/* loop_cost: what the recorder costs a request where the kernel's network lies between its calls.
 *
 *   loop_cost [KIND]          ns of CPU a request: redis, memcached, http, or all three
 *   CATEGORIES=net loop_cost  recorded is this instead of what the recorder records
 *   loop_cost KIND TURNS N    so many turns of the loop with N connections, armed, and nothing timed: for footprint.sh
 *
 * One thread is client and server: 32 connections over loopback are asked, then an event loop finds them ready, reads,
 * and answers, with the calls that a server of that kind makes. The client's calls are libc's own. In turns the
 * server's are libc's too (without), ours with a closed gate (disarmed), and ours with an open one (armed), so that
 * what else the machine does falls on all three alike. Nothing but the gate's word differs between the last two: no
 * thread of ours begins, nothing is armed anew. A loop that does nothing else keeps our code and data in the first
 * caches; here the kernel takes them away between two calls, as it does in a server.
 *
 * Shown: the median of without; and how much more the others take, the median of the differences to the `without` of
 * the same round, with its 95 % interval by order statistics.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

#include "to_nothing.h"

enum { CONNECTIONS = 32, ROUNDS = 201, TURNS = 60 };
#define LOOKS_BEFORE (UINT64_C(1) << 44) /* the clock is never set back: later than what it was */

enum mode { WITHOUT, DISARMED, ARMED, MODES };

static const char *const mode_names[MODES] = {"without", "disarmed", "armed"};

/* What the recorder records, but the scheduler, whose events are the kernel's. */
#define CATEGORIES "lock,cond,net,poll,disk,sleep,memory,join,loop,request,region,other"

struct calls {
    int (*epoll_wait)(int, struct epoll_event *, int, int);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
    ssize_t (*writev)(int, const struct iovec *, int);
    int (*clock_gettime)(clockid_t, struct timespec *);
};

static uint64_t looks; /* at the clock that looks alone make go; 0: it goes by itself */

static struct calls libc, ours = {epoll_wait, read, write, recv, sendmsg, writev, NULL};

struct kind {
    const char *name, *ask, *answer;
    ssize_t (*take)(const struct calls *calls, int fd, void *room, size_t size);
    ssize_t (*give)(const struct calls *calls, int fd, const char *answer);
    int apart; /* all are read before the first is answered */
};

static struct {
    int epoll, count, clients[CONNECTIONS], servers[CONNECTIONS];
} loop;

static void die(const char *what)
{
    fprintf(stderr, "loop_cost: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Under valgrind everything takes so long that each call seems to have slept. There the library is told to take this
 * for its clock (STALLMARK_CLOCK), and sees 50 ns go by between two looks. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *ts)
{
    if (looks == 0 || clock != CLOCK_MONOTONIC)
        return libc.clock_gettime ? libc.clock_gettime(clock, ts) : (int)syscall(SYS_clock_gettime, clock, ts);
    uint64_t ns = 50 * __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED);
    *ts = (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    return 0;
}

/* ---- the kinds of servers --------------------------------------------------------------------------------- */

static ssize_t take_by_read(const struct calls *calls, int fd, void *room, size_t size)
{
    return calls->read(fd, room, size);
}

static ssize_t take_by_recv(const struct calls *calls, int fd, void *room, size_t size)
{
    return calls->recv(fd, room, size, 0);
}

static ssize_t give_by_write(const struct calls *calls, int fd, const char *answer)
{
    return calls->write(fd, answer, strlen(answer));
}

static ssize_t give_by_sendmsg(const struct calls *calls, int fd, const char *answer)
{
    struct iovec piece = {(void *)(uintptr_t)answer, strlen(answer)};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    return calls->sendmsg(fd, &message, 0);
}

static ssize_t give_by_writev(const struct calls *calls, int fd, const char *answer)
{
    struct iovec piece = {(void *)(uintptr_t)answer, strlen(answer)};
    return calls->writev(fd, &piece, 1);
}

static const struct kind kinds[] = {
    {"redis", "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", "$5\r\nhello\r\n", take_by_read, give_by_write, 1},
    {"memcached", "get key\r\n", "VALUE key 0 5\r\nhello\r\nEND\r\n", take_by_read, give_by_sendmsg, 0},
    {"http", "GET /page HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
     take_by_recv, give_by_writev, 0},
};

/* ---- the loop --------------------------------------------------------------------------------------------- */

static void open_connections(int count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, CONNECTIONS) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("listening");
    loop.epoll = epoll_create1(0);
    loop.count = count;
    for (int i = 0; i < count; i++) {
        loop.clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(loop.clients[i], (struct sockaddr *)&address, size) != 0)
            die("connecting");
        loop.servers[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = loop.servers[i]};
        setsockopt(loop.clients[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(loop.servers[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, loop.servers[i], &event) != 0)
            die("epoll_ctl");
    }
    close(listener);
}

static void close_connections(void)
{
    for (int i = 0; i < loop.count; i++) {
        close(loop.clients[i]);
        close(loop.servers[i]);
    }
    close(loop.epoll);
}

/* What one look finds is read and answered; how many. */
static int serve(const struct kind *kind, const struct calls *calls)
{
    static char room[16384];
    struct epoll_event ready[CONNECTIONS];
    int count = calls->epoll_wait(loop.epoll, ready, CONNECTIONS, -1);
    for (int i = 0; i < count; i++) {
        if (kind->take(calls, ready[i].data.fd, room, sizeof room) <= 0)
            die("reading a question");
        if (!kind->apart && kind->give(calls, ready[i].data.fd, kind->answer) <= 0)
            die("answering");
    }
    for (int i = 0; kind->apart && i < count; i++)
        if (kind->give(calls, ready[i].data.fd, kind->answer) <= 0)
            die("answering");
    return count;
}

static void turn(const struct kind *kind, const struct calls *calls)
{
    char room[512];
    for (int i = 0; i < loop.count; i++)
        if (libc.write(loop.clients[i], kind->ask, strlen(kind->ask)) <= 0)
            die("asking");
    for (int answered = 0; answered < loop.count;)
        answered += serve(kind, calls);
    for (int i = 0; i < loop.count; i++)
        if (libc.read(loop.clients[i], room, sizeof room) <= 0)
            die("reading an answer");
}

/* ---- rounds ------------------------------------------------------------------------------------------------ */

static double cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double time_turns(const struct kind *kind, enum mode mode, uint32_t gate)
{
    const struct calls *calls = mode == WITHOUT ? &libc : &ours;
    __atomic_store_n(&smk_gate, mode == ARMED ? gate : 0, __ATOMIC_RELAXED);
    turn(kind, calls);
    double begin = cpu_ns();
    for (int i = 0; i < TURNS; i++)
        turn(kind, calls);
    return (cpu_ns() - begin) / TURNS / loop.count;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct kind *kind)
{
    static double took[MODES][ROUNDS];
    uint32_t gate = smk_gate;
    open_connections(CONNECTIONS);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < MODES; i++) {
            int mode = (round + i) % MODES;
            took[mode][round] = time_turns(kind, (enum mode)mode, gate);
        }
    __atomic_store_n(&smk_gate, gate, __ATOMIC_RELAXED);
    close_connections();
    int off = (int)ceil(0.98 * sqrt(ROUNDS));
    for (int mode = MODES - 1; mode >= 0; mode--) {
        for (int round = 0; round < ROUNDS; round++)
            took[mode][round] -= mode == WITHOUT ? 0 : took[WITHOUT][round];
        qsort(took[mode], ROUNDS, sizeof(double), by_value);
    }
    printf("%-10s %-9s %8.0f ns\n", kind->name, mode_names[WITHOUT], took[WITHOUT][ROUNDS / 2]);
    for (int mode = DISARMED; mode < MODES; mode++)
        printf("%-10s %-9s %+8.0f ns   [%+.0f, %+.0f]\n", "", mode_names[mode], took[mode][ROUNDS / 2],
               took[mode][ROUNDS / 2 - off], took[mode][ROUNDS / 2 + off]);
}

static void arm(void)
{
    smk_capture_options options = to_nothing();
    options.categories = getenv("CATEGORIES") ? getenv("CATEGORIES") : CATEGORIES;
    if (smk_capture_start(&options, NULL) != 0)
        die("arming");
}

static void find_libc(void)
{
    void *handle = dlopen("libc.so.6", RTLD_LAZY);
    libc = (struct calls){
        (int (*)(int, struct epoll_event *, int, int))dlsym(handle, "epoll_wait"),
        (ssize_t(*)(int, void *, size_t))dlsym(handle, "read"),
        (ssize_t(*)(int, const void *, size_t))dlsym(handle, "write"),
        (ssize_t(*)(int, void *, size_t, int))dlsym(handle, "recv"),
        (ssize_t(*)(int, const struct msghdr *, int))dlsym(handle, "sendmsg"),
        (ssize_t(*)(int, const struct iovec *, int))dlsym(handle, "writev"),
        (int (*)(clockid_t, struct timespec *))dlsym(handle, "clock_gettime"),
    };
    if (!libc.epoll_wait || !libc.read || !libc.write || !libc.recv || !libc.sendmsg || !libc.writev ||
        !libc.clock_gettime)
        die("libc's own functions");
}

int main(int argc, char **argv)
{
    int known = 0;
    find_libc();
    arm();
    if (getenv("STALLMARK_CLOCK"))
        looks = LOOKS_BEFORE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (argc > 1 && strcmp(argv[1], kinds[i].name) != 0)
            continue;
        known = 1;
        if (argc < 4) {
            measure(&kinds[i]);
            continue;
        }
        open_connections(atoi(argv[3]));
        for (int turns = atoi(argv[2]); turns > 0; turns--)
            turn(&kinds[i], &ours);
    }
    if (!known)
        fprintf(stderr, "loop_cost: no kind '%s'; there are: redis memcached http\n", argv[1]);
    return known ? 0 : 2;
}
