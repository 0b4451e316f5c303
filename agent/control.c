/* control.c: see control.h. The mailbox is in order; the loop empties it whole, so that a job may put
 * itself or others in again. */
#define _GNU_SOURCE
#include "control.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/fds.h"
#include "core/ownthread.h"
#include "core/thread.h"
#include "core/writer.h"
#include "exchange.h"
#include "heap.h"
#include "routes.h"

enum { STOPPED, STARTING, RUNNING, ENDING };

#define LOOK_FOR_HOST_NS UINT64_C(500000000)
#define START_NS UINT64_C(10000000000)

static struct {
    struct smk_lock lock;
    struct smk_job *first, **last; /* lock */
    bool closed;                   /* lock: nothing is taken any more */
    int wake_fd;                   /* lock; -1: none */
    uint32_t exchanges;            /* lock: submitted, and not answered yet */
} mailbox = {.lock = SMK_LOCK_INIT(SMK_RANK_MAILBOX), .last = &mailbox.first, .closed = true, .wake_fd = -1};

static struct {
    uint32_t state; /* atomic, futex */
    uint32_t tid;   /* atomic */
    uint32_t abandoned; /* atomic: an exchange was, since the loop last looked */
    int result;     /* of `begin`; read once the state is not STARTING */
    char why[512];  /* its message */
    struct smk_control_calls calls;
    struct event_base *base;        /* the loop's */
    struct event *wake;             /* the loop's */
    struct smk_timer *host_timer;   /* the loop's */
    struct smk_exchange *open;      /* the loop's: exchanges that handlers keep */
} loop;

static void set_state(uint32_t state)
{
    smk_store_release(&loop.state, state); /* pairs with: wait_while */
    smk_sys_futex_wake(&loop.state, INT32_MAX);
}

static bool is_ending(void) { return smk_load_acquire(&loop.state) == ENDING; } /* pairs with: set_state */

/* True when the state is another one within `ns`. */
static bool wait_while(uint32_t state, uint64_t ns)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ns;
    while (smk_load_acquire(&loop.state) == state) {
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        if (now >= until)
            return false;
        smk_sys_futex_wait(&loop.state, state, until - now);
    }
    return true;
}

bool smk_control_running(void) { return smk_load_acquire(&loop.state) == RUNNING; }
bool smk_control_here(void) { return (int)smk_load_relaxed(&loop.tid) == smk_sys_gettid(); }
int smk_control_tid(void) { return (int)smk_load_relaxed(&loop.tid); }
struct event_base *smk_control_base(void) { return loop.base; }
const char *smk_control_libevent(void) { return event_get_version(); }
uint64_t smk_control_cpu_ns(void) { return smk_sys_clock(CLOCK_THREAD_CPUTIME_ID); }

/* ---- the mailbox ---------------------------------------------------------------------------------------- */

/* Under the lock. */
static void put_job(struct smk_job *job)
{
    uint64_t one = 1;
    job->next = NULL;
    *mailbox.last = job;
    mailbox.last = &job->next;
    smk_sys_write(mailbox.wake_fd, &one, sizeof one);
}

bool smk_control_post(struct smk_job *job)
{
    smk_lock(&mailbox.lock);
    bool taken = !mailbox.closed;
    if (taken)
        put_job(job);
    smk_unlock(&mailbox.lock);
    return taken;
}

static void run_jobs(void)
{
    uint64_t count;
    smk_sys_read(mailbox.wake_fd, &count, sizeof count);
    smk_lock(&mailbox.lock);
    struct smk_job *job = mailbox.first;
    mailbox.first = NULL;
    mailbox.last = &mailbox.first;
    smk_unlock(&mailbox.lock);
    while (job) {
        struct smk_job *next = job->next;
        job->run(job);
        job = next;
    }
}

/* ---- calls that wait ------------------------------------------------------------------------------------- */

enum { CALL_WAITS, CALL_RUNS, CALL_DONE, CALL_CANCELLED };

/* In memory of our own: a caller that gave up leaves it to the loop. */
struct call {
    struct smk_job job;
    void (*run)(void *arg);
    void *arg;
    uint32_t state; /* atomic, futex */
    uint32_t references;
};

