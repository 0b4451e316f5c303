/* trace_sqlite.c: a trace as an SQLite database: one transaction, one prepared statement a table, indices and views
 * when all is in. What does not go in is remembered, and the database does not stay.
 */
#include "trace_sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/region_states.h"
#include "base/errors.h"
#include "export/exporter.h"
#include "stallmark/version.h"
#include "trace_sqlite_schema.h"

#define SCHEMA_VERSION "1"

enum table {
#define X(NAME, name, columns) TABLE_##NAME,
    SMK_SQLITE_TABLES(X)
#undef X
        TABLES
};

static const struct {
    const char *name, *columns;
} tables[TABLES] = {
#define X(NAME, name, columns) {name, columns},
    SMK_SQLITE_TABLES(X)
#undef X
};

struct database {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
    sqlite3 *db;
    sqlite3_stmt *inserts[TABLES];
    sqlite3_stmt *row; /* that is being put together */
    int column;
    struct smk_map stacks; /* that are in */
    struct smk_region_states regions;
    int code;              /* SQLite's, of what failed first */
};

static struct database *database_of(void *arg) { return arg; }

static void note(struct database *to, int code)
{
    if (to->code == SQLITE_OK && code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        to->code = code;
        smk_fail(SMK_E_IO, "sqlite: %s", sqlite3_errmsg(to->db));
        to->exporter->out.result = 1; /* ends the pass */
    }
}

static void do_all(struct database *to, const char *sql)
{
    if (to->code == SQLITE_OK)
        note(to, sqlite3_exec(to->db, sql, NULL, NULL, NULL));
}

/* ---- a row ---------------------------------------------------------------------------------------------- */

static void begin(struct database *to, enum table table)
{
    to->row = to->inserts[table];
    to->column = 0;
}

static void put_signed(struct database *to, int64_t value)
{
    note(to, sqlite3_bind_int64(to->row, ++to->column, value));
}

static void put_number(struct database *to, uint64_t value) { put_signed(to, (int64_t)value); }

/* NULL where it is not there. */
static void put_maybe(struct database *to, bool there, uint64_t value)
{
    if (there)
        put_number(to, value);
    else
        note(to, sqlite3_bind_null(to->row, ++to->column));
}

/* "" is NULL. */
static void put_text(struct database *to, const char *text)
{
    if (text && text[0])
        note(to, sqlite3_bind_text(to->row, ++to->column, text, -1, SQLITE_TRANSIENT));
    else
        note(to, sqlite3_bind_null(to->row, ++to->column));
}

/* "" is "". */
static void put_name(struct database *to, const char *text)
{
    note(to, sqlite3_bind_text(to->row, ++to->column, text, -1, SQLITE_TRANSIENT));
}

static void put_address(struct database *to, uint64_t address)
{
    char text[32] = "";
    if (address)
        snprintf(text, sizeof(text), "0x%" PRIx64, address);
    put_text(to, text);
}

static void end(struct database *to)
{
    if (to->code == SQLITE_OK)
        note(to, sqlite3_step(to->row));
    sqlite3_reset(to->row);
}

/* thread, process, from, to, ns: how most rows begin. */
static void begin_stretch(struct database *to, enum table table, uint32_t thread, uint32_t process, uint64_t from,
                          uint64_t until)
{
    begin(to, table);
    if (table != TABLE_REQUEST)
        put_number(to, thread);
    put_number(to, process);
    put_number(to, from);
    put_number(to, until);
    put_number(to, until - from);
}

/* ---- stacks --------------------------------------------------------------------------------------------- */

struct frames {
    struct database *to;
    uint32_t stack, depth;
};

