#define _GNU_SOURCE
#include "source/faults.h"

#include <errno.h>
#include <time.h>

#include "source/perf_registers.h"
#include "source/probe.h"
#include "source/stack.h"

struct smk_faults_stats smk_faults_stats;

static bool without_kernel; /* what the kernel itself touches for a thread (a buffer of read) is unseen */

#define STACK_BYTES 1024u
#define RING_FEW    5u /* of 16 threads at most: 128 KiB, 115 faults between two looks, 87 us each */
#define RING_MANY   3u
#define RING_LEAST  1u

static int open_for(struct smk_perf_ring *ring, int tid, unsigned most, bool *mapping)
{
    const struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof attr,
        .config = PERF_COUNT_SW_PAGE_FAULTS_MAJ,
        .sample_period = 1,
        .sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
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

const char *smk_faults_try(void)
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

const char *smk_faults_how(void)
{
    return without_kernel ? "perf page-fault events, with address and stack; not those that the kernel takes for a "
                            "thread (kernel.perf_event_paranoid)"
                          : "perf page-fault events, with address and stack";
}

void smk_faults_open(struct smk_sched_thread *thread)
{
    bool mapping;
    unsigned most = smk_sched_list.count <= 16 ? RING_FEW : RING_MANY;
    if (thread->faults.memory)
        return;
    if (smk_faults_stats.rings == SMK_FAULT_RINGS_MAX ||
        open_for(&thread->faults, (int)thread->tid, most, &mapping) < 0) {
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
