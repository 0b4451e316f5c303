#define _GNU_SOURCE
#include "core/ownthread.h"

#include <pthread.h>
#include <signal.h>

#include "core/thread.h"

#define STACK_BYTES (256u * 1024)

/* All signals are blocked around the call, so that the thread inherits them blocked: the host's handlers
 * never run on it, and no signal that the host waits for is lost to it. */
int smk_start_own_thread(void *(*run)(void *), void *arg)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    uint8_t quiet = smk_tls.quiet;
    if (pthread_attr_init(&attr) != 0)
        return -12;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all);
    smk_tls.quiet = 1; /* our own wrappers let the call through */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &attr, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    smk_tls.quiet = quiet;
    pthread_attr_destroy(&attr);
    return -rc;
}
