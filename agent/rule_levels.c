#include "rule_levels.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "core/thread.h"
#include "heap.h"
#include "source/sched_look.h"

#define SECOND_LOOKS 10u
#define TURN         32u /* threads asked in one look: 7 us each */
#define THREADS      16384u

struct waited {
    uint32_t tid;
    bool known;
    uint64_t runnable; /* ns without a CPU so far */
};

static struct {
    uint64_t cpu, cpu_at;    /* ns, as of the last look */
    struct waited *threads;  /* by slot; NULL: no rule wants it */
    uint32_t next;           /* slot from which the next turn goes on */
    uint32_t asked;          /* in this turn */
    bool wrapped;
} levels;

static struct smk_rule_live *next_of(struct smk_rule_live *live, enum smk_rule_on on)
{
    while (live && (live->broken || live->rule.on != on))
        live = live->next;
    return live;
}

#define each_rule(live, on)                                                                        \
    for (struct smk_rule_live *live = next_of(smk_rules_first(), (on)); live; live = next_of(live->next, (on)))

/* Over the last second; the first look has nothing to compare with. */
static void look_at_cpu(void)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC), cpu = smk_sys_clock(CLOCK_PROCESS_CPUTIME_ID);
    if (!next_of(smk_rules_first(), SMK_RULE_CPU))
        return;
    if (levels.cpu_at && now > levels.cpu_at) {
        uint64_t share = (cpu - levels.cpu) * 10000 / (now - levels.cpu_at);
        each_rule(live, SMK_RULE_CPU) smk_rule_level(live, share > live->rule.threshold, share);
    }
    levels.cpu = cpu;
    levels.cpu_at = now;
}

/* Of this thread's entry: that of the process is empty once its first thread has ended. */
static void look_at_rss(void)
{
    char text[128], *end;
    if (!next_of(smk_rules_first(), SMK_RULE_RSS) || smk_sys_slurp("/proc/thread-self/statm", text, sizeof text) <= 0)
        return;
    strtoull(text, &end, 10);
    uint64_t bytes = strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    each_rule(live, SMK_RULE_RSS) smk_rule_level(live, bytes > live->rule.threshold, bytes);
}

/* ---- threads without a CPU --------------------------------------------------------------------------------------- */

static void ask_thread(const struct smk_thread *thread)
{
    struct waited *waited = &levels.threads[thread->index];
    uint32_t tid = smk_load_relaxed(&thread->tid);
    uint64_t runnable, switches;
    if (smk_sched_stat_read(tid, &runnable, &switches) < 0)
        return;
    bool same = waited->known && waited->tid == tid;
    uint64_t more = same && runnable > waited->runnable ? runnable - waited->runnable : 0;
    *waited = (struct waited){.tid = tid, .known = true, .runnable = runnable};
    each_rule(live, SMK_RULE_RUNNABLE) if (more > live->rule.threshold)
    {
        struct smk_cause cause = {.time_unix_ns = smk_sys_clock(CLOCK_REALTIME),
                                  .value = more,
                                  .request = smk_load_relaxed(&thread->request),
                                  .tid = tid};
        smk_rule_matched(live, &cause);
    }
}

static bool visit_thread(struct smk_thread *thread, void *arg)
{
    (void)arg;
    if (thread->index < levels.next || thread->index >= THREADS)
        return true;
    ask_thread(thread);
    levels.next = thread->index + 1;
    return ++levels.asked < TURN;
}

static void look_at_runnable(void)
{
    if (!next_of(smk_rules_first(), SMK_RULE_RUNNABLE))
        return;
    if (!levels.threads)
        levels.threads = smk_heap_zalloc(THREADS * sizeof *levels.threads);
    if (!levels.threads)
        return;
    levels.asked = 0;
    smk_threads_each(visit_thread, NULL);
    if (levels.asked < TURN)
        levels.next = 0;
}

void smk_rule_levels_look(uint32_t look)
{
    if (look % SECOND_LOOKS == 0) {
        look_at_cpu();
        look_at_rss();
    }
    look_at_runnable();
}

void smk_rule_levels_end(void)
{
    smk_heap_free(levels.threads);
    memset(&levels, 0, sizeof levels);
}

void smk_rule_levels_reset_in_child(void) { memset(&levels, 0, sizeof levels); }
