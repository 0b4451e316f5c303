/* rows.c: rows and what things are called. */
#include <stdio.h>
#include <string.h>

#include "analysis/say.h"
#include "base/errors.h"
#include "format/events.h"
#include "view/state.h"

/* ---- the trace ------------------------------------------------------------------------------------------ */

static void learn(struct smk_view *view, const struct smk_view_lock_word *word)
{
    struct smk_lock_seen seen = {.address = word->address,
                                 .begin = word->from,
                                 .end = word->to,
                                 .process = word->process,
                                 .thread = word->thread,
                                 .stack = word->stack,
                                 .site = word->site};
    switch (word->what) {
    case SMK_VIEW_LOCK_WAIT:
        smk_locks_wait(&view->locks, &view->names, &seen);
        break;
    case SMK_VIEW_LOCK_EPOCH:
        smk_locks_epoch(&view->locks, &view->names, word->process, word->address, word->from);
        break;
    default:
        smk_locks_name(&view->locks, &view->names, word->process, word->address, word->from, word->site);
    }
}

/* What the builder found out about locks since this was asked last. A store that is built anew has the same words in
 * the same order. */
static void catch_up(struct smk_view *view)
{
    struct smk_view_reader reader;
    smk_view_read_begin(&reader, view);
    for (; view->locks_told < reader.store->lock_count; view->locks_told++)
        learn(view, &reader.store->locks[view->locks_told]);
    smk_view_read_end(&reader, view, 0);
}

smk_trace *smk_view_enter(struct smk_view *view)
{
    pthread_mutex_lock(&view->trace_mutex);
    return view->trace;
}

void smk_view_leave(struct smk_view *view) { pthread_mutex_unlock(&view->trace_mutex); }
struct smk_symbols *smk_view_symbols(struct smk_view *view) { return &view->symbols; }

struct smk_locks *smk_view_locks(struct smk_view *view)
{
    catch_up(view);
    return &view->locks;
}

uint64_t smk_view_first(const struct smk_view *view) { return view->first; }
uint64_t smk_view_duration(const struct smk_view *view) { return view->duration; }
unsigned smk_view_level_min(const struct smk_view *view) { return (void)view, 0; }
unsigned smk_view_level_max(const struct smk_view *view) { return view->level_max; }

/* ---- rows ----------------------------------------------------------------------------------------------- */

const char *smk_view_row_kind_name(enum smk_view_row_kind kind)
{
    static const char *const names[] = {
#define X(NAME, name) name,
        SMK_VIEW_ROW_KINDS(X)
#undef X
    };
    return (unsigned)kind < SMK_ARRAY_LEN(names) ? names[kind] : "?";
}

const struct smk_view_line *smk_view_line_of(struct smk_view_store *store, uint32_t row)
{
    if (row < store->row_count)
        return store->rows[row];
    if (store->row_count == 0)
        smk_fail(SMK_E_INVALID, "row %u; allowed: none, there are no rows yet", row);
    else
        smk_fail(SMK_E_INVALID, "row %u; allowed: 0 to %u", row, store->row_count - 1);
    return NULL;
}

uint32_t smk_view_row_count(struct smk_view *view)
{
    struct smk_view_reader reader;
    smk_view_read_begin(&reader, view);
    uint32_t count = reader.store->row_count;
    smk_view_read_end(&reader, view, 0);
    return count;
}

bool smk_view_get_row(struct smk_view *view, uint32_t row, struct smk_view_row *is)
{
    struct smk_view_reader reader;
    smk_view_read_begin(&reader, view);
    bool found = row < reader.store->row_count;
    if (found)
        *is = reader.store->rows[row]->is;
    smk_view_read_end(&reader, view, 0);
    return found;
}

uint32_t smk_view_row_of_thread(struct smk_view *view, uint32_t serial)
{
    struct smk_view_reader reader;
    smk_view_read_begin(&reader, view);
    uint32_t row = smk_map_get(&reader.store->by_thread, serial);
    smk_view_read_end(&reader, view, 0);
    return row; /* SMK_MAP_NONE is SMK_VIEW_NONE */
}

void smk_view_row_name(struct smk_view *view, uint32_t row, char name[SMK_NAME_MAX])
{
    struct smk_view_row is;
    name[0] = '\0';
    if (!smk_view_get_row(view, row, &is))
        return;
    if (is.label) {
        smk_view_label(view, is.label, name);
        return;
    }
    if (is.kind == SMK_VIEW_CPU) {
        snprintf(name, SMK_NAME_MAX, "CPU %u", is.depth);
        return;
    }
    if (!is.thread) {
        snprintf(name, SMK_NAME_MAX, "%s",
                 is.kind == SMK_VIEW_MARKS      ? "not recorded"
                 : is.kind == SMK_VIEW_REQUESTS ? "unknown route"
                                                : "regions of requests");
        return;
    }
    smk_trace *trace = smk_view_enter(view);
    smk_name_of_thread(name, trace, is.thread);
    smk_view_leave(view);
}

/* ---- labels --------------------------------------------------------------------------------------------- */

/* False: there is no such number. */
static bool wait_of(struct smk_view *view, uint32_t number, struct smk_span_wait *wait)
{
    struct smk_view_reader reader;
    smk_view_read_begin(&reader, view);
    bool found = number < reader.store->wait_count;
    if (found)
        *wait = reader.store->waits[number];
    smk_view_read_end(&reader, view, 0);
    return found;
}

static void name_wait(struct smk_view *view, uint32_t number, char text[SMK_NAME_MAX])
{
    struct smk_span_wait wait;
    if (!wait_of(view, number, &wait))
        return;
    wait.fd = -1; /* of one of many */
    smk_wait_text(text, smk_view_symbols(view), smk_view_locks(view), &wait);
}

static void name_string(smk_trace *trace, uint32_t id, char text[SMK_NAME_MAX])
{
    const char *string = smk_trace_string(trace, id);
    snprintf(text, SMK_NAME_MAX, "%.*s", (int)SMK_NAME_MAX - 1, string ? string : "");
}

void smk_view_label(struct smk_view *view, uint32_t label, char text[SMK_NAME_MAX])
{
    uint32_t id = label & ((1u << 28) - 1);
    const char *category;
    text[0] = '\0';
    smk_trace *trace = smk_view_enter(view);
    switch ((enum smk_view_label_kind)(label >> 28)) {
    case SMK_VIEW_LABEL_WAIT:
        name_wait(view, id, text);
        break;
    case SMK_VIEW_LABEL_STRING:
        name_string(trace, id, text);
        break;
    case SMK_VIEW_LABEL_SITE:
        smk_name_of_site(text, trace, id);
        break;
    case SMK_VIEW_LABEL_STACK:
        if (smk_trace_stack(trace, id))
            smk_place_text(text, smk_view_symbols(view), id);
        break;
    case SMK_VIEW_LABEL_THREAD:
        if (smk_trace_thread(trace, id))
            smk_name_of_thread(text, trace, id);
        break;
    case SMK_VIEW_LABEL_CATEGORY:
        category = id < SMK_CATEGORY_COUNT ? smk_category_name(1u << id) : NULL;
        snprintf(text, SMK_NAME_MAX, "%s", category ? category : "");
        break;
    default:
        break;
    }
    smk_view_leave(view);
}
