#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit/smk_test.h"

#define ARGUMENTS_MAX 40
#define ANSWER_MS     20000

void sleep_ms(unsigned ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

uint64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* ---- the host -------------------------------------------------------------------------------- */

static void make_directory(struct host *host)
{
    strcpy(host->directory, "/tmp/smk-http-XXXXXX");
    assert_non_null(mkdtemp(host->directory));
    snprintf(host->socket, sizeof(host->socket), "%s/agent.sock", host->directory);
    snprintf(host->captures, sizeof(host->captures), "%s/captures", host->directory);
    assert_int_equal(mkdir(host->captures, 0700), 0);
}

struct arguments {
    const char *list[ARGUMENTS_MAX + 1];
    int count;
    bool listen, socket, directory;
};

static void add_argument(struct arguments *arguments, const char *setting)
{
    assert_true(arguments->count < ARGUMENTS_MAX);
    arguments->list[arguments->count++] = setting;
    arguments->listen |= strncmp(setting, "listen=", 7) == 0;
    arguments->socket |= strncmp(setting, "socket=", 7) == 0;
    arguments->directory |= strncmp(setting, "directory=", 10) == 0;
}

static void run_host(struct host *host, struct arguments *arguments)
{
    int in[2], out[2];
    assert_int_equal(pipe2(in, 0) | pipe2(out, 0), 0);
    host->pid = fork();
    if (host->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        closefrom(3);
        signal(SIGPIPE, SIG_DFL);
        execv(SMK_HTTP_HOST, (char *const *)arguments->list);
        _exit(127);
    }
    assert_true(host->pid > 0);
    close(in[0]);
    close(out[1]);
    host->commands = fdopen(in[1], "w");
    host->says = fdopen(out[0], "r");
}

static void hear(struct host *host)
{
    char line[640];
    while (fgets(line, sizeof(line), host->says)) {
        line[strcspn(line, "\n")] = '\0';
        const char *colon = strchr(line, ':');
        if (strcmp(line, "ready") == 0)
            return;
        if (strncmp(line, "own ", 4) == 0)
            host->own_port = atoi(line + 4);
        else if (strncmp(line, "tcp ", 4) == 0)
            host->tcp_port = colon ? atoi(colon + 1) : 0;
        else if (strncmp(line, "refused ", 8) == 0)
            snprintf(host->refused, sizeof(host->refused), "%s", line + 8);
    }
    fail_msg("the host did not come up");
}

void host_start(struct host *host, ...)
{
    struct arguments arguments = {.list = {SMK_HTTP_HOST}, .count = 1};
    char own_socket[128], own_directory[128];
    va_list args;
    memset(host, 0, sizeof(*host));
    make_directory(host);
    snprintf(own_socket, sizeof(own_socket), "socket=%s", host->socket);
    snprintf(own_directory, sizeof(own_directory), "directory=%s", host->captures);
    va_start(args, host);
    for (const char *setting = va_arg(args, const char *); setting;
         setting = va_arg(args, const char *))
        add_argument(&arguments, setting);
    va_end(args);
    if (!arguments.listen)
        add_argument(&arguments, "listen=127.0.0.1:0");
    if (!arguments.socket)
        add_argument(&arguments, own_socket);
    if (!arguments.directory)
        add_argument(&arguments, own_directory);
    run_host(host, &arguments);
    hear(host);
}

static void remove_all(const char *path)
{
    char inner[400];
    struct dirent *entry;
    DIR *directory = opendir(path);
    while (directory && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR)
            remove_all(inner);
        else
            unlink(inner);
    }
    if (directory)
        closedir(directory);
    rmdir(path);
}

void host_stop(struct host *host)
{
    char line[128];
    int status = -1;
    bool ended = false;
    fclose(host->commands);
    host->foreign = host->closed = -1;
    while (fgets(line, sizeof(line), host->says))
        if (sscanf(line, "left %ld %ld", &host->foreign, &host->closed) != 2)
            ended |= sscanf(line, "ended %ld", &host->ended_ms) == 1;
    fclose(host->says);
    assert_int_equal(waitpid(host->pid, &status, 0), host->pid);
    remove_all(host->directory);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !ended)
        fail_msg("the host ended with status %#x", status);
}

const char *host_obeys(struct host *host, const char *command)
{
    static char line[128];
    fprintf(host->commands, "%s\n", command);
    fflush(host->commands);
    if (!fgets(line, sizeof(line), host->says))
        fail_msg("the host is gone");
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static unsigned entries_of(const struct host *host, const char *what)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)host->pid, what);
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

unsigned host_fds(const struct host *host)
{
    return entries_of(host, "fd");
}
unsigned host_threads(const struct host *host)
{
    return entries_of(host, "task");
}

unsigned long host_cpu(const struct host *host)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)host->pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    if (!fgets(text, sizeof(text), file))
        text[0] = '\0';
    fclose(file);
    const char *behind = strrchr(text, ')');
    assert_non_null(behind);
    sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
    return user + kernel;
}

/* ---- connections ----------------------------------------------------------------------------- */

static int connect_to(int fd, const struct host *host, enum door door)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (door == DOOR_UNIX) {
        snprintf(un.sun_path, sizeof(un.sun_path), "%s", host->socket);
        return connect(fd, (struct sockaddr *)&un, sizeof(un));
    }
    in.sin_port = htons((uint16_t)(door == DOOR_TCP ? host->tcp_port : host->own_port));
    return connect(fd, (struct sockaddr *)&in, sizeof(in));
}

