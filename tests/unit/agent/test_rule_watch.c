/* What rules look for, look by look: what ended, what still runs, levels; none is counted twice, and none that no rule
 * is about. */
#define _GNU_SOURCE
#include "agent_test.h"

#include <pthread.h>

#include "control.h"
#include "core/notable.h"
#include "rule_levels.h"
#include "rules.h"

static void on_the_loop(void (*run)(void *), void *arg)
{
    assert_int_equal(smk_control_call(run, arg, UINT64_C(10000000000)), 0);
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

struct put {
    const char *name, *text;
    int rc;
};

static void put(void *arg)
{
    struct put *p = arg;
    struct smk_rule_refusal refusal = {0};
    struct smk_rule_live *live;
    p->rc = smk_rules_put(p->name, p->text, strlen(p->text), false, &refusal, &live);
}

static void set_rule(const char *name, const char *text)
{
    struct put p = {.name = name, .text = text};
    on_the_loop(put, &p);
    assert_int_equal(p.rc, 0);
}

/* None of them captures anything: what is asked is whether the condition held. */
static void set(const char *name, const char *condition)
{
    char text[256];
    snprintf(text, sizeof text, "when %s skip 99.99%%", condition);
    set_rule(name, text);
}

static void drop(void *name) { smk_rules_remove(name); }

static void look(void *arg)
{
    (void)arg;
    smk_rules_look();
}

struct asked {
    const char *name;
    uint64_t matched, fired;
    struct smk_cause worst, last;
};

static void ask(void *arg)
{
    struct asked *asked = arg;
    const struct smk_rule_live *live = smk_rules_find(asked->name);
    assert_non_null(live);
    asked->matched = live->matched;
    asked->fired = live->guard.fired;
    asked->worst = live->worst;
    asked->last = live->last;
}

/* After two looks: the end of what the first found while it ran is told in the second. */
static struct asked matched(const char *name)
{
    struct asked asked = {.name = name};
    on_the_loop(look, NULL);
    on_the_loop(look, NULL);
    on_the_loop(ask, &asked);
    return asked;
}

/* ---- what happens ---------------------------------------------------------------------------------------------- */

static void serve(const char *route, int status, uint64_t ns, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        smk_request request = smk_request_begin(route);
        smk_request_status(request, status);
        smk_sys_sleep(ns);
        smk_request_end(request);
    }
}

#define MS UINT64_C(1000000)

/* ---- tests ----------------------------------------------------------------------------------------------------- */

static void requests_that_ended(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    set("slow", "request > 20ms on \"GET /cart*\"");
    set("bad", "status >= 500 on \"GET /cart*\"");
    serve("GET /cart", 200, 30 * MS, 3);
    serve("GET /cart/7", 503, 0, 2);
    serve("GET /item", 503, 30 * MS, 2); /* of another route */
    struct asked slow = matched("slow");
    assert_int_equal(slow.matched, 3);
    assert_string_equal(slow.worst.what, "GET /cart");
    assert_true(slow.worst.value > 30 * MS && slow.worst.request && slow.worst.tid && !slow.worst.running);
    assert_int_equal(slow.worst.status, 200);
    assert_int_equal(matched("bad").matched, 2);
}

/* While it runs it is counted once, and its end is not counted again. */
static void requests_that_run(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    set("slow", "request > 400ms");
    smk_request request = smk_request_begin("GET /cart"), other = smk_request_begin("GET /item");
    assert_int_equal(matched("slow").matched, 0);
    smk_sys_sleep(500 * MS);
    struct asked slow = matched("slow");
    assert_int_equal(slow.matched, 2);
    assert_true(slow.worst.running);
    assert_int_equal(matched("slow").matched, 2);
    smk_request_end(request);
    assert_int_equal(matched("slow").matched, 2);
    serve("GET /cart", 200, 500 * MS, 1);
    assert_int_equal(matched("slow").matched, 3);
    smk_request_end(other);
    assert_int_equal(matched("slow").matched, 3);
}

