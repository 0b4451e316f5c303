/* agent.c: the agent's life: start, stop, what lies between, and the public interface. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_state.h"
#include "aside.h"
#include "base/atomic.h"
#include "base/errors.h"
#include "base/sys.h"
#include "captures.h"
#include "control.h"
#include "core/capture.h"
#include "core/fds.h"
#include "core/init.h"
#include "core/limits.h"
#include "core/rest.h"
#include "core/shed.h"
#include "core/request_cost.h"
#include "core/writer.h"
#include "format/events.h"
#include "source/alloc.h"
#include "desk.h"
#include "family.h"
#include "family_member.h"
#include "filters.h"
#include "fronts.h"
#include "heap.h"
#include "live.h"
#include "log.h"
#include "loop_watch.h"
#include "pprof_route.h"
#include "recorder.h"
#include "rules.h"
#include "store.h"

#define STOP_NS   UINT64_C(2000000000)
#define CLOSE_NS  UINT64_C(300000000)
#define FAMILY_NS UINT64_C(250000000)
#define ENDING_NS UINT64_C(1500000000) /* of it, for the captures' files */

struct smk_agent smk_agent;

static struct smk_settings next_settings; /* from smk_agent_start to the loop's beginning */
static uint32_t atfork_registered;        /* atomic */
static uint32_t changing;                 /* atomic: somebody starts or stops it now */
static struct smk_timer *close_timer;     /* the loop's */
static struct smk_timer *family_timer;    /* the loop's */
static bool leads;                        /* the loop's: the TCP front was ours to start, and is */

/* ---- the loop's beginning and end --------------------------------------------------------------------------- */

static void begin_budget(void)
{
    const struct smk_settings *settings = &smk_agent.settings;
    smk_shed_set_budget(&(struct smk_shed_budget){.recorder = (uint32_t)settings->budget_recorder,
                                                  .armed = (uint32_t)settings->budget_armed,
                                                  .floor_ns = settings->budget_floor});
}

static void begin_limits(void)
{
    const struct smk_settings *settings = &smk_agent.settings;
    smk_limits_set(&(struct smk_limits){.threads = (uint32_t)settings->max_threads,
                                        .strings = (uint32_t)settings->max_strings,
                                        .sites = (uint32_t)settings->max_sites,
                                        .stacks = (uint32_t)settings->max_stacks,
                                        .lock_names = (uint32_t)settings->max_lock_names,
                                        .open_waits = (uint32_t)settings->max_open_waits,
                                        .lock_epochs = (uint32_t)settings->max_lock_epochs});
}

/* All that the agent will need: to start one takes the host's allocator, and that may be what hangs. */
static void begin_threads(void)
{
    smk_writer_start(); /* else the next arming tries again */
    smk_desk_open();
    smk_aside_open();
}

static int begin_tcp(void)
{
    leads = true;
    return smk_settings_listen(&smk_agent.settings) ? smk_front_tcp_start(&smk_agent.settings) : 0;
}

/* The doors anew: they may have been closed, for want of a token's file. */
static int take_tcp_over(void)
{
    int rc = smk_gate_open_doors(&smk_agent.settings);
    return rc < 0 ? rc : begin_tcp();
}

/* The first has the port: what was handed down to us would keep it open when that one has gone. */
static void drop_listener(void)
{
    int fd = smk_fd_handed_down();
    smk_fd_hand_down(-1);
    smk_fd_close(fd);
}

/* The socket for the first, and our turn to be it, which may come at any time. */
static void family_due(void *arg)
{
    (void)arg;
    smk_timer_set(family_timer, FAMILY_NS);
    smk_loop_watch_check();
    if (smk_agent.fronts_why[0])
        return;
    smk_member_open();
    if (!leads && smk_family_first() != 0 && !smk_family_is_first())
        drop_listener();
    if (leads || !smk_family_lead())
        return;
    smk_agent.tcp_why[0] = '\0';
    if (take_tcp_over() == 0)
        smk_agent_log("process %d is the first of its family now", smk_sys_getpid());
    else
        snprintf(smk_agent.tcp_why, sizeof smk_agent.tcp_why, "%s", smk_last_error());
    leads = smk_agent.tcp_why[0] == '\0';
}

