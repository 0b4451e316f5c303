/* watched: a program whose threads stand still in known places, so that somebody may look at them.
 *
 *     watched many N    N threads in a condition wait
 *     watched names     threads whose names are what a terminal or a reader obeys
 *     watched loader    a thread that holds the loader's lock for ever, and one that waits for it in dlopen
 *     watched frames    a thread in a system call of its own, below frames that only frame pointers leave
 *     watched waits     one wait of each kind: a mutex, a condition, a semaphore, a read-write lock, a join, a pipe, a
 *                       sleep; and one that runs
 *
 * Says "ready" and ends with its stdin. */
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t quiet_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t table_lock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t tickets;
static int pipes[2];
static volatile unsigned long turns;

static void name_me(const char *name) { prctl(PR_SET_NAME, name); }

__attribute__((noinline)) static void wait_for_ever(void)
{
    pthread_mutex_lock(&quiet_lock);
    for (;;)
        pthread_cond_wait(&never, &quiet_lock);
}

static void *one_of_many(void *arg)
{
    wait_for_ever();
    return arg;
}

static void *named(void *arg)
{
    name_me(arg);
    wait_for_ever();
    return NULL;
}

/* ---- the loader's lock ------------------------------------------------------------------------------------------ */

__attribute__((noinline)) static int stay(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)info, (void)size, (void)arg;
    for (;;)
        pause();
    return 0;
}

static void *loader_holder(void *arg)
{
    name_me("holder");
    dl_iterate_phdr(stay, NULL);
    return arg;
}

static void *loader_waiter(void *arg)
{
    name_me("opener");
    usleep(100000);
    dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
    return arg;
}

/* ---- frames that only frame pointers leave ---------------------------------------------------------------------- */

/* A stack of unknown size, and a system call that is in no library: nobody below has kept the register. */
__attribute__((noinline)) static long inner_frame(unsigned size)
{
    volatile char *room = alloca(size);
    room[0] = 1;
#if defined(__x86_64__)
    long result = SYS_pause;
    __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
    return result + room[0];
#else
    return pause() + room[0];
#endif
}

__attribute__((noinline)) static long outer_frame(unsigned size)
{
    volatile char *room = alloca(size);
    room[size - 1] = 1;
    return inner_frame(size + 16) + room[size - 1];
}

static void *framed(void *arg)
{
    name_me("framed");
    turns += (unsigned long)outer_frame(200 + (unsigned)turns);
    return arg;
}

/* ---- one of each ------------------------------------------------------------------------------------------------ */

static void *wait_mutex(void *arg) { return name_me("mutex"), pthread_mutex_lock(&held_lock), arg; }
static void *wait_cond(void *arg) { return name_me("cond"), wait_for_ever(), arg; }
static void *wait_sem(void *arg) { return name_me("sem"), sem_wait(&tickets), arg; }
static void *wait_rwlock(void *arg) { return name_me("rwlock"), pthread_rwlock_rdlock(&table_lock), arg; }
static void *wait_sleep(void *arg) { return name_me("sleep"), nanosleep(&(struct timespec){1000, 0}, NULL), arg; }

static void *wait_join(void *arg)
{
    name_me("join");
    pthread_join(*(pthread_t *)arg, NULL);
    return arg;
}

static void *wait_pipe(void *arg)
{
    char byte;
    name_me("pipe");
    return read(pipes[0], &byte, 1) == 1 ? arg : NULL;
}

static void *run(void *arg)
{
    name_me("run");
    for (;;)
        turns++;
    return arg;
}

/* ---- main ------------------------------------------------------------------------------------------------------- */

static pthread_t start(void *(*what)(void *), void *arg)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 * 1024);
    if (pthread_create(&thread, &attr, what, arg) != 0)
        exit(1);
    return thread;
}

static void start_one_of_each(void)
{
    static pthread_t joined;
    pthread_mutex_lock(&held_lock);
    pthread_rwlock_wrlock(&table_lock);
    sem_init(&tickets, 0, 0);
    if (pipe(pipes) != 0)
        exit(1);
    joined = start(wait_mutex, NULL);
    void *(*const others[])(void *) = {wait_cond, wait_sem, wait_rwlock, wait_sleep, wait_pipe, run};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        start(others[i], NULL);
    start(wait_join, &joined);
}

int main(int argc, char **argv)
{
    static char hostile[][16] = {"\033[31mred",     "a\nb\tc",     "\xe2\x80\xae""evil",
                                 "\xc2\x9b""31m", "\xff\xfe<b>", "(S) 1"};
    const char *what = argc > 1 ? argv[1] : "";
    struct pollfd in = {.fd = 0, .events = POLLIN};
    poll(&in, 1, 0);
    for (int i = 0; strcmp(what, "many") == 0 && argc > 2 && i < atoi(argv[2]); i++)
        start(one_of_many, NULL);
    for (size_t i = 0; strcmp(what, "names") == 0 && i < sizeof hostile / sizeof *hostile; i++)
        start(named, hostile[i]);
    if (strcmp(what, "loader") == 0) {
        start(loader_holder, NULL);
        start(loader_waiter, NULL);
    }
    if (strcmp(what, "frames") == 0)
        start(framed, NULL);
    if (strcmp(what, "waits") == 0)
        start_one_of_each();
    usleep(200000);
    if (write(1, "ready\n", 6) != 6)
        return 1;
    poll(&in, 1, -1);
    _exit(0);
}
