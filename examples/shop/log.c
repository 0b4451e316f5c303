/* The audit log: lines that must be on disk. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shop.h"

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t log_stop = PTHREAD_COND_INITIALIZER;
static char lines[1 << 18];  /* log_lock */
static size_t lines_len;     /* log_lock */
static bool stopping;        /* log_lock */
static int log_fd = -1;
static pthread_t log_thread;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Writes and waits for the disk. Disks differ, and a demonstration should not: what this one did not
 * take of disk_ms is slept. */
SHOP_NOINLINE static void write_and_flush(const char *text, size_t len)
{
    uint64_t begin = now_ns(), least = (uint64_t)shop_options.disk_ms * 1000000;
    if (write(log_fd, text, len) != (ssize_t)len || fdatasync(log_fd) != 0)
        perror("shop: audit log");
    uint64_t took = now_ns() - begin;
    if (took < least)
        nanosleep(&(struct timespec){.tv_nsec = (long)(least - took)}, NULL);
}

SHOP_NOINLINE void log_flush(const char *line) { write_and_flush(line, strlen(line)); }

void log_later(const char *line)
{
    size_t len = strlen(line);
    pthread_mutex_lock(&log_lock);
    if (lines_len + len <= sizeof(lines)) {
        memcpy(lines + lines_len, line, len);
        lines_len += len;
    }
    pthread_mutex_unlock(&log_lock);
}

/* Ten times a second what came meanwhile, outside the lock. */
static void *log_main(void *arg)
{
    static char copy[sizeof(lines)];
    bool end = false;
    (void)arg;
    smk_thread_name("log");
    while (!end) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&log_lock);
        while (!stopping && pthread_cond_timedwait(&log_stop, &log_lock, &until) == 0)
            ;
        size_t len = lines_len;
        memcpy(copy, lines, len);
        lines_len = 0;
        end = stopping;
        pthread_mutex_unlock(&log_lock);
        if (len)
            write_and_flush(copy, len);
    }
    return NULL;
}

int log_open(const char *path)
{
    log_fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) {
        perror(path);
        return -1;
    }
    smk_lock_name(&log_lock, "log_lock");
    return pthread_create(&log_thread, NULL, log_main, NULL) == 0 ? 0 : -1;
}

void log_close(void)
{
    pthread_mutex_lock(&log_lock);
    stopping = true;
    pthread_mutex_unlock(&log_lock);
    pthread_cond_signal(&log_stop);
    pthread_join(log_thread, NULL);
    close(log_fd);
}
