/* servers: what the tracer costs a server at full load, toggled inside one process.
 *
 *   servers NAME PID AGENT_SOCKET PORT PAIRS ASK [WHAT…]
 *
 * A closed loop of connections asks one server the same thing over and over. Meanwhile its agent is armed and
 * stopped in turns: one slot disarmed, one recording, and so on, in pairs whose order is drawn, so that what
 * else the machine does falls on both alike. Of each slot are noted the answers, the CPU time of the whole
 * server, the tracer's own threads included, and the 99th percentile of the latency; of each pair the ratios.
 * Shown: their medians, each with its 95 % interval by order statistics (Conover, Practical Nonparametric
 * Statistics, 1999, 3.2), which asks nothing of how they are distributed. The CPU time of the threads that answer is
 * shown by itself, too: what is in front of it is the tracer's own threads'.
 *
 * First the flight recorder, then a timed capture with all that it records by default; or what is asked for:
 * `recorder`, or the categories of a capture, as in a URL, one after the other. ASK may hold \r and \n.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 32, PAIRS_MAX = 1000, BUCKETS = 4096, ANSWER_MAX = 65536 };

static const uint64_t slot_ns = 300000000;
static uint64_t settle_ns = 300000000; /* SETTLE_MS */

struct connection {
    int fd;
    size_t got;     /* of the answer */
    uint64_t asked; /* ns */
};

struct load {
    int epoll;
    char ask[512];
    size_t ask_len, answer_len;
    struct connection connections[CONNECTIONS];
};

struct slot {
    uint64_t answers, cpu_ns, own_ns, ns, p99_ns; /* own: of the tracer's own threads, in cpu */
    uint64_t latency[BUCKETS]; /* by us; the last: all above */
};

static void die(const char *what)
{
    fprintf(stderr, "servers: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec ts;
    if (clock_gettime(clock, &ts) != 0)
        die("the server's CPU clock");
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- the load ------------------------------------------------------------------------------------------ */

static void ask(struct load *load, struct connection *connection)
{
    connection->got = 0;
    connection->asked = clock_ns(CLOCK_MONOTONIC);
    if (write(connection->fd, load->ask, load->ask_len) != (ssize_t)load->ask_len)
        die("asking");
}

static void learn_answer(struct load *load, int fd)
{
    char answer[ANSWER_MAX];
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (poll(&ready, 1, load->answer_len ? 300 : 5000) == 1) {
        ssize_t got = read(fd, answer, sizeof answer);
        if (got <= 0)
            die("the first answer");
        load->answer_len += (size_t)got;
    }
    if (load->answer_len == 0)
        die("there is no answer");
}

static void load_open(struct load *load, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &load->connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0)
            die("connecting");
        if (i == 0) {
            ask(load, connection);
            learn_answer(load, connection->fd);
        }
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        ask(load, &load->connections[i]);
}

static void answered(struct load *load, struct connection *connection, struct slot *slot)
{
    uint64_t us = (clock_ns(CLOCK_MONOTONIC) - connection->asked) / 1000;
    if (slot) {
        slot->answers++;
        slot->latency[us < BUCKETS ? us : BUCKETS - 1]++;
    }
    ask(load, connection);
}

/* Goes on with the load for so long; `slot` may be NULL. */
static void load_run(struct load *load, uint64_t ns, struct slot *slot)
{
    static char answer[ANSWER_MAX];
    struct epoll_event events[CONNECTIONS];
    uint64_t until = clock_ns(CLOCK_MONOTONIC) + ns;
    while (clock_ns(CLOCK_MONOTONIC) < until) {
        int ready = epoll_wait(load->epoll, events, CONNECTIONS, 100);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            ssize_t got = read(connection->fd, answer, sizeof answer);
            if (got <= 0)
                die("an answer");
            connection->got += (size_t)got;
            if (connection->got >= load->answer_len)
                answered(load, connection, slot);
        }
    }
}

/* ---- the agent ------------------------------------------------------------------------------------------ */

/* One request to the agent; the answer, ended by a 0. Tells 200 and 202 from all else. */
static bool agent(const char *path_of_socket, const char *request, const char *body, char *answer, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[512];
    size_t len = 0;
    ssize_t got = 1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of_socket);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die(path_of_socket);
    int asked = snprintf(text, sizeof text,
                         "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\n"
                         "Content-Length: %zu\r\n\r\n%s", request, strlen(body), body);
    if (write(fd, text, (size_t)asked) != asked)
        die("asking the agent");
    while (len + 1 < size && (got = read(fd, answer + len, size - 1 - len)) > 0)
        len += (size_t)got;
    answer[len] = '\0';
    close(fd);
    return strncmp(answer, "HTTP/1.1 20", 11) == 0;
}

