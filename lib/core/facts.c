#define _GNU_SOURCE
#include "core/facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/sys.h"
#include "core/box.h"
#include "core/clock.h"
#include "core/cost.h"
#include "core/gaps.h"
#include "core/init.h"
#include "core/intern.h"
#include "core/losses.h"
#include "core/pool.h"
#include "core/stats.h"
#include "stallmark/version.h"

static const char *kind_name(enum smk_capture_kind kind)
{
    static const char *const names[] = {
        [SMK_CAPTURE_TIMED] = "timed",
        [SMK_CAPTURE_SNAPSHOT] = "snapshot",
        [SMK_CAPTURE_PROGRAM] = "program",
    };
    return names[kind];
}

static unsigned cpus_allowed(void)
{
    uint64_t mask[128] = {0};
    unsigned count = 0;
    int bytes = smk_sys_get_affinity(0, mask, sizeof mask);
    for (int i = 0; i < bytes / 8; i++)
        count += (unsigned)__builtin_popcountll(mask[i]);
    return count;
}

static void add_number(smk_add_fact add, void *arg, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    add(arg, key, text);
}

static void each_process_fact(smk_add_fact add, void *arg)
{
    char exe[1024], name[32], boot[64];
    struct utsname host;
    add_number(add, arg, SMK_FACT_PID, (uint64_t)smk_sys_getpid());
    add_number(add, arg, SMK_FACT_PARENT, (uint64_t)smk_sys_getppid());
    int len = smk_sys_slurp("/proc/self/comm", name, sizeof name);
    if (len > 0 && name[len - 1] == '\n')
        name[--len] = '\0';
    if (len > 0)
        add(arg, SMK_FACT_PROCESS_NAME, name);
    if (smk_sys_readlink("/proc/self/exe", exe, sizeof exe) > 0)
        add(arg, SMK_FACT_EXE, exe);
    if (uname(&host) == 0) {
        add(arg, SMK_FACT_HOST, host.nodename);
        add(arg, SMK_FACT_KERNEL, host.release);
    }
    len = smk_sys_slurp("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    if (len > 0 && boot[len - 1] == '\n')
        boot[--len] = '\0';
    if (len > 0)
        add(arg, SMK_FACT_BOOT, boot);
    add_number(add, arg, SMK_FACT_CPUS, cpus_allowed());
}

static void add_fact(void *table, const char *key, const char *value) { smk_table_fact(table, key, value); }

/* ---- those of another process ------------------------------------------------------------------------------- */

#define ASSUMED_MAX 32

static struct {
    const char *key, *value;
} assumed[ASSUMED_MAX];
static unsigned assumed_count;

void smk_facts_assume(const char *key, const char *value)
{
    unsigned at = 0;
    while (at < assumed_count && strcmp(assumed[at].key, key) != 0)
        at++;
    if (at == ASSUMED_MAX)
        return;
    assumed[at].key = key;
    assumed[at].value = value;
    assumed_count += at == assumed_count;
}

static void add_to_box(void *arg, const char *key, const char *value)
{
    (void)arg;
    smk_box_add_fact(key, value);
}

void smk_facts_tell_box(void) { each_process_fact(add_to_box, NULL); }

static void put_process(struct smk_table *table)
{
    for (unsigned i = 0; i < assumed_count; i++)
        smk_table_fact(table, assumed[i].key, assumed[i].value);
    if (assumed_count == 0)
        each_process_fact(add_fact, table);
}

static void put_clock(struct smk_table *table, const struct smk_encoder *encoder)
{
    smk_table_fact(table, SMK_FACT_CLOCK_SOURCE, smk_clock_source());
    smk_table_fact(table, SMK_FACT_CLOCK_REASON, smk_clock_reason());
    smk_table_fact_number(table, SMK_FACT_CLOCK_HZ, smk_clock_hz());
    smk_table_fact_number(table, SMK_FACT_CLOCK_SHIFT, encoder->shift);
}

void smk_facts_put_segment(struct smk_table *table, const struct smk_capture *capture,
                           const struct smk_encoder *encoder)
{
    char categories[160];
    smk_categories_format(capture->spec.categories, categories, sizeof categories);
    smk_table_fact(table, SMK_FACT_CAPTURE_ID, capture->spec.id);
    if (capture->name[0])
        smk_table_fact(table, SMK_FACT_CAPTURE_NAME, capture->name);
    if (capture->rule[0])
        smk_table_fact(table, SMK_FACT_RULE, capture->rule);
    if (capture->cause[0])
        smk_table_fact(table, SMK_FACT_CAUSE, capture->cause);
    smk_table_fact(table, SMK_FACT_CAPTURE_KIND, kind_name(capture->spec.kind));
    smk_table_fact(table, SMK_FACT_CATEGORIES, categories);
    smk_table_fact_number(table, SMK_FACT_FIRST, smk_encoder_time(encoder, capture->from));
    smk_table_fact_number(table, SMK_FACT_COMPLETE_FROM,
                          smk_encoder_time(encoder, capture->complete_from));
    smk_table_fact_number(table, SMK_FACT_SEGMENT_NUMBER,
                          capture->output.open ? capture->output.segment.number : 0);
    smk_table_fact(table, SMK_FACT_TRACER_VERSION, SMK_VERSION_STRING);
    smk_table_fact_number(table, SMK_FACT_STARTED_UNIX, capture->started_unix);
    smk_table_fact_number(table, SMK_FACT_POOL_BYTES, smk_pool_bytes());
    put_process(table);
    put_clock(table, encoder);
}

/* ---- what was not recorded, and what it cost --------------------------------------------------------------- */

struct lines {
    const struct smk_encoder *encoder;
    size_t len;
    char text[6144]; /* SMK_GAPS_MAX lines */
};

static void add_gap(void *arg, uint32_t category, uint64_t begin, uint64_t end)
{
    struct lines *lines = arg;
    size_t left = sizeof lines->text - lines->len;
    int n = snprintf(lines->text + lines->len, left, "%s %llu %llu budget\n", smk_category_name(category),
                     (unsigned long long)smk_encoder_time(lines->encoder, begin),
                     (unsigned long long)(end ? smk_encoder_time(lines->encoder, end) : 0));
    if (n > 0 && (size_t)n < left)
        lines->len += (size_t)n;
}

void smk_facts_put_gaps(struct smk_table *table, const struct smk_capture *capture,
                        const struct smk_encoder *encoder)
{
    struct lines lines = {.encoder = encoder};
    smk_gaps_each(capture->spec.categories, smk_max_u64(capture->from, capture->complete_from),
                  capture->stopped ? capture->stopped : UINT64_MAX, add_gap, &lines);
    lines.text[lines.len] = '\0';
    if (lines.len == 0)
        return;
    smk_table_fact(table, SMK_FACT_GAPS, lines.text);
    smk_table_fact_number(table, SMK_FACT_GAPS_JOINED, smk_gaps_joined());
}

static void put_cost(struct smk_table *table, const struct smk_capture *capture)
{
    struct smk_cost now;
    uint64_t error;
    char text[2048] = "";
    size_t len = 0;
    smk_table_fact_number(table, SMK_FACT_COST_WRITER, capture->writer_cpu);
    smk_table_fact_number(table, SMK_FACT_COST_EVENT, smk_cost_event_ns());
    smk_table_fact_number(table, SMK_FACT_COST_BYTES, capture->output.bytes);
    if (!capture->cost_known)
        return;
    smk_cost_read(&now);
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++) {
        const struct smk_cost *then = &capture->cost;
        if (now.ns[i] > then->ns[i])
            len += (size_t)snprintf(text + len, sizeof text - len, "%s %llu %llu %llu %llu\n",
                                    smk_category_name(1u << i), (unsigned long long)(now.events[i] - then->events[i]),
                                    (unsigned long long)(now.calls[i] - then->calls[i]),
                                    (unsigned long long)(now.stacks[i] - then->stacks[i]),
                                    (unsigned long long)(now.ns[i] - then->ns[i]));
    }
    smk_table_fact(table, SMK_FACT_COST_CATEGORIES, text);
    smk_table_fact_number(table, SMK_FACT_COST_OWN, now.own_ns - capture->cost.own_ns);
    smk_table_fact_number(table, SMK_FACT_COST_PROCESS, now.process_ns - capture->cost.process_ns);
    smk_table_fact_number(table, SMK_FACT_COST_TOTAL, smk_cost_between(&capture->cost, &now, &error));
    smk_table_fact_number(table, SMK_FACT_COST_ERROR, error);
}

