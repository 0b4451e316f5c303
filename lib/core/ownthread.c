#define _GNU_SOURCE
#include "core/ownthread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc_stat.h"
#include "base/sys.h"
#include "core/slots.h"
#include "core/thread.h"
#include "core/writer.h"

#define STACK_BYTES  (256u * 1024)
#define STARTING_MAX 32

/* What threads that are just starting will do. More than one at a time is rare. */
static struct starting {
    void *(*run)(void *);
    void *arg;
} starting[STARTING_MAX];
static uint32_t next_free[STARTING_MAX];
static struct smk_slots slots = {.top = SMK_NO_SLOT, .next = next_free, .capacity = STARTING_MAX};

static uint32_t own_threads; /* atomic: that run */
static uint32_t main_ended;  /* atomic */

void smk_own_thread_begins(void) { smk_add_acq_rel(&own_threads, 1); } /* pairs with: smk_host_is_gone */

/* The writer, which may sleep for ever, looks whether it is alone now. */
void smk_own_thread_ends(void)
{
    smk_sub_acq_rel(&own_threads, 1); /* pairs with: smk_host_is_gone */
    if (smk_host_main_has_ended())
        smk_writer_wake();
}

void smk_own_threads_reset_in_child(void)
{
    smk_slots_init(&slots, next_free, STARTING_MAX);
    smk_store_relaxed(&own_threads, 0);
    smk_store_relaxed(&main_ended, 0);
}

static void *counted(void *arg)
{
    uint32_t index = (uint32_t)(uintptr_t)arg;
    struct starting mine = starting[index];
    smk_slots_give(&slots, index);
    void *result = mine.run(mine.arg);
    smk_own_thread_ends();
    return result;
}

/* All signals are blocked around the call, so that the thread inherits them blocked: the host's handlers
 * never run on it, and no signal that the host waits for is lost to it. */
int smk_start_own_thread(void *(*run)(void *), void *arg)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    uint8_t quiet = smk_tls.quiet;
    uint32_t index = smk_slots_take(&slots);
    if (index == SMK_NO_SLOT)
        return -EAGAIN;
    starting[index] = (struct starting){run, arg};
    if (pthread_attr_init(&attr) != 0) {
        smk_slots_give(&slots, index);
        return -ENOMEM;
    }
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all);
    smk_tls.quiet = 1; /* our own wrappers let the call through */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    smk_add_acq_rel(&own_threads, 1);
    int rc = pthread_create(&thread, &attr, counted, (void *)(uintptr_t)index);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    smk_tls.quiet = quiet;
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        smk_sub_acq_rel(&own_threads, 1);
        smk_slots_give(&slots, index);
    }
    return -rc;
}

/* ---- the host's end ------------------------------------------------------------------------------------- */

void smk_host_main_ended(void)
{
    smk_store_release(&main_ended, 1); /* pairs with: smk_host_main_has_ended */
    smk_writer_wake();                 /* from now on it looks now and then */
}

bool smk_host_main_has_ended(void) { return smk_load_acquire(&main_ended) != 0; }

void smk_host_look_for_main(void)
{
    char path[32], text[512];
    struct smk_proc_stat stat;
    snprintf(path, sizeof path, "/proc/%d/stat", smk_sys_getpid());
    if (smk_host_main_has_ended() || smk_sys_slurp(path, text, sizeof text) <= 0)
        return;
    if (smk_proc_stat_parse(&stat, text) && stat.state == 'Z')
        smk_host_main_ended();
}

/* The main thread stays in the list, as a zombie, until the process ends. */
bool smk_host_is_gone(void)
{
    char status[4096];
    if (!smk_host_main_has_ended() || smk_sys_slurp("/proc/thread-self/status", status, sizeof status) <= 0)
        return false;
    const char *line = strstr(status, "\nThreads:\t");
    return line && strtoul(line + 10, NULL, 10) <= smk_load_acquire(&own_threads) + 1u;
}
