#define _GNU_SOURCE
#include "source/cpu_samples.h"

#include "source/perf_registers.h"
#include "source/perf_sampler.h"

struct smk_cpu_samples_stats smk_cpu_samples_stats;

#define RING_MOST 4u /* 64 KiB: seven samples */

/* Without the kernel: what a thread does in its code is unseen. */
static struct smk_perf_sampler sampler = {
    .event = PERF_COUNT_SW_TASK_CLOCK,
    .period = 1000000000u / SMK_SAMPLES_HZ,
    .sample = PERF_SAMPLE_CPU,
    .stack_bytes = 8192,
    .least = 2,
};

const char *smk_cpu_samples_try(void) { return smk_perf_sampler_try(&sampler); }

const char *smk_cpu_samples_how(void)
{
    return sampler.without_kernel ? "perf task clock, 99 Hz, stacks from copies; only user mode: what threads do in "
                                    "the kernel is not sampled (kernel.perf_event_paranoid)"
                                  : "perf task clock, 99 Hz, stacks from copies; user and kernel mode";
}

void smk_cpu_samples_open(struct smk_sched_thread *thread)
{
    bool mapping;
    if (thread->samples.memory)
        return;
    if (smk_cpu_samples_stats.sampled == SMK_SAMPLED_MAX ||
        smk_perf_sampler_open(&sampler, &thread->samples, (int)thread->tid, RING_MOST, &mapping) < 0) {
        smk_cpu_samples_stats.refused++;
        return;
    }
    smk_cpu_samples_stats.sampled++;
}

void smk_cpu_samples_close(struct smk_sched_thread *thread)
{
    if (!thread->samples.memory)
        return;
    smk_perf_ring_close(&thread->samples);
    smk_cpu_samples_stats.sampled--;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* As the kernel writes it for these sample types. */
struct sample {
    struct perf_event_header header;
    uint64_t time;
    uint32_t cpu, unused;
    struct smk_perf_user user;
};

static void take(struct smk_sched_reading *reading, const struct sample *sample)
{
    if (sample->header.size < sizeof *sample || sample->user.abi == 0)
        return;
    uint32_t id = smk_perf_user_stack(&sample->user, sample->header.size - (sizeof *sample - sizeof sample->user));
    uint64_t record[] = {smk_record_head(SMK_EV_CPU_SAMPLE, 3, 0, id),
                         smk_sched_clock_tick(reading->clock, sample->time), sample->cpu};
    smk_sched_put(reading->thread, record, SMK_ARRAY_LEN(record));
    reading->thread->sampled = id;
    reading->thread->sampled_at = record[1];
    smk_cpu_samples_stats.taken++;
}

static void visit(void *arg, const struct perf_event_header *record)
{
    const uint64_t *words = (const void *)(record + 1);
    if (record->type == PERF_RECORD_SAMPLE)
        take(arg, (const void *)record);
    else if (record->type == PERF_RECORD_LOST && record->size >= sizeof *record + 16)
        smk_cpu_samples_stats.lost += words[1];
}

void smk_cpu_samples_read(struct smk_sched_reading *reading)
{
    smk_perf_ring_read(&reading->thread->samples, reading->scratch, visit, reading);
}