static bool each_frame(void *arg, const struct smk_export_frame *frame)
{
    struct frames *frames = arg;
    struct database *to = frames->to;
    struct smk_export_text text;
    begin(to, TABLE_FRAME);
    put_number(to, frames->stack);
    put_number(to, frames->depth++);
    put_name(to, smk_export_clean(&text, frame->function));
    put_text(to, smk_export_clean(&text, frame->file));
    put_maybe(to, frame->line != 0, frame->line);
    put_number(to, frame->inlined);
    put_text(to, smk_export_clean(&text, frame->module));
    char address[32];
    snprintf(address, sizeof(address), "0x%" PRIx64, frame->pc);
    put_name(to, address);
    end(to);
    return true;
}

/* Puts it in when it is met first. */
static void need_stack(struct database *to, uint32_t number)
{
    struct smk_export_text function;
    const smk_stack_info *info = number ? smk_trace_stack(to->exporter->trace, number) : NULL;
    if (!info || smk_map_get(&to->stacks, number) != SMK_MAP_NONE ||
        !smk_map_put(&to->stacks, &to->exporter->mem, number, 0))
        return;
    struct frames frames = {.to = to, .stack = number};
    begin(to, TABLE_STACK);
    put_number(to, number);
    put_number(to, info->process);
    put_text(to, smk_export_function(to->exporter, &function, number));
    end(to);
    smk_export_stack(to->exporter, number, each_frame, &frames);
}

/* ---- what happened -------------------------------------------------------------------------------------- */

static void on_span(void *arg, const struct smk_span *span)
{
    struct database *to = database_of(arg);
    smk_region_states_span(&to->regions, span);
    bool waits = span->state == SMK_SPAN_WAITING || span->state == SMK_SPAN_IDLE;
    begin_stretch(to, TABLE_SPAN, span->thread, span->process, span->from, span->to);
    put_name(to, smk_span_state_name((enum smk_span_state)span->state));
    put_text(to, waits && span->kind ? smk_wait_kind_name(span->kind) : NULL);
    put_maybe(to, span->cpu != SMK_CPU_NONE, span->cpu);
    put_maybe(to, span->request != 0, span->request);
    put_number(to, (span->flags & SMK_SPAN_OR_RUNNABLE) != 0);
    put_number(to, (span->flags & SMK_SPAN_WHOLE_CALL) != 0);
    put_number(to, (span->flags & SMK_SPAN_IN_GAP) != 0);
    end(to);
}

static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    struct database *to = database_of(arg);
    struct smk_export_text text;
    need_stack(to, wait->stack);
    begin_stretch(to, TABLE_WAIT, wait->thread, wait->process, wait->from, wait->to);
    put_name(to, smk_wait_kind_name(wait->kind));
    put_name(to, smk_export_wait(to->exporter, &text, wait));
    put_text(to, smk_export_string(to->exporter, &text, wait->call));
    put_address(to, wait->object);
    put_text(to, smk_export_object(to->exporter, &text, wait));
    put_maybe(to, wait->holder != 0, wait->holder);
    put_maybe(to, wait->releaser != 0, wait->releaser);
    put_maybe(to, wait->waker != 0, wait->waker);
    put_maybe(to, wait->fd >= 0, (uint64_t)wait->fd);
    put_text(to, smk_export_string(to->exporter, &text, wait->what));
    put_signed(to, wait->result);
    put_maybe(to, wait->amount != 0, wait->amount);
    put_maybe(to, wait->request != 0, wait->request);
    put_maybe(to, wait->stack != 0, wait->stack);
    put_number(to, !wait->open);
    put_number(to, wait->idle);
    end(to);
}

static void on_region(void *arg, const struct smk_span_region *region)
{
    struct database *to = database_of(arg);
    struct smk_export_text text;
    const smk_site_info *site = smk_trace_site(to->exporter->trace, region->site);
    begin_stretch(to, TABLE_REGION, region->thread, region->process, region->from, region->to);
    put_name(to, smk_export_site(to->exporter, &text, region->site));
    put_maybe(to, !region->of_request, region->depth);
    put_maybe(to, region->request != 0, region->request);
    put_text(to, smk_export_clean(&text, site ? site->file : NULL));
    put_maybe(to, site && site->line, site ? site->line : 0);
    put_number(to, !region->open);
    end(to);
}

