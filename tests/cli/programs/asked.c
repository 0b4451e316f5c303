/* asked: serves requests on a unix socket, and makes them itself: each path takes its time in another way.
 *
 *   /plain  nothing       /futex  20 ms in a futex call that no wrapper sees       /lock  waits for a lock
 *   /map    maps, touches and unmaps 16 MiB       /sleep  20 ms
 *
 * usage: asked SOCKET TIMES */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SLOW_MS 20

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static pthread_mutex_t the_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t locked;
static int server_tid, asks_for_the_lock;
static int listener, times;

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* As C++ libraries and runtimes do it: no call of libc's. */
static void futex_wait(void)
{
    static int word;
    struct timespec time = {0, SLOW_MS * 1000000};
#ifdef __x86_64__
    long result;
    register struct timespec *r10 __asm__("r10") = &time;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"((long)SYS_futex), "D"(&word), "S"((long)FUTEX_WAIT_PRIVATE), "d"(0L), "r"(r10)
                     : "rcx", "r11", "memory");
#else
    register long x8 __asm__("x8") = SYS_futex;
    register long x0 __asm__("x0") = (long)&word;
    register long x1 __asm__("x1") = FUTEX_WAIT_PRIVATE;
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = (long)&time;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
#endif
}

static void map_and_unmap(void)
{
    size_t bytes = 16u << 20;
    char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return;
    memset(map, 1, bytes);
    munmap(map, bytes);
}

static bool server_sleeps(void)
{
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", server_tid);
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
    if (fd >= 0)
        close(fd);
    line[got > 0 ? got : 0] = '\0';
    return strstr(line, ") S ") != NULL;
}

/* It is held for long from when the server sleeps for it: a server that gets a CPU late would find it free. */
static void *hold_the_lock(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&the_lock);
    pthread_barrier_wait(&locked);
    while (!__atomic_load_n(&asks_for_the_lock, __ATOMIC_ACQUIRE) || !server_sleeps())
        sleep_ms(1);
    sleep_ms(SLOW_MS);
    pthread_mutex_unlock(&the_lock);
    return NULL;
}

static void wait_for_the_lock(void)
{
    pthread_t holder;
    pthread_barrier_init(&locked, NULL, 2);
    server_tid = (int)syscall(SYS_gettid);
    __atomic_store_n(&asks_for_the_lock, 0, __ATOMIC_RELAXED);
    if (pthread_create(&holder, NULL, hold_the_lock, NULL) != 0)
        return;
    pthread_setname_np(holder, "holder");
    pthread_barrier_wait(&locked);
    __atomic_store_n(&asks_for_the_lock, 1, __ATOMIC_RELEASE);
    pthread_mutex_lock(&the_lock);
    pthread_mutex_unlock(&the_lock);
    pthread_join(holder, NULL);
}

static void work(const char *path)
{
    if (strncmp(path, "/futex", 6) == 0)
        futex_wait();
    else if (strncmp(path, "/map", 4) == 0)
        map_and_unmap();
    else if (strncmp(path, "/lock", 5) == 0)
        wait_for_the_lock();
    else if (strncmp(path, "/sleep", 6) == 0)
        sleep_ms(SLOW_MS);
}

static void *serve(void *unused)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    char bytes[512];
    (void)unused;
    int client = accept(listener, NULL, NULL);
    ssize_t got;
    while ((got = read(client, bytes, sizeof(bytes) - 1)) > 0) {
        bytes[got] = '\0';
        work(bytes + 4);
        if (write(client, answer, sizeof(answer) - 1) < 0)
            break;
    }
    close(client);
    return NULL;
}

static int ask(int fd, const char *path)
{
    char bytes[512];
    int len = snprintf(bytes, sizeof(bytes), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    return write(fd, bytes, (size_t)len) == len && read(fd, bytes, sizeof(bytes)) > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const char *const paths[] = {"/plain", "/futex", "/lock", "/map", "/sleep"};
    pthread_t server;
    if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path))
        return 2;
    strcpy(address.sun_path, argv[1]);
    times = atoi(argv[2]);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (void *)&address, sizeof(address)) != 0 || listen(listener, 8) != 0 ||
        pthread_create(&server, NULL, serve, NULL) != 0)
        return 2;
    pthread_setname_np(server, "server");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (void *)&address, sizeof(address)) != 0)
        return 2;
    sleep_ms(300); /* the kernel's word about a thread begins a little behind its start */
    for (int i = 0; i < times; i++)
        for (size_t j = 0; j < sizeof(paths) / sizeof(paths[0]); j++)
            if (ask(fd, paths[j]) != 0)
                return 1;
    close(fd);
    pthread_join(server, NULL);
    unlink(argv[1]);
    return 0;
}