/* Of what is suppressed while it runs the worst is as long as it is by now, and as it was in the end. */
static void the_worst_goes_on(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    set("slow", "request > 100ms");
    smk_request request = smk_request_begin("GET /cart");
    smk_sys_sleep(150 * MS);
    struct asked first = matched("slow");
    assert_true(first.worst.running && first.worst.value > 100 * MS);
    smk_sys_sleep(300 * MS);
    struct asked later = matched("slow");
    assert_true(later.worst.running && later.worst.value > 400 * MS);
    assert_int_equal(later.worst.request, first.worst.request);
    smk_request_status(request, 503);
    smk_sys_sleep(50 * MS);
    smk_request_end(request);
    struct asked ended = matched("slow");
    assert_true(!ended.worst.running && ended.worst.value > later.worst.value);
    assert_int_equal(ended.worst.status, 503);
    assert_int_equal(ended.matched, 1);
}

/* Looks at the rule until it has fired so often. */
static struct asked until_fired(const char *name, uint64_t times)
{
    struct asked asked = {.name = name};
    for (int i = 0; i < 1000 && asked.fired < times; i++) {
        smk_sys_sleep(20 * MS);
        on_the_loop(ask, &asked);
    }
    assert_int_equal(asked.fired, times);
    return asked;
}

/* What hangs and was suppressed is captured once nothing is in its way any more, and what was captured is not again. */
static void what_hangs_is_not_missed(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    set_rule("hangs", "when request > 100ms then snapshot after 0s cooldown 1500ms");
    smk_request first = smk_request_begin("GET /first");
    uint64_t id = until_fired("hangs", 1).last.request;
    smk_request second = smk_request_begin("GET /second");
    struct asked hangs = until_fired("hangs", 2);
    assert_true(hangs.last.running && hangs.last.request != id);
    assert_string_equal(hangs.last.what, "GET /second");
    assert_int_equal(hangs.matched, 2);
    assert_int_equal(hangs.worst.time_unix_ns, 0);
    smk_sys_sleep(3000 * MS);
    assert_int_equal(matched("hangs").fired, 2);
    smk_request_end(first);
    smk_request_end(second);
    assert_int_equal(matched("hangs").matched, 2);
}

/* Not before the route has had enough; then beyond what is usual for it, which is each route's own. */
static void what_is_usual(void **state)
{
    static const struct smk_agent_setting settings[] = {{"rule_samples", "20"}, {NULL, NULL}};
    (void)state;
    assert_int_equal(start_with(settings), 0);
    set("unusual", "request > 50x p50 on \"GET /*\"");
    serve("GET /quick", 200, 2 * MS, 10);
    for (int i = 0; i < 12; i++) /* what is usual is asked for once a second */
        on_the_loop(look, NULL);
    serve("GET /quick", 200, 200 * MS, 1);
    assert_int_equal(matched("unusual").matched, 0);
    serve("GET /quick", 200, 2 * MS, 20);
    serve("GET /long", 200, 200 * MS, 1);
    for (int i = 0; i < 12; i++)
        on_the_loop(look, NULL);
    serve("GET /quick", 200, 400 * MS, 1);
    serve("GET /long", 200, 400 * MS, 1); /* of which there were too few */
    struct asked unusual = matched("unusual");
    assert_int_equal(unusual.matched, 1);
    assert_string_equal(unusual.worst.what, "GET /quick");
}

static void *wait_long(void *arg)
{
    smk_wait wait = SMK_WAIT_BEGIN(SMK_WAITING_DISK, "flush", NULL);
    smk_sys_sleep(*(uint64_t *)arg);
    smk_wait_end(wait);
    return NULL;
}

static void waits_that_last(void **state)
{
    pthread_t thread;
    uint64_t ns = 1200 * MS;
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    set("disk", "disk wait > 50ms");
    set("lock", "lock wait > 50ms");
    pthread_create(&thread, NULL, wait_long, &ns);
    smk_sys_sleep(400 * MS);
    struct asked disk = matched("disk");
    assert_int_equal(disk.matched, 1);
    assert_true(disk.worst.running && disk.worst.value > 50 * MS && disk.worst.tid);
    pthread_join(thread, NULL);
    struct asked ended = matched("disk");
    assert_int_equal(ended.matched, 1);
    assert_true(!ended.worst.running && ended.worst.value >= 1200 * MS);
    assert_int_equal(matched("lock").matched, 0);
}