static void on_request(void *arg, const struct smk_span_request *request)
{
    struct database *to = database_of(arg);
    struct smk_export_text text;
    char id[40] = "", parent[24] = "";
    if (request->trace_high || request->trace_low)
        snprintf(id, sizeof(id), "%016" PRIx64 "%016" PRIx64, request->trace_high, request->trace_low);
    if (request->parent)
        snprintf(parent, sizeof(parent), "%016" PRIx64, request->parent);
    begin(to, TABLE_REQUEST);
    put_number(to, request->id);
    put_number(to, request->process);
    put_number(to, request->from);
    put_number(to, request->to);
    put_number(to, request->to - request->from);
    put_name(to, smk_export_route(to->exporter, &text, request->route));
    put_maybe(to, !request->open, request->status);
    put_number(to, request->read - request->from);
    put_maybe(to, request->first_thread != 0, request->first_thread);
    put_maybe(to, request->last_thread != 0, request->last_thread);
    put_number(to, request->more);
    put_text(to, id);
    put_text(to, parent);
    put_number(to, !request->open && !request->begin_unseen);
    end(to);
}

static void on_handoff(void *arg, const struct smk_span_handoff *handoff)
{
    struct database *to = database_of(arg);
    struct smk_export_text text;
    begin_stretch(to, TABLE_HANDOFF, handoff->thread, handoff->process, handoff->from, handoff->to);
    put_name(to, smk_export_site(to->exporter, &text, handoff->site));
    put_maybe(to, handoff->giver != 0, handoff->giver);
    put_maybe(to, handoff->request != 0, handoff->request);
    end(to);
}

static void on_release(void *arg, const struct smk_span_release *release)
{
    struct database *to = database_of(arg);
    struct smk_export_text text;
    need_stack(to, release->stack);
    begin_stretch(to, TABLE_RELEASE, release->thread, release->process, release->from, release->to);
    put_name(to, smk_export_release(to->exporter, &text, release));
    put_address(to, release->object);
    put_maybe(to, release->held != 0, release->held);
    put_maybe(to, release->wake, release->waiters);
    put_maybe(to, release->stack != 0, release->stack);
    end(to);
}

static void on_sample(void *arg, const struct smk_span_sample *sample)
{
    struct database *to = database_of(arg);
    need_stack(to, sample->stack);
    begin(to, TABLE_SAMPLE);
    put_number(to, sample->thread);
    put_number(to, sample->process);
    put_number(to, sample->time);
    put_number(to, sample->cpu);
    put_maybe(to, sample->request != 0, sample->request);
    put_maybe(to, sample->stack != 0, sample->stack);
    end(to);
}

static void on_counter(void *arg, const struct smk_span_counter *counter)
{
    struct database *to = database_of(arg);
    struct smk_export_text text;
    begin(to, TABLE_COUNTER);
    put_number(to, counter->process);
    put_number(to, counter->time);
    put_name(to, counter->site ? smk_export_site(to->exporter, &text, counter->site)
                               : smk_export_string(to->exporter, &text, counter->name));
    put_signed(to, counter->value);
    put_maybe(to, counter->site != 0, counter->thread);
    end(to);
}

static void on_count(void *arg, const struct smk_span_count *count)
{
    struct database *to = database_of(arg);
    begin(to, TABLE_CPU_TIME);
    put_number(to, count->thread);
    put_number(to, count->process);
    put_number(to, count->from);
    put_number(to, count->to);
    put_number(to, count->running);
    put_number(to, count->runnable);
    put_number(to, count->switches);
    end(to);
}