int client_connect(const struct host *host, enum door door)
{
    int fd = socket(door == DOOR_UNIX ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect_to(fd, host, door) != 0)
        fail_msg("connect: %s", strerror(errno));
    return fd;
}

int client_connect_soon(const struct host *host, enum door door)
{
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(door == DOOR_UNIX ? AF_UNIX : AF_INET, type, 0);
    assert_true(fd >= 0);
    if (connect_to(fd, host, door) != 0 && errno != EINPROGRESS && errno != EAGAIN)
        fail_msg("connect: %s", strerror(errno));
    return fd;
}

void client_send(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* it was cut off meanwhile: what it said shows */
        at += n;
        len -= (size_t)n;
    }
}

void client_reset(int fd)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    close(fd);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Joins the chunks in place. */
static void join_chunks(struct answer *answer)
{
    char *from = answer->body, *to = answer->body, *end = answer->raw + answer->raw_len;
    for (;;) {
        char *behind;
        unsigned long size = strtoul(from, &behind, 16);
        if (behind == from || behind + 2 > end || (size_t)(end - behind - 2) < size)
            break;
        from = behind + 2;
        memmove(to, from, size);
        to += size;
        from += size + 2;
        if (size == 0) {
            answer->whole = true;
            break;
        }
    }
    answer->body_len = (size_t)(to - answer->body);
    *to = '\0';
}

static void parse(struct answer *answer)
{
    char *blank = strstr(answer->raw, "\r\n\r\n");
    answer->head = "";
    answer->body = answer->raw + answer->raw_len;
    if (sscanf(answer->raw, "HTTP/1.%*d %d", &answer->status) != 1 || !blank)
        return;
    blank[2] = '\0';
    answer->head = answer->raw;
    answer->body = blank + 4;
    answer->body_len = (size_t)(answer->raw + answer->raw_len - answer->body);
    if (strcasecmp(answer_header(answer, "Transfer-Encoding"), "chunked") == 0)
        join_chunks(answer);
    else
        answer->whole =
            strtoul(answer_header(answer, "Content-Length"), NULL, 10) == answer->body_len;
}

void client_read(int fd, struct answer *answer, unsigned ms)
{
    size_t room = 65536;
    uint64_t until = now_ms() + ms;
    memset(answer, 0, sizeof(*answer));
    answer->raw = malloc(room + 1);
    for (;;) {
        struct pollfd look = {.fd = fd, .events = POLLIN};
        uint64_t now = now_ms();
        if (now >= until || poll(&look, 1, (int)(until - now)) <= 0)
            break;
        if (room - answer->raw_len < 65536)
            answer->raw = realloc(answer->raw, (room *= 2) + 1);
        assert_non_null(answer->raw);
        ssize_t n = recv(fd, answer->raw + answer->raw_len, room - answer->raw_len, 0);
        if (n <= 0) {
            answer->closed = true;
            break;
        }
        answer->raw_len += (size_t)n;
    }
    answer->raw[answer->raw_len] = '\0';
    parse(answer);
    if (answer->status == 0 && !answer->closed)
        answer->status = -1;
}

void answer_free(struct answer *answer)
{
    free(answer->raw);
    answer->raw = NULL;
}

const char *answer_header(const struct answer *answer, const char *name)
{
    static char value[512];
    size_t len = strlen(name);
    value[0] = '\0';
    for (const char *line = strstr(answer->head, "\r\n"); line && line[2];
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':')
            continue;
        const char *from = line + 3 + len;
        from += strspn(from, " ");
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(from, "\r"), from);
        break;
    }
    return value;
}

bool answer_says(const struct answer *answer, const char *text)
{
    return memmem(answer->body, answer->body_len, text, strlen(text)) != NULL;
}

/* ---- asking ---------------------------------------------------------------------------------- */

void ask_bytes(const struct host *host, enum door door, struct answer *answer, const void *data,
               size_t len)
{
    int fd = client_connect(host, door);
    client_send(fd, data, len);
    client_read(fd, answer, ANSWER_MS);
    close(fd);
}

void ask(const struct host *host, enum door door, struct answer *answer, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    assert_true(len >= 0);
    ask_bytes(host, door, answer, text, (size_t)len);
    free(text);
}

void request(const struct host *host, enum door door, struct answer *answer, const char *method,
             const char *target, const char *headers)
{
    const char *close_it = headers && strstr(headers, "Connection:") ? "" : "Connection: close\r\n";
    ask(host, door, answer, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n", method, target,
        headers ? headers : "", close_it);
}

int status_of(const struct host *host, enum door door, const char *method, const char *target,
              const char *headers)
{
    struct answer answer;
    request(host, door, &answer, method, target, headers);
    int status = answer.status;
    answer_free(&answer);
    return status;
}

bool is_disarmed(const struct host *host)
{
    struct answer answer;
    request(host, DOOR_UNIX, &answer, "GET", "/debug/trace/status", NULL);
    bool disarmed = answer.status == 200 && answer_says(&answer, "\"state\":\"disarmed\"");
    answer_free(&answer);
    return disarmed;
}