static void call_release(struct call *call)
{
    if (smk_sub_acq_rel(&call->references, 1) == 1)
        smk_heap_free(call);
}

static void run_call(struct smk_job *job)
{
    struct call *call = (struct call *)job;
    uint32_t waits = CALL_WAITS;
    bool ending = is_ending(); /* as in handle() */
    if (smk_cas_acq_rel(&call->state, &waits, ending ? CALL_CANCELLED : CALL_RUNS)) {
        if (!ending) {
            call->run(call->arg);
            smk_store_release(&call->state, CALL_DONE); /* pairs with: wait_for_call */
        }
        smk_sys_futex_wake(&call->state, INT32_MAX);
    }
    call_release(call);
}

/* The time is for its beginning: once it runs it uses the caller's memory, and is at its end soon. */
static int wait_for_call(struct call *call, uint64_t ns)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ns;
    for (;;) {
        uint32_t state = smk_load_acquire(&call->state);
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        if (state == CALL_DONE)
            return 0;
        if (state == CALL_CANCELLED)
            return smk_fail(SMK_E_UNAVAILABLE, "the agent ends");
        if (state == CALL_WAITS && now >= until && smk_cas_acq_rel(&call->state, &state, CALL_CANCELLED))
            return smk_fail(SMK_E_TIMEOUT, "the agent's control loop does not answer");
        smk_sys_futex_wait(&call->state, state, state == CALL_RUNS || now >= until ? 100000000u : until - now);
    }
}

int smk_control_call(void (*run)(void *arg), void *arg, uint64_t ns)
{
    if (smk_control_here()) {
        run(arg);
        return 0;
    }
    struct call *call = smk_heap_zalloc(sizeof *call);
    if (!call)
        return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    *call = (struct call){.job.run = run_call, .run = run, .arg = arg, .references = 2};
    if (!smk_control_post(&call->job)) {
        smk_heap_free(call);
        return smk_fail(SMK_E_UNAVAILABLE, "the agent does not run");
    }
    int rc = wait_for_call(call, ns);
    call_release(call);
    return rc;
}

/* ---- exchanges -------------------------------------------------------------------------------------------- */

static void answer_ending(struct smk_exchange *exchange)
{
    smk_answer_problem(&exchange->answer, 503, "ending", "the agent ends");
    smk_exchange_answer(exchange);
}

/* What comes while the agent ends must not arm anything: nobody would end it. */
static void handle(struct smk_exchange *exchange)
{
    exchange->open_next = loop.open;
    loop.open = exchange;
    if (is_ending())
        answer_ending(exchange);
    else
        smk_routes_dispatch(exchange);
}

static void run_exchange(struct smk_job *job)
{
    handle((struct smk_exchange *)((char *)job - offsetof(struct smk_exchange, job)));
}

bool smk_exchange_submit(struct smk_exchange *exchange)
{
    bool here = smk_control_here();
    exchange->job.run = run_exchange;
    smk_lock(&mailbox.lock);
    bool taken = !mailbox.closed && mailbox.exchanges < SMK_EXCHANGES_MAX;
    if (taken) {
        mailbox.exchanges++;
        smk_add_relaxed(&exchange->references, 1);
        if (!here)
            put_job(&exchange->job);
    }
    smk_unlock(&mailbox.lock);
    if (taken && here)
        handle(exchange);
    return taken;
}

void smk_control_forget(struct smk_exchange *exchange)
{
    struct smk_exchange **at = &loop.open;
    while (*at && *at != exchange)
        at = &(*at)->open_next;
    if (!*at)
        return;
    *at = exchange->open_next;
    smk_lock(&mailbox.lock);
    mailbox.exchanges--;
    smk_unlock(&mailbox.lock);
}

uint32_t smk_control_open_exchanges(void)
{
    smk_lock(&mailbox.lock);
    uint32_t count = mailbox.exchanges;
    smk_unlock(&mailbox.lock);
    return count;
}

/* A front may give up on any thread, without waiting; the handler hears of it here. */
static void drop_abandoned(void)
{
    struct smk_exchange *next;
    if (!smk_exchange_acq_rel(&loop.abandoned, 0)) /* pairs with: smk_control_note_abandoned */
        return;
    for (struct smk_exchange *exchange = loop.open; exchange; exchange = next) {
        next = exchange->open_next;
        if (!smk_exchange_is_abandoned(exchange))
            continue;
        smk_control_forget(exchange);
        if (exchange->abandoned)
            exchange->abandoned(exchange);
        smk_exchange_free(exchange);
    }
}