struct target {
    const char *socket, *pid;
    clockid_t cpu;
    const char *categories; /* of a timed capture; NULL: the flight recorder, which a rule turns on */
    uint64_t events, bytes, answers; /* recorded, while so many answers were given */
    uint64_t calculated_ns, calculated_answers; /* what the agent says that it cost, and in how many answers */
};

static uint64_t number_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void ask_agent(const struct target *target, const char *request, const char *body, char answer[8192])
{
    if (agent(target->socket, request, body, answer, 8192))
        return;
    fprintf(stderr, "servers: %s: %s\n", request, answer);
    exit(2);
}

static void arm(struct target *target)
{
    char request[256] = "POST /debug/trace/rules/bench", answer[8192];
    if (target->categories)
        snprintf(request, sizeof request, "POST /debug/trace?duration=1m&categories=%s", target->categories);
    ask_agent(target, request, target->categories ? "" : "when trigger \"never\" then snapshot", answer);
}

static void disarm(struct target *target, const struct slot *slot)
{
    char answer[8192], request[256];
    const char *id;
    if (!target->categories) {
        ask_agent(target, "DELETE /debug/trace/rules/bench", "", answer);
        return;
    }
    ask_agent(target, "POST /debug/trace/stop", "", answer);
    target->events += number_after(answer, "\"events\":");
    target->bytes += number_after(answer, "\"bytes\":");
    target->answers += slot->answers;
    if ((id = strstr(answer, "\"id\":\""))) {
        snprintf(request, sizeof request, "DELETE /debug/traces/%.*s", (int)strcspn(id + 6, "\""), id + 6);
        agent(target->socket, request, "", answer, sizeof answer);
    }
}

static bool read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(text, 1, size - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
    return len > 0;
}

/* CPU time of the tracer's own threads, by their names. */
static uint64_t own_ns(const struct target *target)
{
    char path[320], text[64];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%s/task", target->pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks && (task = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "/proc/%s/task/%s/comm", target->pid, task->d_name);
        if (!read_text(path, text, sizeof text) || strncmp(text, "stallmark-", 10) != 0)
            continue;
        snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", target->pid, task->d_name);
        if (read_text(path, text, sizeof text))
            sum += strtoull(text, NULL, 10);
    }
    if (tasks)
        closedir(tasks);
    return sum;
}

/* What the agent works out of its counts: events, calls and stacks times what each costs, switches that the
 * kernel records, and the CPU time of its own threads. */
static uint64_t calculated_ns(const struct target *target)
{
    static char answer[1 << 17];
    if (!agent(target->socket, "GET /debug/trace/status", "", answer, sizeof answer))
        die("status");
    return number_after(answer, "\"total_ns\":");
}

/* ---- slots and pairs ------------------------------------------------------------------------------------ */

static uint64_t p99_of(const struct slot *slot)
{
    uint64_t seen = 0;
    for (int us = 0; us < BUCKETS; us++)
        if ((seen += slot->latency[us]) * 100 >= slot->answers * 99)
            return (uint64_t)(us + 1) * 1000;
    return 0;
}

