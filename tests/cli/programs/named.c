/* Waits in functions that are known by name: static ones, one that is inlined, one in the lock's name. With a
 * plugin's path, or two: loads it, waits in it, unloads it, and then the next. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#ifndef PAUSE_NAME
#define PAUSE_NAME pause_of_the_program
#endif

#ifndef PLUGIN
struct shelf {
    long books;
    pthread_mutex_t lock;
};

static struct shelf the_shelf = {7, PTHREAD_MUTEX_INITIALIZER};
#endif

void PAUSE_NAME(long ms);

__attribute__((noinline, visibility("default"))) void PAUSE_NAME(long ms)
{
    struct timespec ts = {0, ms * 1000000};
    nanosleep(&ts, NULL);
    __asm__ volatile("" ::: "memory");
}

#ifndef PLUGIN
static inline __attribute__((always_inline)) void read_a_book(long ms)
{
    pthread_mutex_lock(&the_shelf.lock);
    PAUSE_NAME(ms);
    pthread_mutex_unlock(&the_shelf.lock);
}

static __attribute__((noinline)) void *reader(void *arg)
{
    read_a_book(30);
    return arg;
}

static void use_plugin(const char *path, long ms)
{
    void *plugin = dlopen(path, RTLD_NOW);
    void (*pause)(long) = plugin ? (void (*)(long))dlsym(plugin, "pause_of_the_plugin") : NULL;
    void (*pause_too)(long) = plugin ? (void (*)(long))dlsym(plugin, "pause_of_the_other") : NULL;
    if (pause)
        pause(ms);
    if (pause_too)
        pause_too(ms);
    if (plugin)
        dlclose(plugin);
}

int main(int argc, char **argv)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, reader, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < argc; i++)
        use_plugin(argv[i], 10 * (i + 1));
    return 0;
}
#endif