void smk_control_note_abandoned(void)
{
    uint64_t one = 1;
    smk_store_release(&loop.abandoned, 1); /* pairs with: drop_abandoned */
    smk_lock(&mailbox.lock);
    if (!mailbox.closed)
        smk_sys_write(mailbox.wake_fd, &one, sizeof one);
    smk_unlock(&mailbox.lock);
}

/* A process whose main thread ended by pthread_exit ends with its last thread: that must not be us. */
static void look_for_host(void *arg)
{
    uint32_t runs = RUNNING;
    (void)arg;
    smk_timer_set(loop.host_timer, LOOK_FOR_HOST_NS);
    smk_host_look_for_main();
    if (!smk_host_is_gone())
        return;
    smk_writer_wake(); /* it sleeps, and looks when it is woken */
    if (smk_cas_acq_rel(&loop.state, &runs, ENDING)) /* pairs with: woken */
        event_base_loopbreak(loop.base);
}

/* At the loop's end: whoever still waits is told. */
static void answer_open(void)
{
    while (loop.open) {
        struct smk_exchange *exchange = loop.open;
        if (exchange->abandoned)
            exchange->abandoned(exchange);
        smk_answer_clear(&exchange->answer);
        answer_ending(exchange);
    }
}

static void woken(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    run_jobs();
    drop_abandoned();
    if (is_ending())
        event_base_loopbreak(loop.base);
}

/* ---- the loop --------------------------------------------------------------------------------------------- */

