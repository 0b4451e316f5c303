/* A stand-in for libstallmark-preload.so: does nothing, but wants a symbol of a late glibc as the real
 * one does. */
#include <pthread.h>

int stand_in(void);

static void *nothing(void *arg) { return arg; }

__attribute__((visibility("default"))) int stand_in(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, NULL) == 0 ? pthread_join(thread, NULL) : -1;
}
