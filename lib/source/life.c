/* life.c: see life.h. Begins with the constructor, which looks up libc's functions, makes core's tables,
 * and starts nothing: no thread, no descriptor, no file.
 *
 * Inert, that is for ever disarmed, are: a process with more rights than its user (setuid, file
 * capabilities), every copy of the library but one, and a process that may have little address space. In a
 * fork's child all that was recorded is the parent's; it may be armed anew.
 */
#define _GNU_SOURCE
#include "source/life.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/init.h"
#include "core/ownthread.h"
#include "core/pool.h"
#include "core/rest.h"
#include "core/request_cost.h"
#include "format/tables.h"
#include "source/alloc.h"
#include "source/conn.h"
#include "source/contended.h"
#include "source/epochs.h"
#include "source/hook_thread.h"
#include "source/modules.h"
#include "source/mutex.h"
#include "source/probe.h"
#include "source/resolve.h"
#include "source/sched.h"
#include "source/seen.h"
#include "source/stack.h"
#include "source/start.h"
#include "source/sync.h"

/* We take up to 300 MiB of it, most of it never touched: a host that is limited would miss them. */
#define ADDRESS_SPACE_MIN UINT64_C(536870912)

uint32_t smk_copies;
/* The one in this object, whatever the name is bound to. */
extern uint32_t own_copies __attribute__((alias("smk_copies"), visibility("hidden")));

static bool works; /* this copy, in this process */

/* ---- what core asks of the sources ------------------------------------------------------------------------ */

static void prepare(void)
{
    const char *why = smk_probe_calls();
    if (why) {
        smk_core_go_inert(why);
        return;
    }
    smk_clock_calibrate();
    smk_cost_prepare();
    smk_seen_prepare();
    smk_alloc_prepare();
    smk_stack_prepare();
    smk_sched_prepare();
}

static int start_thread(void *(*run)(void *), void *arg)
{
    return smk_start_happened() ? smk_start_own_thread(run, arg) : -EAGAIN;
}

static size_t add_line(char *text, size_t size, size_t len, const char *line)
{
    size_t more = strlen(line);
    if (len + more + 2 > size)
        return len;
    memcpy(text + len, line, more);
    memcpy(text + len + more, "\n", 2);
    return len + more + 1;
}

/* Lines that end already. */
static size_t add_text(char *text, size_t size, size_t len, const char *lines)
{
    size_t more = strlen(lines);
    if (len + more + 1 > size)
        return len;
    memcpy(text + len, lines, more + 1);
    return len + more;
}

static size_t missing(char *text, size_t size)
{
    char absent[512];
    size_t len = 0;
    text[0] = '\0';
    if (!SMK_SYNC_KNOWN)
        len = add_line(text, size, len, "who wakes waiters: unknown with this C library");
    if (!SMK_MUTEX_KNOWN)
        len = add_line(text, size, len, "holders of locks: unknown with this C library");
    if (smk_hook_thread_unseen() > 0)
        len = add_line(text, size, len, "some thread starts: more than 1024 threads were starting at once");
    if (smk_resolve_absent(absent, sizeof absent) > 0) {
        len = add_line(text, size, len, "the C library has not:");
        len = add_line(text, size, len, absent);
    }
    if (smk_modules_missing(absent, sizeof absent) > 0)
        len = add_line(text, size, len, absent);
    if (smk_conns_missing(absent, sizeof absent) > 0)
        len = add_text(text, size, len, absent);
    if (smk_probe_refused())
        len = add_line(text, size, len, smk_probe_refused());
    return len;
}

static void facts(const struct smk_source_base *base, smk_add_fact add, void *arg)
{
    char text[4096];
    smk_sched_facts(base, add, arg);
    if (smk_calls_list(text, sizeof text) > 0)
        add(arg, SMK_FACT_CALLS, text);
}

static const struct smk_source_calls calls = {.prepare = prepare,
                                              .modules = smk_modules_each,
                                              .refresh = smk_modules_refresh_if_wanted,
                                              .blocked_stack = smk_stack_of_blocked,
                                              .lock_named = smk_epoch_note,
                                              .start_thread = start_thread,
                                              .missing = missing,
                                              .requests = smk_conns_requests,
                                              .base = smk_sched_base,
                                              .begin = smk_sched_begin,
                                              .collect = smk_sched_collect,
                                              .stand = smk_sched_stand,
                                              .tick = smk_sched_tick,
                                              .cost = smk_sched_cost,
                                              .facts = facts};

/* ---- the beginning ---------------------------------------------------------------------------------------- */

static void after_fork_in_child(void)
{
    if (!works)
        return;
    smk_core_after_fork_in_child();
    smk_hook_thread_reset_in_child();
    smk_stack_reset_in_child();
    smk_sched_reset_in_child();
    smk_contended_reset_in_child();
    smk_conns_reset_in_child();
    smk_start_after_fork_in_child();
}

/* The only variable that the library itself reads; what the agent reads is in its own table. */
static bool slow_clock(void)
{
    const char *clock = getenv("STALLMARK_CLOCK");
    return clock && strcmp(clock, "monotonic") == 0;
}

static bool has_more_rights(void)
{
    return getauxval(AT_SECURE) != 0 || geteuid() != getuid() || getegid() != getgid();
}

static const char *why_inert(void)
{
    uint32_t *volatile bound = &smk_copies; /* volatile: the compiler knows nothing of the loader */
    smk_add_relaxed(bound, 1);
    if (bound != &own_copies)
        return "another copy of the library works in this process";
    if (has_more_rights())
        return "the process has more rights than its user";
    const char *refused = smk_probe_calls();
    if (!refused && smk_sys_address_space_left() < ADDRESS_SPACE_MIN)
        return "the limit of address space (ulimit -v) leaves the process less than 512 MiB";
    return refused;
}

void smk_life_begin(void)
{
    int saved = errno; /* a program begins with 0 */
    struct smk_core_config config;
    smk_resolve_all();
    const char *why = why_inert();
    smk_core_config_init(&config);
    config.slow_clock = slow_clock();
    if (why) {
        smk_core_go_inert(why);
    } else if (smk_core_init(&config) == 0) {
        works = true;
        smk_core_set_sources(&calls);
        smk_rest_add_check(smk_probe_calls);
        pthread_atfork(NULL, NULL, after_fork_in_child);
    }
    errno = saved;
}

/* Where nothing was ever armed there is nothing to end, so that the many short lives of fork's children cost
 * nothing. */
__attribute__((destructor)) static void life_ends(void)
{
    if (works && smk_pool_ready() && smk_core_is_own_process() && !smk_resting())
        smk_core_shutdown();
}
