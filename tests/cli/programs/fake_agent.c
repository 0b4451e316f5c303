/* What an agent might answer, right or wrong, in words that the test wrote down beforehand.
 *
 *     fake_agent SOCKET ANSWERS LOG
 *
 * Listens on the unix socket and on a port of 127.0.0.1, which it prints. The answer to `GET /debug/x/y?z`
 * is the file ANSWERS/GET_debug_x_y: a status in the first line, the body behind it. Where there is
 * GET_debug_x_y.1 it is used once, then .2, and so on. What stands behind the status is sent as a header;
 * status 0: the connection is closed without a word. Each request line goes into LOG, with its Host and
 * its Authorization. Ends by a signal. */
#include <arpa/inet.h>
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUEST_MAX = 65536, ANSWER_MAX = 1 << 24 };

static const char *answers;
static FILE *request_log;

static int listen_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 16) == 0 ? fd : -1;
}

static int listen_tcp(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return -1;
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* Reads up to the blank line. */
static int read_request(int fd, char *request)
{
    size_t len = 0;
    for (;;) {
        ssize_t n = read(fd, request + len, REQUEST_MAX - 1 - len);
        if (n <= 0)
            return -1;
        len += (size_t)n;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n"))
            return 0;
    }
}

static void log_request(const char *request)
{
    const char *token = strstr(request, "\r\nAuthorization: ");
    const char *host = strstr(request, "\r\nHost: ");
    fprintf(request_log, "%.*s", (int)strcspn(request, "\r"), request);
    if (host)
        fprintf(request_log, " host=%.*s", (int)strcspn(host + 8, "\r"), host + 8);
    if (token)
        fprintf(request_log, " authorization=%.*s", (int)strcspn(token + 17, "\r"), token + 17);
    fputc('\n', request_log);
    fflush(request_log);
}

/* The file of an answer; those that are used once go away. */
static FILE *find_answer(const char *request)
{
    char name[256], path[512];
    size_t n = 0;
    for (const char *c = request; *c && *c != '?' && *c != '\r' && n + 1 < sizeof(name); c++) {
        if (*c == ' ' && n && strchr(request, ' ') != c)
            break;
        if (*c == ' ' || (*c == '/' && n && name[n - 1] == '_'))
            continue;
        name[n++] = isalnum((unsigned char)*c) ? *c : '_';
    }
    name[n] = '\0';
    for (int i = 1; i < 10; i++) {
        snprintf(path, sizeof(path), "%s/%s.%d", answers, name, i);
        FILE *once = fopen(path, "r");
        if (once) {
            unlink(path);
            return once;
        }
    }
    snprintf(path, sizeof(path), "%s/%s", answers, name);
    return fopen(path, "r");
}

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

static void answer(int fd, const char *request)
{
    static char body[ANSWER_MAX];
    char line[512], head[2048] = "";
    unsigned status = 404;
    size_t len = 0;
    FILE *file = find_answer(request);
    if (file) {
        if (!fgets(line, sizeof(line), file) || sscanf(line, "%u", &status) != 1)
            status = 500;
        len = fread(body, 1, sizeof(body), file);
        fclose(file);
    }
    if (status == 0)
        return;
    const char *header = strchr(line, ' ');
    size_t n = (size_t)snprintf(head, sizeof(head),
                                "HTTP/1.1 %u Answer\r\nConnection: close\r\nContent-Length: %zu\r\n",
                                status, len);
    if (file && header)
        n += (size_t)snprintf(head + n, sizeof(head) - n, "%.*s\r\n", (int)strcspn(header + 1, "\n"), header + 1);
    n += (size_t)snprintf(head + n, sizeof(head) - n, "\r\n");
    send_all(fd, head, n);
    if (strncmp(request, "HEAD ", 5) != 0)
        send_all(fd, body, len);
}

static void serve(int listener)
{
    static char request[REQUEST_MAX];
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        return;
    if (read_request(fd, request) == 0) {
        log_request(request);
        answer(fd, request);
    }
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    answers = argv[2];
    request_log = fopen(argv[3], "a");
    struct pollfd doors[2] = {{.fd = listen_unix(argv[1]), .events = POLLIN}, {.events = POLLIN}};
    doors[1].fd = doors[0].fd < 0 ? -1 : listen_tcp();
    if (!request_log || doors[1].fd < 0) {
        perror("fake_agent");
        return 1;
    }
    while (poll(doors, 2, -1) > 0)
        for (int i = 0; i < 2; i++)
            if (doors[i].revents)
                serve(doors[i].fd);
    return 1;
}
