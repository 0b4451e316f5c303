#define _GNU_SOURCE
#include "source/perf_sampler.h"

#include <errno.h>
#include <time.h>

#include "source/perf_registers.h"
#include "source/probe.h"

int smk_perf_sampler_open(const struct smk_perf_sampler *sampler, struct smk_perf_ring *ring, int tid, unsigned most,
                          bool *mapping)
{
    const struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof attr,
        .config = sampler->event,
        .sample_period = sampler->period,
        .sample_type = PERF_SAMPLE_TIME | sampler->sample | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
        .exclude_kernel = sampler->without_kernel,
        .exclude_hv = 1,
        .watermark = 1,
        .use_clockid = 1,
        .wakeup_watermark = INT32_MAX,
        .sample_regs_user = SMK_PERF_REGISTERS,
        .sample_stack_user = sampler->stack_bytes,
        .clockid = CLOCK_MONOTONIC,
    };
    return smk_perf_ring_open(ring, &attr, tid, most, sampler->least, mapping);
}

const char *smk_perf_sampler_try(struct smk_perf_sampler *sampler)
{
    struct smk_perf_ring ring;
    bool mapping;
    sampler->without_kernel = false;
    int rc = smk_perf_sampler_open(sampler, &ring, 0, sampler->least, &mapping);
    if (rc == -EACCES && !mapping) {
        sampler->without_kernel = true;
        rc = smk_perf_sampler_open(sampler, &ring, 0, sampler->least, &mapping);
    }
    if (rc < 0)
        return smk_perf_refusal(rc, mapping, smk_probe_filtered());
    smk_perf_ring_close(&ring);
    return NULL;
}
