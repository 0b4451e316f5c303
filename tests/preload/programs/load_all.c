/* load_all LIBRARY…: loads each, and says how many came; why another did not, on stderr. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    int loaded = 0;
    for (int i = 1; i < argc; i++) {
        if (dlopen(argv[i], RTLD_NOW | RTLD_GLOBAL))
            loaded++;
        else
            fprintf(stderr, "%s\n", dlerror());
    }
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    printf("%d\n", loaded);
    return 0;
}
