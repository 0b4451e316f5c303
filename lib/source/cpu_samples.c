#define _GNU_SOURCE
#include "source/cpu_samples.h"

#include <errno.h>
#include <time.h>

#include "source/perf_registers.h"
#include "source/probe.h"

struct smk_cpu_samples_stats smk_cpu_samples_stats;

static bool without_kernel; /* the kernel's own code may not be looked at: what a thread does in it is unseen */

#define STACK_BYTES 8192u
#define RING_MOST   4u /* 64 KiB: seven samples */
#define RING_LEAST  2u

static int open_for(struct smk_perf_ring *ring, int tid, unsigned most, bool *mapping)
{
    const struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof attr,
        .config = PERF_COUNT_SW_TASK_CLOCK,
        .sample_period = 1000000000u / SMK_SAMPLES_HZ,
        .sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
        .exclude_kernel = without_kernel,
        .exclude_hv = 1,
        .watermark = 1,
        .use_clockid = 1,
        .wakeup_watermark = INT32_MAX,
        .sample_regs_user = SMK_PERF_REGISTERS,
        .sample_stack_user = STACK_BYTES,
        .clockid = CLOCK_MONOTONIC,
    };
    return smk_perf_ring_open(ring, &attr, tid, most, RING_LEAST, mapping);
}

const char *smk_cpu_samples_try(void)
{
    struct smk_perf_ring ring;
    bool mapping;
    without_kernel = false;
    int rc = open_for(&ring, 0, RING_LEAST, &mapping);
    if (rc == -EACCES && !mapping) {
        without_kernel = true;
        rc = open_for(&ring, 0, RING_LEAST, &mapping);
    }
    if (rc < 0)
        return smk_perf_refusal(rc, mapping, smk_probe_filtered());
    smk_perf_ring_close(&ring);
    return NULL;
}

const char *smk_cpu_samples_how(void)
{
    return without_kernel ? "perf task clock, 99 Hz, stacks from copies; only user mode: what threads do in the "
                            "kernel is not sampled (kernel.perf_event_paranoid)"
                          : "perf task clock, 99 Hz, stacks from copies; user and kernel mode";
}

void smk_cpu_samples_open(struct smk_sched_thread *thread)
{
    bool mapping;
    if (thread->samples.memory)
        return;
    if (smk_cpu_samples_stats.sampled == SMK_SAMPLED_MAX ||
        open_for(&thread->samples, (int)thread->tid, RING_MOST, &mapping) < 0) {
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