static void put_missing(struct smk_table *table)
{
    char text[2048];
    const struct smk_source_calls *sources = smk_core_sources();
    size_t len = sources && sources->missing ? sources->missing(text, sizeof text) : 0;
    if (len > 0)
        smk_table_fact(table, SMK_FACT_MISSING, text);
}

/* Bounds that were met, in the whole life of the process so far. */
static void put_refused(struct smk_table *table, const struct smk_capture *capture)
{
    smk_table_fact_number(table, SMK_FACT_STACKS_REFUSED, smk_load_relaxed(&smk_stacks.refused));
    smk_table_fact_number(table, SMK_FACT_STRINGS_REFUSED, smk_load_relaxed(&smk_strings.refused));
    smk_table_fact_number(table, SMK_FACT_SITES_REFUSED, smk_load_relaxed(&smk_sites.refused));
    smk_table_fact_number(table, SMK_FACT_LOCKNAMES_REFUSED,
                          smk_load_relaxed(&smk_stats.locknames_full));
    smk_table_fact_number(table, SMK_FACT_OPEN_WAITS_REFUSED, capture->open_waits_refused);
    smk_table_fact_number(table, SMK_FACT_TEXTS_CUT, smk_load_relaxed(&smk_stats.texts_cut));
    smk_table_fact_number(table, SMK_FACT_RECORDS_TORN, smk_load_relaxed(&smk_pool.torn));
}