/* A worker may not read the tokens any more: the first asks it all the same. */
static int begin_without_doors(int rc)
{
    if (!smk_family_is_child() || smk_family_lead())
        return rc;
    snprintf(smk_agent.socket_why, sizeof smk_agent.socket_why, "%s", smk_last_error());
    return 0;
}

/* Without a unix socket the agent is still of use; without the TCP front that was asked for it is not
 * what the operator wanted. */
static int begin_fronts(void)
{
    const struct smk_settings *settings = &smk_agent.settings;
    int rc = smk_gate_open_doors(settings);
    if (rc < 0)
        return begin_without_doors(rc);
    bool no_socket = settings->socket && strcmp(settings->socket, "off") == 0;
    rc = no_socket ? 0 : smk_front_unix_start(smk_control_base(), settings);
    if (rc < 0) {
        snprintf(smk_agent.socket_why, sizeof smk_agent.socket_why, "%s", smk_last_error());
        smk_agent_log("no unix socket: %s", smk_agent.socket_why);
    }
    if (rc == 0 || !settings->socket)
        rc = smk_family_lead() ? begin_tcp() : 0; /* else once we are the first: family_due */
    if (rc < 0) {
        smk_front_unix_stop();
        smk_gate_close_doors();
    }
    return rc;
}

static void close_fronts(void *arg)
{
    (void)arg;
    smk_front_tcp_stop();
    smk_front_unix_stop();
    smk_member_close();
}

/* A little later, so that whoever asked is told: a front cannot end while it answers. */
void smk_agent_close_fronts(const char *why)
{
    bool closing = smk_agent.fronts_why[0] != '\0';
    snprintf(smk_agent.fronts_why, sizeof smk_agent.fronts_why, "%s", why);
    if (!closing)
        smk_timer_set(close_timer, CLOSE_NS);
}

static int agent_begin(void)
{
    memset(&smk_agent, 0, sizeof smk_agent);
    smk_agent.settings = next_settings;
    smk_agent.started_unix_ns = smk_sys_clock(CLOCK_REALTIME);
    close_timer = smk_timer_new(close_fronts, NULL);
    family_timer = smk_timer_new(family_due, NULL);
    leads = false;
    smk_recorder_begin();
    smk_live_begin(&smk_agent.settings);
    smk_loop_watch_begin();
    begin_limits();
    begin_budget();
    smk_captures_open();
    smk_member_open();
    int rc = begin_fronts();
    if (rc < 0) {
        smk_member_close();
        smk_captures_end(0);
        smk_captures_close();
        smk_loop_watch_end();
        smk_timer_free(family_timer);
        smk_timer_free(close_timer);
        return rc;
    }
    smk_alloc_set_slow(smk_agent.settings.alloc_slow);
    smk_timer_set(family_timer, FAMILY_NS);
    smk_cost_set_slow(smk_agent.settings.request_cost);
    smk_recorder_begin_recording();
    begin_threads();
    smk_rules_begin();
    return 0;
}

static void agent_end(void)
{
    smk_timer_free(family_timer);
    smk_timer_free(close_timer);
    family_timer = close_timer = NULL;
    smk_loop_watch_end();
    smk_member_close();
    smk_front_tcp_stop();
    smk_front_unix_stop();
    smk_gate_close_doors();
    smk_pprof_end();
    smk_desk_close();
    smk_aside_close();
    smk_rules_end();
    smk_recorder_end();
    smk_captures_end(ENDING_NS);
    smk_shed_set_budget(&(struct smk_shed_budget){0}); /* what the program records by itself has none */
}

static void agent_closed(void)
{
    smk_rules_close();
    smk_captures_close();
}

/* ---- the public interface ------------------------------------------------------------------------------------- */

