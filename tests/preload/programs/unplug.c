/* unplug PLUGIN COUNT: loads it, waits for a lock in it, and unloads it, so often; two threads lock meanwhile. The
 * first time it stays for longer than the library looks for modules. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int stop; /* atomic */

static void *run(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        pthread_mutex_lock(&lock);
        usleep(100);
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? atoi(argv[2]) : 1, called = 0;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, run, NULL);
    for (int i = 0; i < count; i++) {
        void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        int (*call)(pthread_mutex_t *) = plugin ? (int (*)(pthread_mutex_t *))dlsym(plugin, "wait_in_plugin") : NULL;
        if (!call) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        called += call(&lock);
        for (int again = 0; i == 0 && again < 400; again++) {
            usleep(1000);
            call(&lock);
        }
        dlclose(plugin);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d calls\n", called);
    return 0;
}