static void run_slot(struct load *load, struct target *target, bool armed, struct slot *slot)
{
    *slot = (struct slot){0};
    if (armed)
        arm(target);
    load_run(load, settle_ns, NULL);
    uint64_t calculated = armed ? calculated_ns(target) : 0;
    slot->own_ns = own_ns(target);
    uint64_t cpu = clock_ns(target->cpu), begin = clock_ns(CLOCK_MONOTONIC);
    load_run(load, slot_ns, slot);
    slot->cpu_ns = clock_ns(target->cpu) - cpu;
    slot->ns = clock_ns(CLOCK_MONOTONIC) - begin;
    slot->own_ns = own_ns(target) - slot->own_ns;
    slot->p99_ns = p99_of(slot);
    if (slot->answers == 0)
        die("no answers in a slot");
    if (armed) {
        target->calculated_ns += calculated_ns(target) - calculated;
        target->calculated_answers += slot->answers;
        disarm(target, slot);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void show_ratio(const char *what, double *ratios, int count)
{
    qsort(ratios, (size_t)count, sizeof *ratios, by_value);
    int low = (int)floor(count / 2.0 - 0.98 * sqrt(count)), high = (int)ceil(count / 2.0 + 0.98 * sqrt(count));
    low = low < 0 ? 0 : low;
    high = high > count - 1 ? count - 1 : high;
    printf("  %-24s %+6.2f %%   [%+.2f, %+.2f]\n", what, (ratios[count / 2] - 1) * 100, (ratios[low] - 1) * 100,
           (ratios[high] - 1) * 100);
}

static double answers_a_ns(const struct slot *slot) { return (double)slot->answers / (double)slot->ns; }

static void measure(const char *name, struct load *load, struct target *target, int pairs)
{
    static double cpu[PAIRS_MAX], hosts[PAIRS_MAX], throughput[PAIRS_MAX], p99[PAIRS_MAX], base[PAIRS_MAX];
    static struct slot slots[2];
    for (int i = 0; i < pairs; i++) {
        int first = rand() & 1;
        run_slot(load, target, first, &slots[first]);
        run_slot(load, target, !first, &slots[!first]);
        double per_answer[2], of_hosts[2];
        for (int k = 0; k < 2; k++) {
            per_answer[k] = (double)slots[k].cpu_ns / (double)slots[k].answers;
            of_hosts[k] = (double)(slots[k].cpu_ns - slots[k].own_ns) / (double)slots[k].answers;
        }
        base[i] = per_answer[0];
        cpu[i] = per_answer[1] / per_answer[0];
        hosts[i] = of_hosts[1] / of_hosts[0];
        throughput[i] = answers_a_ns(&slots[1]) / answers_a_ns(&slots[0]);
        p99[i] = (double)slots[1].p99_ns / (double)slots[0].p99_ns;
    }
    qsort(base, (size_t)pairs, sizeof *base, by_value);
    printf("%s, %s: %d pairs; disarmed %.2f us of CPU an answer\n", name,
           target->categories ? target->categories : "flight recorder", pairs, base[pairs / 2] / 1000);
    show_ratio("CPU an answer", cpu, pairs);
    show_ratio("of threads that answer", hosts, pairs);
    show_ratio("throughput", throughput, pairs);
    show_ratio("p99", p99, pairs);
    double ns = (double)target->calculated_ns / (double)target->calculated_answers;
    printf("  calculated an answer: %.2f us, %+.2f %%\n", ns / 1000, 100 * ns / base[pairs / 2]);
    if (target->categories)
        printf("  recorded an answer: %.2f events, %.1f bytes\n", (double)target->events / (double)target->answers,
               (double)target->bytes / (double)target->answers);
    fflush(stdout);
}

static void unescape(const char *from, struct load *load)
{
    for (; *from && load->ask_len < sizeof load->ask - 1; from++) {
        char c = *from;
        if (c == '\\' && (from[1] == 'r' || from[1] == 'n'))
            c = *++from == 'r' ? '\r' : '\n';
        load->ask[load->ask_len++] = c;
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    struct target target = {0};
    if (argc < 7) {
        fprintf(stderr, "usage: servers NAME PID AGENT_SOCKET PORT PAIRS ASK [WHAT...] (servers.sh starts them all)\n");
        return 2;
    }
    int pairs = atoi(argv[5]);
    if (pairs < 1 || pairs > PAIRS_MAX || clock_getcpuclockid(atoi(argv[2]), &target.cpu) != 0) {
        fprintf(stderr, "servers: '%s' pairs of process '%s': 1 to %d, of one that lives\n", argv[5], argv[2],
                PAIRS_MAX);
        return 2;
    }
    target.pid = argv[2];
    target.socket = argv[3];
    if (getenv("SETTLE_MS"))
        settle_ns = strtoull(getenv("SETTLE_MS"), NULL, 10) * 1000000;
    unescape(argv[6], &load);
    load_open(&load, (uint16_t)atoi(argv[4]));
    load_run(&load, 500000000, NULL);
    static const char *const usual[] = {"recorder", "default"};
    const char *const *what = argc > 7 ? (const char *const *)argv + 7 : usual;
    for (int i = 0, count = argc > 7 ? argc - 7 : 2; i < count; i++) {
        target.categories = strcmp(what[i], "recorder") == 0 ? NULL : what[i];
        target.events = target.bytes = target.answers = target.calculated_ns = target.calculated_answers = 0;
        measure(argv[1], &load, &target, pairs);
    }
    return 0;
}
