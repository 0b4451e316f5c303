#include "core/segment.h"

#include <string.h>

#include "base/hash.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/facts.h"
#include "core/gaps.h"
#include "core/init.h"
#include "core/limits.h"
#include "core/locknames.h"
#include "core/losses.h"
#include "core/pool.h"
#include "core/site.h"
#include "core/stats.h"
#include "core/table.h"

static struct smk_table begin_table(const struct smk_segment_tools *tools, struct smk_capture *capture,
                                    enum smk_chunk_kind kind)
{
    struct smk_table table;
    smk_table_begin(&table, &capture->output, kind, tools->scratch);
    return table;
}

/* ---- strings, sites, stacks ----------------------------------------------------------------------------- */

static void put_string(struct smk_table *table, uint32_t id)
{
    uint32_t len = 0;
    const void *bytes = smk_intern_get(&smk_strings, id, &len);
    smk_table_number(table, id);
    smk_table_text(table, bytes, bytes ? len : 0);
}

static void put_site(struct smk_table *table, uint32_t id)
{
    struct smk_site_view view = {0, "", "", ""};
    smk_site_get(id, &view);
    smk_table_number(table, id);
    smk_table_number(table, view.line);
    smk_table_text(table, view.name, (uint32_t)strlen(view.name));
    smk_table_text(table, view.file, (uint32_t)strlen(view.file));
    smk_table_text(table, view.function, (uint32_t)strlen(view.function));
}

static void put_stack(struct smk_table *table, uint32_t id)
{
    uint32_t len = 0;
    const uint8_t *bytes = smk_intern_get(&smk_stacks, id, &len);
    uint32_t depth = bytes ? len / 8 : 0;
    smk_table_number(table, id);
    smk_table_number(table, depth);
    table->last_values[0] = 0;
    for (uint32_t i = 0; i < depth; i++) {
        uint64_t pc;
        memcpy(&pc, bytes + 8 * i, 8);
        smk_table_delta(table, 0, pc);
    }
}

void smk_segment_put_refs(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    static const struct {
        enum smk_chunk_kind kind;
        void (*put)(struct smk_table *table, uint32_t id);
    } how[SMK_REF_KINDS] = {[SMK_REF_STRING] = {SMK_CHUNK_STRINGS, put_string},
                            [SMK_REF_SITE] = {SMK_CHUNK_SITES, put_site},
                            [SMK_REF_STACK] = {SMK_CHUNK_STACKS, put_stack}};
    for (int kind = 0; kind < SMK_REF_KINDS; kind++) {
        struct smk_table table = begin_table(tools, capture, how[kind].kind);
        for (uint32_t i = 0; i < capture->refs.pending_count[kind]; i++) {
            how[kind].put(&table, capture->refs.pending[kind][i]);
            smk_table_entry_done(&table);
        }
        smk_table_end(&table);
        capture->refs.pending_count[kind] = 0;
    }
}

/* ---- threads -------------------------------------------------------------------------------------------- */

/* True when the segment must be told. A full table only means that entries are told again. */
static bool note_thread(struct smk_capture *capture, uint32_t serial, const char *name)
{
    uint32_t hash = (uint32_t)smk_hash_bytes(name, strnlen(name, SMK_NAME_MAX));
    for (uint32_t probe = 0; probe < 64; probe++) {
        struct smk_known_thread *known =
            &capture->known[(serial * 2654435761u + probe) % SMK_KNOWN_THREADS];
        if (known->serial == serial) {
            bool changed = known->name_hash != hash;
            known->name_hash = hash;
            return changed;
        }
        if (known->serial == 0) {
            *known = (struct smk_known_thread){serial, hash};
            return true;
        }
    }
    return true;
}

static void put_thread(const struct smk_segment_tools *tools, struct smk_table *table, uint32_t serial,
                       uint32_t tid, const char *name, uint64_t started)
{
    smk_table_number(table, serial);
    smk_table_number(table, tid);
    smk_table_number(table, smk_encoder_time(tools->encoder, started));
    smk_table_text(table, name, (uint32_t)strnlen(name, SMK_NAME_MAX));
    smk_table_entry_done(table);
}

void smk_segment_put_thread(const struct smk_segment_tools *tools, struct smk_capture *capture,
                            uint32_t serial, uint32_t tid, const char *name, uint64_t started)
{
    if (!note_thread(capture, serial, name))
        return;
    struct smk_table table = begin_table(tools, capture, SMK_CHUNK_THREADS);
    put_thread(tools, &table, serial, tid, name, started);
    smk_table_end(&table);
}

struct put_live {
    const struct smk_segment_tools *tools;
    struct smk_capture *capture;
    struct smk_table table;
};

