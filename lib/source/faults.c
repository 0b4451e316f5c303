#define _GNU_SOURCE
#include "source/faults.h"

#include "source/perf_registers.h"
#include "source/perf_sampler.h"
#include "source/stack.h"

struct smk_faults_stats smk_faults_stats;

#define RING_FEW  5u /* of 16 threads at most: 128 KiB, 115 faults between two looks, 87 us each */
#define RING_MANY 3u

/* Without the kernel: what it touches itself for a thread, a buffer of read, is unseen. */
static struct smk_perf_sampler sampler = {
    .event = PERF_COUNT_SW_PAGE_FAULTS_MAJ,
    .period = 1,
    .sample = PERF_SAMPLE_ADDR,
    .stack_bytes = 1024,
    .least = 1,
};

const char *smk_faults_try(void) { return smk_perf_sampler_try(&sampler); }

const char *smk_faults_how(void)
{
    return sampler.without_kernel ? "perf page-fault events, with address and stack; not those that the kernel takes "
                                    "for a thread (kernel.perf_event_paranoid)"
                                  : "perf page-fault events, with address and stack";
}

void smk_faults_open(struct smk_sched_thread *thread)
{
    bool mapping;
    unsigned most = smk_sched_list.count <= 16 ? RING_FEW : RING_MANY;
    if (thread->faults.memory)
        return;
    if (smk_faults_stats.rings == SMK_FAULT_RINGS_MAX ||
        smk_perf_sampler_open(&sampler, &thread->faults, (int)thread->tid, most, &mapping) < 0) {
        smk_faults_stats.refused++;
        return;
    }
    smk_faults_stats.rings++;
}

void smk_faults_close(struct smk_sched_thread *thread)
{
    if (!thread->faults.memory)
        return;
    smk_perf_ring_close(&thread->faults);
    smk_faults_stats.rings--;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* As the kernel writes it for these sample types. */
struct sample {
    struct perf_event_header header;
    uint64_t time, address;
    struct smk_perf_user user;
};

static void take(struct smk_sched_reading *reading, const struct sample *sample)
{
    if (sample->header.size < sizeof *sample)
        return;
    uint32_t stack = smk_perf_user_stack(&sample->user, sample->header.size - (sizeof *sample - sizeof sample->user));
    uint64_t record[] = {smk_record_head(SMK_EV_MAJOR_FAULT, 3, 0, stack),
                         smk_sched_clock_tick(reading->clock, sample->time), sample->address};
    smk_sched_put(reading->thread, record, SMK_ARRAY_LEN(record));
    smk_faults_stats.seen++;
}

static void visit(void *arg, const struct perf_event_header *record)
{
    const uint64_t *words = (const void *)(record + 1);
    if (record->type == PERF_RECORD_SAMPLE)
        take(arg, (const void *)record);
    else if (record->type == PERF_RECORD_LOST && record->size >= sizeof *record + 16)
        smk_faults_stats.lost += words[1];
}

void smk_faults_read(struct smk_sched_reading *reading)
{
    smk_perf_ring_read(&reading->thread->faults, reading->scratch, visit, reading);
}