static void on_gap(void *arg, const smk_gap *gap)
{
    struct database *to = database_of(arg);
    struct smk_export_text text;
    smk_region_states_gap(&to->regions, gap);
    begin(to, TABLE_GAP);
    put_number(to, gap->process);
    put_number(to, gap->from);
    put_number(to, gap->to);
    put_name(to, smk_category_name(gap->category));
    put_text(to, smk_export_clean(&text, gap->reason));
    end(to);
}

static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    struct database *to = database_of(arg);
    (void)request;
    smk_export_event(to->exporter, event);
    smk_region_states_event(&to->regions, event);
}

/* ---- regions by what was done in them ------------------------------------------------------------------- */

static void put_path_name(struct database *to, const uint32_t *sites, uint32_t count)
{
    char path[4 * SMK_NAME_MAX] = "";
    struct smk_export_text text;
    size_t len = 0;
    for (uint32_t i = 0; i < count && len < 3 * SMK_NAME_MAX; i++)
        len += (size_t)snprintf(path + len, sizeof(path) - len, "%s%.200s", i ? " / " : "",
                                smk_export_site(to->exporter, &text, sites[i]));
    put_name(to, path);
    put_name(to, smk_export_site(to->exporter, &text, sites[count - 1]));
}

static void put_region_time(struct database *to, uint32_t number)
{
    const struct smk_region_path *path = &to->regions.paths[number];
    uint32_t sites[SMK_REGION_DEPTH], count = smk_region_path_sites(&to->regions, number, sites, SMK_REGION_DEPTH);
    for (unsigned does = 0; does < SMK_DOES_COUNT; does++) {
        if (path->whole[does] == 0)
            continue;
        bool waits = does > SMK_DOES_WAITING;
        begin(to, TABLE_REGION_TIME);
        put_path_name(to, sites, count);
        put_number(to, count - 1);
        put_number(to, path->times);
        put_name(to, smk_does_name(waits ? SMK_DOES_WAITING : does));
        put_text(to, waits ? smk_does_name(does) : NULL);
        put_number(to, path->own[does]);
        put_number(to, path->whole[does]);
        end(to);
    }
}

static void put_region_times(struct database *to)
{
    if (!smk_region_states_finish(&to->regions))
        return; /* the exporter's memory says it */
    for (uint32_t i = 0; i < to->regions.count; i++)
        put_region_time(to, to->regions.by_time[i].path);
}

/* ---- what the trace says of itself ---------------------------------------------------------------------- */

static void put_info(struct database *to, const char *key, const char *value, bool of_process, uint32_t process)
{
    struct smk_export_text text;
    begin(to, TABLE_INFO);
    put_name(to, smk_export_clean(&text, key));
    put_name(to, smk_export_clean(&text, value));
    put_maybe(to, of_process, process);
    end(to);
}

static void put_process(struct database *to, const smk_process_info *info)
{
    struct smk_export_text text;
    const char *key, *value;
    begin(to, TABLE_PROCESS);
    put_number(to, info->process);
    put_number(to, info->pid);
    put_maybe(to, info->parent != 0, info->parent);
    put_name(to, smk_export_clean(&text, smk_program_of(info)));
    put_text(to, smk_export_clean(&text, info->exe));
    put_text(to, smk_export_clean(&text, info->host));
    put_text(to, smk_export_clean(&text, info->capture_id));
    put_number(to, info->first);
    put_number(to, info->last);
    put_maybe(to, info->complete_from != UINT64_MAX, info->complete_from);
    put_signed(to, info->realtime_offset);
    put_number(to, info->events);
    put_number(to, info->lost);
    end(to);
    for (size_t i = 0; smk_trace_process_fact_at(to->exporter->trace, info->process, i, &key, &value); i++)
        put_info(to, key, value, true, info->process);
}