static bool put_live_thread(struct smk_thread *t, void *arg)
{
    struct put_live *put = arg;
    char name[SMK_NAME_MAX];
    uint32_t serial = smk_load_relaxed(&t->serial);
    smk_name_load(&t->name, name);
    if (serial != 0 && note_thread(put->capture, serial, name))
        put_thread(put->tools, &put->table, serial, smk_load_relaxed(&t->tid), name,
                   smk_load_relaxed(&t->started));
    return true;
}

static void put_live_threads(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    struct put_live put = {tools, capture, begin_table(tools, capture, SMK_CHUNK_THREADS)};
    smk_threads_each(put_live_thread, &put);
    smk_table_end(&put.table);
}

/* ---- clock ---------------------------------------------------------------------------------------------- */

void smk_segment_put_clock(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    struct smk_clock_pair pairs[300];
    int count = smk_clock_history(capture->last_clock ? capture->last_clock : capture->from,
                                  UINT64_MAX, pairs, 299);
    if (!capture->last_clock || capture->finishing)
        pairs[count++] = smk_clock_read_pair();
    struct smk_table table = begin_table(tools, capture, SMK_CHUNK_CLOCK);
    for (int i = 0; i < count; i++) {
        if (pairs[i].tick <= capture->last_clock)
            continue;
        capture->last_clock = pairs[i].tick;
        uint64_t time = smk_encoder_time(tools->encoder, pairs[i].tick);
        table.first = table.count ? smk_min_u64(table.first, time) : time;
        table.last = smk_max_u64(table.last, time);
        smk_table_delta(&table, 0, time);
        smk_table_delta(&table, 1, pairs[i].monotonic);
        smk_table_delta(&table, 2, pairs[i].realtime);
        smk_table_number(&table, pairs[i].error);
        smk_table_entry_done(&table);
    }
    smk_table_end(&table);
}

/* ---- modules, names of locks ------------------------------------------------------------------------------ */

static void add_module(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias,
                       const char *path, const uint8_t *build_id, uint32_t build_id_len)
{
    struct smk_table *table = arg;
    smk_table_number(table, id);
    smk_table_number(table, start);
    smk_table_number(table, end);
    smk_table_number(table, bias);
    smk_table_text(table, path, (uint32_t)strlen(path));
    smk_table_text(table, build_id, build_id_len);
    smk_table_entry_done(table);
}

static void put_modules(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    const struct smk_source_calls *sources = smk_core_sources();
    if (!sources || !sources->modules)
        return;
    struct smk_table table = begin_table(tools, capture, SMK_CHUNK_MODULES);
    capture->modules_seen = sources->modules(capture->from, add_module, &table);
    smk_table_end(&table);
}

void smk_segment_put_modules(const struct smk_segment_tools *tools, struct smk_capture *capture, uint64_t number)
{
    if (capture->modules_seen != number)
        put_modules(tools, capture);
}

static bool need_lock_name(uint64_t address, uint32_t name, void *arg)
{
    (void)address;
    return smk_refs_need(arg, SMK_REF_STRING, name);
}

static bool put_lock_name(uint64_t address, uint32_t name, void *arg)
{
    struct smk_table *table = arg;
    smk_table_number(table, address);
    smk_table_number(table, name);
    smk_table_entry_done(table);
    return true;
}

static void put_lock_names(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    smk_locknames_each(need_lock_name, &capture->refs);
    smk_segment_put_refs(tools, capture);
    struct smk_table table = begin_table(tools, capture, SMK_CHUNK_LOCKS);
    smk_locknames_each(put_lock_name, &table);
    smk_table_end(&table);
}

/* ---- open waits ------------------------------------------------------------------------------------------- */

struct put_open {
    const struct smk_segment_tools *tools;
    struct smk_capture *capture;
    struct smk_table table;
    struct smk_open {
        uint32_t serial, tid, kind, holder, stack;
        uint64_t object, since, request;
    } list[SMK_OPEN_WAITS_MAX];
    uint32_t count;
};