/* Runs before core's handler or after it: neither needs the other. */
static void reset_in_child(void)
{
    smk_heap_reset_in_child();
    smk_log_reset_in_child();
    smk_control_reset_in_child();
    smk_fronts_reset_in_child();
    smk_store_reset_in_child();
    smk_desk_reset_in_child();
    smk_aside_reset_in_child();
    smk_pprof_reset_in_child();
    smk_recorder_reset_in_child();
    smk_loop_watch_reset_in_child();
    smk_rules_reset_in_child();
    smk_member_reset_in_child();
    memset(&smk_agent, 0, sizeof smk_agent);
    family_timer = close_timer = NULL;
    leads = false;
    changing = 0;
}

static void register_atfork(void)
{
    if (smk_exchange_acq_rel(&atfork_registered, 1) == 0)
        pthread_atfork(NULL, NULL, reset_in_child);
}

static const char *refused_by_filter(void)
{
    return smk_filters_check() < 0 ? "a system-call filter of the host's forbids what the agent does" : NULL;
}

/* A worker that gave up its rights may not be able to write the log, which is no reason to be without an agent. */
static int start(const smk_agent_options *options)
{
    static const struct smk_control_calls calls = {agent_begin, agent_end, agent_closed};
    struct smk_settings settings;
    if (smk_control_running())
        return smk_fail(SMK_E_BUSY, "the agent runs already");
    if (smk_core_inert())
        return smk_fail(SMK_E_INERT, "stallmark is inert in this process: %s", smk_core_inert());
    int rc = smk_filters_check();
    if (rc == 0)
        rc = smk_settings_load(&settings, options);
    if (rc < 0)
        return rc;
    rc = smk_log_open(settings.log_file, options ? options->log : NULL, options ? options->log_arg : NULL);
    if (rc < 0 && smk_family_is_child())
        rc = smk_log_open(NULL, options ? options->log : NULL, options ? options->log_arg : NULL);
    if (rc == 0) {
        register_atfork();
        smk_rest_add_check(refused_by_filter);
        smk_family_prepare();
        next_settings = settings;
        rc = smk_control_start(&calls);
        if (rc == SMK_E_TIMEOUT)
            return rc; /* it sits in a slow disk, and has the settings */
        if (rc < 0)
            smk_log_close();
    }
    if (rc < 0)
        smk_settings_free(&settings);
    return rc;
}

static int stop(void)
{
    if (smk_resting())
        return smk_fail(SMK_E_INERT, "stallmark is inert in this process: %s", smk_core_inert());
    if (!smk_control_running())
        return 0;
    if (!smk_control_stop(STOP_NS))
        return smk_fail(SMK_E_TIMEOUT, "the agent's threads have not ended within two seconds");
    smk_log_close();
    smk_settings_free(&smk_agent.settings);
    return 0;
}

SMK_EXPORT int smk_agent_start(const smk_agent_options *options)
{
    if (smk_exchange_acq_rel(&changing, 1)) /* pairs with: smk_agent_stop, and ourselves */
        return smk_fail(SMK_E_BUSY, "the agent is being started or stopped");
    int rc = start(options);
    smk_store_release(&changing, 0); /* pairs with: smk_agent_start, smk_agent_stop */
    return rc;
}

SMK_EXPORT int smk_agent_stop(void)
{
    if (smk_exchange_acq_rel(&changing, 1)) /* pairs with: smk_agent_start, and ourselves */
        return smk_fail(SMK_E_BUSY, "the agent is being started or stopped");
    int rc = stop();
    smk_store_release(&changing, 0); /* pairs with: smk_agent_start, smk_agent_stop */
    return rc;
}

SMK_EXPORT int smk_agent_address(char *text, size_t size)
{
    if (!text || size == 0)
        return smk_fail(SMK_E_INVALID, "no room for the address");
    smk_front_tcp_address(text, size);
    return 0;
}

__attribute__((destructor)) static void agent_destroyed(void)
{
    if (smk_core_is_own_process())
        smk_agent_stop();
}