static void put_tables(struct database *to)
{
    smk_trace *trace = to->exporter->trace;
    struct smk_export_text text;
    const smk_process_info *process;
    const smk_thread_info *thread;
    put_info(to, "stallmark", SMK_VERSION_STRING, false, 0);
    put_info(to, "schema", SCHEMA_VERSION, false, 0);
    for (size_t i = 0; (process = smk_trace_process_at(trace, i)) != NULL; i++)
        put_process(to, process);
    for (size_t i = 0; (thread = smk_trace_thread_at(trace, i)) != NULL; i++) {
        begin(to, TABLE_THREAD);
        put_number(to, thread->serial);
        put_number(to, thread->process);
        put_number(to, thread->tid);
        put_name(to, smk_export_thread(to->exporter, &text, thread->serial));
        put_maybe(to, thread->started != 0, thread->started);
        put_number(to, thread->lost);
        end(to);
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static void make_table(struct database *to, enum table table)
{
    char sql[1024], marks[128] = "?";
    for (const char *comma = tables[table].columns; (comma = strchr(comma, ',')) != NULL; comma++)
        strncat(marks, ",?", sizeof(marks) - strlen(marks) - 1);
    snprintf(sql, sizeof(sql), "CREATE TABLE %s (%s)", tables[table].name, tables[table].columns);
    do_all(to, sql);
    snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (%s)", tables[table].name, marks);
    if (to->code == SQLITE_OK)
        note(to, sqlite3_prepare_v2(to->db, sql, -1, &to->inserts[table], NULL));
}

static int fill(struct database *to)
{
    static const struct smk_timeline_calls calls = {.span = on_span,
                                                    .wait = on_wait,
                                                    .region = on_region,
                                                    .request = on_request,
                                                    .handoff = on_handoff,
                                                    .sample = on_sample,
                                                    .counter = on_counter,
                                                    .release = on_release,
                                                    .count = on_count,
                                                    .gap = on_gap,
                                                    .event = on_event};
    do_all(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN");
    for (unsigned i = 0; i < TABLES; i++)
        make_table(to, (enum table)i);
    int result = 0;
    if (to->code == SQLITE_OK) {
        put_tables(to);
        smk_region_states_init(&to->regions, &to->exporter->mem);
        result = smk_export_timeline(to->exporter, &calls, to);
        put_region_times(to);
    }
    do_all(to, SMK_SQLITE_INDICES SMK_SQLITE_VIEWS "COMMIT");
    return to->code != SQLITE_OK ? SMK_E_IO : result;
}

static int write_database(smk_trace *trace, const struct smk_export_options *options, const char *path)
{
    struct smk_exporter exporter;
    struct database to = {.exporter = &exporter};
    int result = smk_exporter_init(&exporter, trace, options, NULL, NULL);
    if (result == 0 && sqlite3_open_v2(path, &to.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        result = smk_fail(SMK_E_IO, "sqlite: %s", to.db ? sqlite3_errmsg(to.db) : "out of memory");
    if (result == 0)
        result = fill(&to);
    for (unsigned i = 0; i < TABLES; i++)
        sqlite3_finalize(to.inserts[i]);
    if (sqlite3_close(to.db) != SQLITE_OK && result == 0)
        result = smk_fail(SMK_E_IO, "sqlite: the database cannot be closed");
    smk_region_states_free(&to.regions);
    smk_map_free(&to.stacks, &exporter.mem);
    smk_exporter_free(&exporter);
    return result;
}

int smk_cli_export_sqlite(smk_trace *trace, const struct smk_export_options *options, const char *path)
{
    char partial[4096];
    int n = snprintf(partial, sizeof(partial), "%s.partial", path);
    if (n < 0 || (size_t)n >= sizeof(partial))
        return smk_fail(SMK_E_INVALID, "the path is too long");
    if (unlink(partial) != 0 && errno != ENOENT)
        return smk_fail(SMK_E_IO, "%s: %s", partial, strerror(errno));
    int result = write_database(trace, options, partial);
    if (result == 0 && rename(partial, path) != 0)
        result = smk_fail(SMK_E_IO, "%s", strerror(errno));
    if (result != 0)
        unlink(partial);
    return result;
}
