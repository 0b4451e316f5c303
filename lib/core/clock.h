/* clock.h: time on the record path, in ticks, and how ticks become nanoseconds.
 *
 * A tick is one of the time-stamp counter (x86-64) when the CPU says that it is invariant and the
 * kernel itself trusts it as its clock source, or of the generic timer (arm64); else it is a
 * nanosecond of CLOCK_MONOTONIC. Raw ticks go into the buffer; a reader turns them into nanoseconds
 * through the clock pairs (tick, monotonic, realtime) that are sampled about once a second and stand
 * in the file: between two pairs in a straight line, so that drift cannot accumulate.
 *
 * Times in a file are (ticks - epoch) >> shift, with the shift that makes the unit at most 1 ns.
 */
#ifndef SMK_CORE_CLOCK_H
#define SMK_CORE_CLOCK_H

#include <string.h>

#include "base/atomic.h"
#include "base/compiler.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* Set once by smk_clock_init(), before any thread of ours; false: clock_gettime. */
extern bool smk_clock_is_counter;

uint64_t smk_clock_slow_ticks(void);

SMK_INLINE uint64_t smk_ticks(void)
{
#if defined(__x86_64__)
    if (SMK_LIKELY(smk_clock_is_counter))
        return __rdtsc();
#elif defined(__aarch64__)
    if (SMK_LIKELY(smk_clock_is_counter)) {
        uint64_t t;
        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
        return t;
    }
#endif
    return smk_clock_slow_ticks();
}

struct smk_clock_pair {
    uint64_t tick;
    uint64_t monotonic; /* ns */
    uint64_t realtime;  /* ns */
    uint64_t error;     /* ns: half the bracket in which it was read */
};

/* Chooses the source and takes the first pair. Once, from the constructor. `force_slow` is for tests
 * and for STALLMARK_CLOCK=monotonic. */
void smk_clock_init(bool force_slow);

/* "tsc", "cntvct" or "monotonic", and why. Static strings. */
const char *smk_clock_source(void);
const char *smk_clock_reason(void);

/* Reads a pair now. Any thread. */
struct smk_clock_pair smk_clock_read_pair(void);

/* Reads a pair and keeps it in the history, unless the last one is younger than half a second. */
void smk_clock_sample(void);

/* Keeps this one: later than all that are kept. */
void smk_clock_keep_pair(const struct smk_clock_pair *pair);

/* Copies the kept pairs, oldest first, that matter for [from, to] in ticks: those inside, one before
 * and one after where there are such. At most max; returns how many. */
int smk_clock_history(uint64_t from, uint64_t to, struct smk_clock_pair *pairs, int max);

/* The widest bracket, halved, in which a kept pair was read: how far off a time may be, ns. */
uint64_t smk_clock_error_ns(void);

/* Measures the rate against CLOCK_MONOTONIC since smk_clock_init(), waiting until that is a
 * millisecond away where it is not. Called when something is armed, before the two below. */
void smk_clock_calibrate(void);

/* In a fork's child. */
void smk_clock_reset_in_child(void);

uint64_t smk_clock_epoch(void);
unsigned smk_clock_shift(void);
uint64_t smk_clock_hz(void);
uint64_t smk_ns_to_ticks(uint64_t ns);

/* The bits of a double: ns a tick. Atomic. */
extern uint64_t smk_clock_tick_ns;

/* Neither is ever a span of centuries: signed conversions are one instruction each. */
SMK_INLINE uint64_t smk_ticks_to_ns(uint64_t ticks)
{
    uint64_t bits = smk_load_relaxed(&smk_clock_tick_ns);
    double tick_ns;
    memcpy(&tick_ns, &bits, sizeof tick_ns);
    return (uint64_t)(int64_t)((double)(int64_t)ticks * tick_ns);
}

#endif
