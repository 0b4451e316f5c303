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

void smk_source_on_first_wait(void (*function)(void))
{
    start = function;
    asked_in = smk_sys_getpid();
    smk_store_release(&smk_start_at, SMK_START_AT_WAIT | SMK_START_AT_LIFE); /* pairs with: smk_start_now */
}

bool smk_start_happened(void) { return smk_load_relaxed(&smk_start_at) == 0; }

void smk_start_now(void)
{
    if (smk_tls.quiet || smk_sys_getpid() != asked_in || smk_core_inert())
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
    asked_in = smk_sys_getpid();
    smk_store_relaxed(&smk_start_at, SMK_START_AT_WAIT);
}