static bool note_open_wait(struct smk_thread *t, void *arg)
{
    struct put_open *put = arg;
    const struct smk_source_calls *sources = smk_core_sources();
    struct smk_wait_now now;
    uint64_t stopped = put->capture->stopped ? put->capture->stopped : UINT64_MAX;
    if (!smk_wait_read(t, &now) || now.since >= stopped)
        return true;
    if (put->count >= smk_load_relaxed(&smk_limits.open_waits)) {
        put->capture->open_waits_refused++;
        return true;
    }
    struct smk_wait_now after;
    uint32_t stack = 0;
    if (sources && sources->blocked_stack)
        stack = sources->blocked_stack(now.pc, now.sp, now.fp);
    /* It was copied from under the thread: it is that of this wait only if the thread still waits. */
    if (!smk_wait_read(t, &after) || after.since != now.since || after.sp != now.sp)
        stack = 0;
    smk_refs_need(&put->capture->refs, SMK_REF_STACK, stack);
    put->list[put->count++] = (struct smk_open){.serial = smk_load_relaxed(&t->serial),
                                                .tid = smk_load_relaxed(&t->tid),
                                                .kind = now.kind,
                                                .holder = now.holder,
                                                .stack = stack,
                                                .object = now.object,
                                                .since = now.since,
                                                .request = smk_load_relaxed(&t->request)};
    return true;
}

static void put_open_waits(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    static struct put_open put; /* the writer is one thread */
    put.tools = tools;
    put.capture = capture;
    put.count = 0;
    smk_threads_each(note_open_wait, &put);
    smk_store_relaxed(&smk_stats.open_waits, put.count + capture->open_waits_refused);
    smk_add_relaxed(&smk_stats.open_waits_full, capture->open_waits_refused);
    smk_segment_put_refs(tools, capture);
    put.table = begin_table(tools, capture, SMK_CHUNK_OPEN_WAITS);
    for (uint32_t i = 0; i < put.count; i++) {
        const struct smk_open *open = &put.list[i];
        smk_table_number(&put.table, open->serial);
        smk_table_number(&put.table, open->tid);
        smk_table_number(&put.table, open->kind);
        smk_table_number(&put.table, open->object);
        smk_table_number(&put.table, open->holder);
        smk_table_number(&put.table, smk_encoder_time(tools->encoder, open->since));
        smk_table_number(&put.table, open->stack);
        smk_table_number(&put.table, open->request);
        smk_table_entry_done(&put.table);
    }
    smk_table_end(&put.table);
}

/* ---- losses ----------------------------------------------------------------------------------------------- */

static void put_losses(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    struct smk_table table = begin_table(tools, capture, SMK_CHUNK_LOSS);
    for (uint32_t i = 0; i <= capture->loss_count; i++) {
        struct smk_loss_entry rest = {0, 0, capture->loss_rest};
        const struct smk_loss_entry *loss =
            i < capture->loss_count ? &capture->losses[i] : &rest;
        if (loss->events == 0)
            continue;
        smk_table_number(&table, loss->serial);
        smk_table_number(&table, loss->tid);
        smk_table_number(&table, loss->events);
        smk_table_entry_done(&table);
    }
    smk_table_end(&table);
}

/* ---- gaps ------------------------------------------------------------------------------------------------- */

/* At once, so that a file without an end has them. */
void smk_segment_put_gaps(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    uint64_t version = smk_gaps_version();
    if (version == capture->gaps_seen)
        return;
    capture->gaps_seen = version;
    struct smk_table table = begin_table(tools, capture, SMK_CHUNK_FACTS);
    smk_facts_put_gaps(&table, capture, tools->encoder);
    smk_table_end(&table);
}

/* ---- begin and end ---------------------------------------------------------------------------------------- */

void smk_segment_begin(const struct smk_segment_tools *tools, struct smk_capture *capture)
{
    smk_refs_clear(&capture->refs);
    memset(capture->known, 0, sizeof capture->known);
    capture->last_clock = 0;
    capture->segment_started = smk_sys_clock(CLOCK_MONOTONIC);
    smk_output_begin_segment(&capture->output);
    struct smk_table table = begin_table(tools, capture, SMK_CHUNK_SEGMENT);
    smk_facts_put_segment(&table, capture, tools->encoder);
    smk_table_end(&table);
    smk_segment_put_clock(tools, capture);
    put_modules(tools, capture);
    put_lock_names(tools, capture);
    put_live_threads(tools, capture);
    smk_store_relaxed(&capture->segments, capture->output.segment.number + 1);
}

void smk_segment_end(const struct smk_segment_tools *tools, struct smk_capture *capture,
                     enum smk_reason reason)
{
    put_live_threads(tools, capture);
    put_lock_names(tools, capture);
    if (reason != SMK_REASON_RUNNING) {
        put_modules(tools, capture);
        put_open_waits(tools, capture);
    }
    put_losses(tools, capture);
    smk_segment_put_clock(tools, capture);
    struct smk_table table = begin_table(tools, capture, SMK_CHUNK_FACTS);
    smk_facts_put_end(&table, capture, tools->encoder, reason);
    smk_table_end(&table);
    smk_output_end_segment(&capture->output, reason, smk_capture_total_lost(capture));
}