/* A level fires when it is reached, and not again before it was left. */
static void levels(void **state)
{
    smk_request requests[5];
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    set("queue", "queue > 3 on \"GET /cart\"");
    set("memory", "rss > 1MiB");
    set("more", "rss > 1000GiB");
    for (int i = 0; i < 5; i++)
        requests[i] = smk_request_begin(i < 3 ? "GET /cart" : "GET /item");
    assert_int_equal(matched("queue").matched, 0);
    smk_request more = smk_request_begin("GET /cart");
    struct asked queue = matched("queue");
    assert_int_equal(queue.matched, 1);
    assert_int_equal(queue.worst.value, 4);
    smk_request_end(more);
    assert_int_equal(matched("queue").matched, queue.matched);
    more = smk_request_begin("GET /cart");
    assert_int_equal(matched("queue").matched, queue.matched + 1);
    smk_request_end(more);
    for (int i = 0; i < 5; i++)
        smk_request_end(requests[i]);
    for (int i = 0; i < 12; i++) /* memory is asked for once a second */
        on_the_loop(look, NULL);
    struct asked memory = matched("memory");
    assert_true(memory.matched >= 1 && memory.worst.value > 1 << 20);
    assert_int_equal(matched("more").matched, 0);
}

static void *spin(void *stop)
{
    while (!smk_load_relaxed((uint32_t *)stop))
        ;
    return NULL;
}

/* The kernel's figures: CPU of the process, and a thread that was ready and had none. Threads that share one CPU by
 * affinity need no machine that is busy. */
static void cpu_and_who_has_none(void **state)
{
    pthread_t threads[3];
    uint32_t stop = 0;
    cpu_set_t one;
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    set("cpu", "cpu > 5%");
    set("runnable", "runnable > 10ms");
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, spin, &stop);
        pthread_setaffinity_np(threads[i], sizeof one, &one);
    }
    bool counts = access("/proc/self/schedstat", R_OK) == 0;
    struct asked cpu = {0}, runnable = {0};
    for (int i = 0; i < 200 && (cpu.matched == 0 || (counts && runnable.matched == 0)); i++) {
        smk_sys_sleep(50 * MS);
        cpu = matched("cpu");
        runnable = matched("runnable");
    }
    smk_store_relaxed(&stop, 1);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_true(cpu.matched >= 1 && cpu.worst.value > 500);
    if (counts)
        assert_true(runnable.matched >= 1 && runnable.worst.value > 10 * MS && runnable.worst.tid);
}

static void triggers(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    smk_trigger("full"); /* before there was a rule */
    set("full", "trigger \"full\"");
    assert_int_equal(matched("full").matched, 0);
    for (int i = 0; i < 3; i++)
        smk_trigger("full");
    smk_trigger("empty");
    struct asked full = matched("full");
    assert_int_equal(full.matched, 3);
    assert_int_equal(full.worst.tid, gettid());
    assert_int_equal(matched("full").matched, 3);
}

/* Nobody's limit is left behind when rules go: the record path compares with what nobody reaches. */
static void limits_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    set("slow", "request > 20ms");
    set("slower", "request > 10ms");
    set("lock", "lock wait > 50ms");
    set("bad", "status >= 500");
    uint64_t both = smk_notable_limits.request;
    assert_true(both != UINT64_MAX && smk_notable_limits.wait[SMK_WAIT_LOCK] != UINT64_MAX);
    assert_int_equal(smk_notable_limits.wait[SMK_WAIT_DISK], UINT64_MAX);
    assert_int_equal(smk_notable_limits.status, 500);
    on_the_loop(drop, "slower");
    assert_true(smk_notable_limits.request > both && smk_notable_limits.request != UINT64_MAX);
    on_the_loop(drop, "slow");
    on_the_loop(drop, "lock");
    on_the_loop(drop, "bad");
    assert_int_equal(smk_notable_limits.request, UINT64_MAX);
    assert_int_equal(smk_notable_limits.wait[SMK_WAIT_LOCK], UINT64_MAX);
    assert_int_equal(smk_notable_limits.status, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(requests_that_ended),  WITH_DIRECTORY(requests_that_run), WITH_DIRECTORY(what_is_usual),
        WITH_DIRECTORY(waits_that_last),      WITH_DIRECTORY(levels),            WITH_DIRECTORY(cpu_and_who_has_none),
        WITH_DIRECTORY(triggers),             WITH_DIRECTORY(limits_come_and_go), WITH_DIRECTORY(the_worst_goes_on),
        WITH_DIRECTORY(what_hangs_is_not_missed),
    };
    return SMK_RUN(tests);
}