static struct event_base *make_base(void)
{
    static bool given;
    if (&smk_libevent_is_ours && !given) {
        event_set_mem_functions(smk_heap_alloc, smk_heap_realloc, smk_heap_free);
        given = true;
    }
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    event_config_avoid_method(config, "epoll");
    event_config_avoid_method(config, "select");
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static int open_loop(void)
{
    loop.base = make_base();
    loop.wake = loop.base ? event_new(loop.base, mailbox.wake_fd, EV_READ | EV_PERSIST, woken, NULL) : NULL;
    if (!loop.wake || event_add(loop.wake, NULL) < 0)
        return smk_fail(SMK_E_NOMEM, "the control loop could not be made");
    loop.host_timer = smk_timer_new(look_for_host, NULL);
    smk_timer_set(loop.host_timer, LOOK_FOR_HOST_NS);
    return 0;
}

static void close_loop(void)
{
    smk_lock(&mailbox.lock);
    mailbox.closed = true;
    smk_unlock(&mailbox.lock);
    if (loop.base)
        run_jobs(); /* of those who were in time */
    answer_open();
    smk_timer_free(loop.host_timer);
    loop.host_timer = NULL;
    if (loop.wake)
        event_free(loop.wake);
    loop.wake = NULL;
    if (loop.base)
        event_base_free(loop.base);
    loop.base = NULL;
    smk_lock(&mailbox.lock);
    smk_fd_close(mailbox.wake_fd);
    mailbox.wake_fd = -1;
    smk_unlock(&mailbox.lock);
}

static void *loop_main(void *arg)
{
    (void)arg;
    smk_thread_hide();
    smk_sys_set_thread_name("stallmark-ctl");
    smk_store_relaxed(&loop.tid, (uint32_t)smk_sys_gettid());
    loop.result = open_loop();
    if (loop.result == 0)
        loop.result = loop.calls.begin();
    if (loop.result < 0) {
        snprintf(loop.why, sizeof loop.why, "%s", smk_last_error());
    } else {
        set_state(RUNNING);
        while (smk_load_acquire(&loop.state) == RUNNING && event_base_dispatch(loop.base) == 0)
            ;
        loop.calls.end();
    }
    close_loop();
    if (loop.result == 0)
        loop.calls.closed();
    smk_store_relaxed(&loop.tid, 0);
    set_state(STOPPED);
    return NULL;
}

static int open_mailbox(void)
{
    int fd = smk_fd_keep(smk_sys_eventfd());
    if (fd < 0)
        return smk_fail_errno(-fd, "the control loop's eventfd");
    smk_lock(&mailbox.lock);
    mailbox.wake_fd = fd;
    mailbox.closed = false;
    smk_unlock(&mailbox.lock);
    return 0;
}

int smk_control_start(const struct smk_control_calls *calls)
{
    uint32_t stopped = STOPPED;
    if (!smk_cas_acq_rel(&loop.state, &stopped, STARTING))
        return smk_fail(SMK_E_BUSY, "the agent runs already");
    loop.calls = *calls;
    loop.result = SMK_E_TIMEOUT;
    int rc = open_mailbox();
    if (rc == 0) {
        rc = smk_start_own_thread(loop_main, NULL);
        if (rc < 0) {
            rc = smk_fail_errno(-rc, "the control loop's thread could not be started");
            close_loop();
        }
    }
    if (rc < 0) {
        set_state(STOPPED);
        return rc;
    }
    if (!wait_while(STARTING, START_NS))
        return smk_fail(SMK_E_TIMEOUT, "the control loop did not start within ten seconds");
    return loop.result == 0 ? 0 : smk_fail(loop.result, "%s", loop.why);
}

bool smk_control_stop(uint64_t ns)
{
    uint32_t runs = RUNNING;
    uint64_t one = 1;
    if (smk_cas_acq_rel(&loop.state, &runs, ENDING)) { /* pairs with: woken */
        smk_lock(&mailbox.lock);
        smk_sys_write(mailbox.wake_fd, &one, sizeof one);
        smk_unlock(&mailbox.lock);
    }
    if (smk_control_here())
        return false;
    return wait_while(ENDING, ns);
}

void smk_control_reset_in_child(void)
{
    smk_lock_reset(&mailbox.lock);
    mailbox.first = NULL;
    mailbox.last = &mailbox.first;
    mailbox.closed = true;
    mailbox.wake_fd = -1; /* core closed it */
    mailbox.exchanges = 0;
    memset(&loop, 0, sizeof loop); /* what it points to stays, unused */
}

/* ---- descriptors -------------------------------------------------------------------------------------------- */

struct smk_watch {
    struct event *event;
    void (*due)(void *arg);
    void *arg;
};

static void watch_due(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct smk_watch *watch = arg;
    watch->due(watch->arg);
}

struct smk_watch *smk_watch_new(int fd, void (*due)(void *arg), void *arg)
{
    struct smk_watch *watch = smk_heap_zalloc(sizeof *watch);
    if (!watch)
        return NULL;
    *watch = (struct smk_watch){.due = due, .arg = arg};
    watch->event = event_new(loop.base, fd, EV_READ | EV_PERSIST, watch_due, watch);
    if (watch->event && event_add(watch->event, NULL) == 0)
        return watch;
    smk_watch_free(watch);
    return NULL;
}

void smk_watch_free(struct smk_watch *watch)
{
    if (!watch)
        return;
    if (watch->event)
        event_free(watch->event);
    smk_heap_free(watch);
}

/* ---- timers ------------------------------------------------------------------------------------------------- */

struct smk_timer {
    struct event *event;
    void (*due)(void *arg);
    void *arg;
};

static void timer_due(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct smk_timer *timer = arg;
    timer->due(timer->arg);
}

struct smk_timer *smk_timer_new(void (*due)(void *arg), void *arg)
{
    struct smk_timer *timer = smk_heap_zalloc(sizeof *timer);
    if (!timer)
        return NULL;
    *timer = (struct smk_timer){.due = due, .arg = arg};
    timer->event = event_new(loop.base, -1, 0, timer_due, timer);
    if (timer->event)
        return timer;
    smk_heap_free(timer);
    return NULL;
}

void smk_timer_set(struct smk_timer *timer, uint64_t ns)
{
    uint64_t us = (ns + 999) / 1000;
    struct timeval in = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};
    if (timer)
        event_add(timer->event, &in);
}

void smk_timer_clear(struct smk_timer *timer)
{
    if (timer)
        event_del(timer->event);
}

void smk_timer_free(struct smk_timer *timer)
{
    if (!timer)
        return;
    event_free(timer->event);
    smk_heap_free(timer);
}
