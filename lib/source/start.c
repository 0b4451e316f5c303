#define _GNU_SOURCE
#include "source/start.h"

#include <errno.h>
#include <pthread.h>

#include "base/sys.h"
#include "core/init.h"
#include "core/thread.h"

uint32_t smk_start_at;

static void (*start)(void); /* set in the constructor */
static int asked_in;        /* the process in which it is to happen */
static int forked_by;       /* in a child of fork: its parent; else 0 */

void smk_source_on_first_wait(void (*function)(void))
{
    start = function;
    asked_in = smk_sys_getpid();
    smk_store_release(&smk_start_at, SMK_START_AT_WAIT | SMK_START_AT_LIFE); /* pairs with: smk_start_now */
}

bool smk_start_happened(void) { return smk_load_relaxed(&smk_start_at) == 0; }

/* In a child of fork: a process that is to stay. A daemon has a session of its own, or its parent has gone. */
static bool is_daemon(void)
{
    return smk_sys_getsid() == smk_sys_getpid() || smk_sys_getppid() != forked_by;
}

void smk_start_now(uint32_t trigger)
{
    if (smk_tls.quiet || smk_sys_getpid() != asked_in || smk_core_inert())
        return;
    if (trigger == SMK_START_AT_LIFE && forked_by != 0 && !is_daemon())
        return;
    if (smk_exchange_acq_rel(&smk_start_at, 0) == 0) /* pairs with: smk_source_on_first_wait */
        return;
    int saved = errno, cancel;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    smk_tls.quiet = 1;
    start();
    smk_tls.quiet = 0;
    pthread_setcancelstate(cancel, &cancel);
    errno = saved;
}

void smk_start_after_fork_in_child(void)
{
    if (!start)
        return;
    forked_by = asked_in;
    asked_in = smk_sys_getpid();
    smk_store_relaxed(&smk_start_at, SMK_START_AT_WAIT | SMK_START_AT_LIFE);
}