static void put_source_facts(struct smk_table *table, const struct smk_capture *capture)
{
    const struct smk_source_calls *sources = smk_core_sources();
    if (sources && sources->facts)
        sources->facts(&capture->base, add_fact, table);
}

void smk_facts_put_end(struct smk_table *table, const struct smk_capture *capture,
                       const struct smk_encoder *encoder, enum smk_reason reason)
{
    struct smk_threads_stats threads;
    smk_threads_stats(&threads);
    smk_table_fact_number(table, SMK_FACT_COMPLETE_FROM,
                          smk_encoder_time(encoder, capture->complete_from));
    smk_table_fact_number(table, SMK_FACT_FIRST, smk_encoder_time(encoder, capture->from));
    smk_table_fact_number(table, SMK_FACT_EVENTS, capture->output.events);
    smk_table_fact_number(table, SMK_FACT_LOST, smk_capture_total_lost(capture));
    smk_table_fact_number(table, SMK_FACT_CLOCK_HZ, smk_clock_hz());
    smk_table_fact_number(table, SMK_FACT_CLOCK_ERROR, smk_clock_error_ns());
    put_cost(table, capture);
    smk_facts_put_gaps(table, capture, encoder);
    if (capture->left_out)
        smk_table_fact_number(table, SMK_FACT_LEFT_OUT, capture->left_out);
    else if (capture->no_memory)
        smk_table_fact(table, SMK_FACT_LEFT_OUT, "all");
    smk_table_fact_number(table, SMK_FACT_THREADS_UNTRACED, threads.untraced);
    put_refused(table, capture);
    put_missing(table);
    put_source_facts(table, capture);
    if (reason == SMK_REASON_RUNNING)
        return;
    if (capture->spec.facts)
        capture->spec.facts(capture->spec.finished_arg, add_fact, table);
    smk_table_fact_number(table, SMK_FACT_LAST, smk_encoder_time(encoder, capture->stopped));
    smk_table_fact(table, SMK_FACT_REASON, smk_reason_name(reason));
}
