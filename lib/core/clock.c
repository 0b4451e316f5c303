#define _GNU_SOURCE
#include "core/clock.h"

#include <string.h>

#include "base/atomic.h"
#include "base/lock.h"
#include "base/sys.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define HISTORY          256 /* pairs: four minutes at one a second, then every second one goes */
#define SAMPLE_EVERY_NS  500000000u
#define CALIBRATE_MIN_NS 1000000u

SMK_ALIGNED(SMK_CACHE_LINE) bool smk_clock_is_counter SMK_HOT_DATA; /* the first there: they begin with a line */

static const char *source_name = "monotonic";
static const char *source_reason = "not initialised";
static struct smk_clock_pair origin;
static uint64_t hz; /* atomic; 0 before the first calibration */

uint64_t smk_clock_tick_ns SMK_HOT_DATA = UINT64_C(0x3ff0000000000000); /* 1.0 */

static struct smk_lock history_lock = SMK_LOCK_INIT(SMK_RANK_CLOCK);
static struct smk_clock_pair history[HISTORY]; /* history_lock */
static int history_len;                        /* history_lock */

#if defined(__x86_64__)
static bool counter_is_invariant(void)
{
    unsigned a, b, c, d;
    /* CPUID.80000007H:EDX[8], Intel SDM vol. 3B 18.17.1, AMD APM vol. 2 13.2.4 */
    return __get_cpuid(0x80000007u, &a, &b, &c, &d) && (d & (1u << 8));
}
#endif

uint64_t smk_clock_slow_ticks(void) { return smk_sys_clock(CLOCK_MONOTONIC); }

static void choose_source(bool force_slow)
{
    smk_clock_is_counter = false;
    source_name = "monotonic";
    if (force_slow) {
        source_reason = "asked for";
        return;
    }
#if defined(__aarch64__)
    smk_clock_is_counter = true;
    source_name = "cntvct";
    source_reason = "the generic timer is the kernel's clock source";
#else
    char current[32];
    if (!counter_is_invariant()) {
        source_reason = "the CPU does not say that its time-stamp counter is invariant";
    } else if (smk_sys_slurp("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                             current, sizeof current) < 0) {
        source_reason = "the kernel's clock source cannot be read";
    } else if (strcmp(current, "tsc\n") != 0) {
        source_reason = "the kernel's clock source is not the time-stamp counter";
    } else {
        smk_clock_is_counter = true;
        source_name = "tsc";
        source_reason = "invariant, and the kernel's clock source";
    }
#endif
}

/* The tightest of a few tries: a try that an interrupt stretched is thrown away. */
struct smk_clock_pair smk_clock_read_pair(void)
{
    struct smk_clock_pair best = {0};
    uint64_t best_width = UINT64_MAX;
    for (int try = 0; try < 5; try++) {
        uint64_t before = smk_ticks();
        uint64_t monotonic = smk_sys_clock(CLOCK_MONOTONIC);
        uint64_t after = smk_ticks();
        uint64_t realtime = smk_sys_clock(CLOCK_REALTIME);
        if (after - before < best_width) {
            best_width = after - before;
            best = (struct smk_clock_pair){before + best_width / 2, monotonic, realtime, best_width};
        }
    }
    uint64_t rate = smk_load_relaxed(&hz);
    best.error = rate ? (uint64_t)((double)best_width * 0.5e9 / (double)rate) : best_width;
    return best;
}

/* 0: not known yet, a tick is taken for a nanosecond. */
static void set_hz(uint64_t rate)
{
    double tick_ns = rate ? 1e9 / (double)rate : 1.0;
    uint64_t bits;
    memcpy(&bits, &tick_ns, sizeof bits);
    smk_store_relaxed(&smk_clock_tick_ns, bits);
    smk_store_relaxed(&hz, rate);
}

void smk_clock_init(bool force_slow)
{
    choose_source(force_slow);
    set_hz(smk_clock_is_counter ? 0 : 1000000000u);
    origin = smk_clock_read_pair();
    history[0] = origin;
    history_len = 1;
}

const char *smk_clock_source(void) { return source_name; }
const char *smk_clock_reason(void) { return source_reason; }
uint64_t smk_clock_epoch(void) { return origin.tick; }

void smk_clock_calibrate(void)
{
    if (!smk_clock_is_counter)
        return;
    struct smk_clock_pair now = smk_clock_read_pair();
    if (now.monotonic - origin.monotonic < CALIBRATE_MIN_NS) {
        smk_sys_sleep(CALIBRATE_MIN_NS);
        now = smk_clock_read_pair();
    }
    double seconds = (double)(now.monotonic - origin.monotonic) / 1e9;
    set_hz((uint64_t)((double)(now.tick - origin.tick) / seconds));
}

uint64_t smk_clock_hz(void)
{
    uint64_t rate = smk_load_relaxed(&hz);
    return rate ? rate : 1000000000u;
}

/* The largest shift whose unit, 2^shift ticks, is at most a nanosecond. */
unsigned smk_clock_shift(void)
{
    unsigned shift = 0;
    while ((UINT64_C(2) << shift) <= smk_clock_hz() / 1000000000u)
        shift++;
    return shift;
}

uint64_t smk_ns_to_ticks(uint64_t ns)
{
    return (uint64_t)((double)ns * (double)smk_clock_hz() / 1e9);
}

/* Under `history_lock`. A long history gets coarser, never shorter: the older half is thinned. */
static void keep(const struct smk_clock_pair *pair)
{
    if (history_len == HISTORY) {
        for (int i = 0; i < HISTORY / 4; i++)
            history[i] = history[2 * i];
        memmove(history + HISTORY / 4, history + HISTORY / 2, sizeof *history * (HISTORY / 2));
        history_len = HISTORY - HISTORY / 4;
    }
    history[history_len++] = *pair;
}

void smk_clock_keep_pair(const struct smk_clock_pair *pair)
{
    smk_lock(&history_lock);
    keep(pair);
    smk_unlock(&history_lock);
}

void smk_clock_sample(void)
{
    struct smk_clock_pair now = smk_clock_read_pair();
    smk_lock(&history_lock);
    if (now.monotonic - history[history_len - 1].monotonic >= SAMPLE_EVERY_NS)
        keep(&now);
    smk_unlock(&history_lock);
}

int smk_clock_history(uint64_t from, uint64_t to, struct smk_clock_pair *pairs, int max)
{
    int count = 0;
    smk_lock(&history_lock);
    for (int i = 0; i < history_len && count < max; i++) {
        bool next_is_before = i + 1 < history_len && history[i + 1].tick <= from;
        bool last_is_after = i > 0 && history[i - 1].tick >= to;
        if (!next_is_before && !last_is_after)
            pairs[count++] = history[i];
    }
    smk_unlock(&history_lock);
    return count;
}

uint64_t smk_clock_error_ns(void)
{
    uint64_t worst = 0;
    smk_lock(&history_lock);
    for (int i = 0; i < history_len; i++)
        worst = smk_max_u64(worst, history[i].error);
    smk_unlock(&history_lock);
    return worst;
}

void smk_clock_reset_in_child(void) { smk_lock_reset(&history_lock); }
