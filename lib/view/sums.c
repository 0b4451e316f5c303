/* sums.c: the time of a row by class, and the overview. */
#include <string.h>

#include "base/errors.h"
#include "read/trace.h"
#include "view/state.h"

/* ---- classes -------------------------------------------------------------------------------------------- */

enum { KINDS = 10, FIRST_WAITING = 3, FIRST_IDLE = FIRST_WAITING + KINDS };

uint32_t smk_view_class(unsigned state, unsigned kind)
{
    kind = kind < KINDS ? kind : SMK_WAIT_NONE;
    if (state == SMK_SPAN_WAITING)
        return FIRST_WAITING + kind;
    if (state == SMK_SPAN_IDLE)
        return FIRST_IDLE + kind;
    return state < FIRST_WAITING ? state : SMK_SPAN_UNKNOWN;
}

unsigned smk_view_class_state(uint32_t class_number)
{
    if (class_number < FIRST_WAITING)
        return class_number;
    return class_number < FIRST_IDLE ? SMK_SPAN_WAITING : SMK_SPAN_IDLE;
}

unsigned smk_view_class_kind(uint32_t class_number)
{
    if (class_number < FIRST_WAITING)
        return SMK_WAIT_NONE;
    return (class_number - FIRST_WAITING) % KINDS;
}

/* ---- sums ----------------------------------------------------------------------------------------------- */

/* Of what lies before `time`. *inside: an item goes on there, which is counted. */
static void sums_before(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t time,
                        struct smk_view_sum sums[SMK_VIEW_CLASSES], uint32_t *inside)
{
    struct smk_view_items items;
    struct smk_view_entry entry;
    *inside = SMK_VIEW_CLASSES;
    smk_view_items_from(&items, reader, line, time);
    memcpy(sums, items.sums, sizeof(items.sums));
    while (smk_view_items_next(&items, &entry) && entry.from < time) {
        uint32_t class_number = smk_view_class(SMK_VIEW_LOOK_STATE(entry.look), SMK_VIEW_LOOK_KIND(entry.look));
        sums[class_number].ns += smk_min_u64(entry.to, time) - entry.from;
        sums[class_number].count++;
        if (entry.to > time)
            *inside = class_number;
    }
}

static void sums_of(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t from, uint64_t to,
                    struct smk_view_sums *sums)
{
    struct smk_view_sum before[SMK_VIEW_CLASSES], until[SMK_VIEW_CLASSES];
    uint32_t inside, last;
    sums_before(reader, line, from, before, &inside);
    sums_before(reader, line, to, until, &last);
    for (uint32_t i = 0; i < SMK_VIEW_CLASSES; i++) {
        sums->ns[i] = until[i].ns - before[i].ns;
        sums->count[i] = until[i].count - before[i].count + (i == inside);
    }
}

int smk_view_sums_in(struct smk_view *view, uint32_t row, uint64_t from, uint64_t to, struct smk_view_sums *sums)
{
    struct smk_view_reader reader;
    int result = 0;
    memset(sums, 0, sizeof(*sums));
    smk_view_read_begin(&reader, view);
    const struct smk_view_line *line = smk_view_line_of(reader.store, row);
    if (!line || from > to)
        result = line ? smk_fail(SMK_E_INVALID, "a stretch that ends before it begins") : SMK_E_INVALID;
    else if (line->is.kind != SMK_VIEW_THREAD)
        result = smk_fail(SMK_E_INVALID, "row %u is no thread's", row);
    else
        sums_of(&reader, line, from, to, sums);
    sums->final = smk_view_is_sealed(reader.store) || (line && line->last >= to);
    return smk_view_read_end(&reader, view, result);
}

/* ---- the overview --------------------------------------------------------------------------------------- */

/* Chunks are some thousand events of one thread each; within one they are taken to be evenly spread. */
static void spread(struct smk_view *view, uint64_t from, uint64_t to, uint64_t count)
{
    uint64_t width = view->duration / SMK_VIEW_COLUMNS + 1;
    from = smk_min_u64(smk_max_u64(from, view->first) - view->first, view->duration) / width;
    to = smk_min_u64(smk_max_u64(to, view->first) - view->first, view->duration) / width;
    to = smk_max_u64(from, to);
    uint64_t columns = to - from + 1;
    for (uint64_t i = 0; i < columns; i++)
        view->events[from + i] += count * (i + 1) / columns - count * i / columns;
}

void smk_view_count_events(struct smk_view *view)
{
    const struct smk_trace *trace = view->trace;
    for (uint32_t i = 0; i < trace->chunk_count; i++) {
        const struct smk_chunk_ref *ref = &trace->chunks[i];
        const struct smk_clock_stretch *stretch = NULL;
        const struct smk_clocks *clocks = &trace->processes[0].clocks;
        uint64_t from = trace->several ? ref->first : smk_clocks_ns(clocks, &stretch, ref->first);
        uint64_t to = trace->several ? ref->last : smk_clocks_ns(clocks, &stretch, ref->last);
        spread(view, from, to, ref->count);
    }
}

static uint64_t class_in(const struct smk_view_density_sums *sums, uint32_t class_number, uint64_t *columns)
{
    const uint64_t *part = sums->part + (size_t)class_number * SMK_VIEW_COLUMNS;
    const int64_t *whole = sums->whole + (size_t)class_number * SMK_VIEW_COLUMNS;
    int64_t full = 0;
    uint64_t total = 0;
    for (uint32_t i = 0; i < SMK_VIEW_COLUMNS; i++) {
        full += whole[i];
        columns[i] = part[i] + (uint64_t)full * sums->width;
        total += columns[i];
    }
    return total;
}

struct lived {
    uint64_t of_class[SMK_VIEW_COLUMNS];
    uint64_t all[SMK_VIEW_COLUMNS];
};

/* What is asked for is at most as fine as what was kept: each column of it takes those that begin in it, or the one
 * that it lies in. */
static void fold(const uint64_t *columns, uint32_t wanted, uint32_t column, uint64_t *sum)
{
    uint32_t from = (uint32_t)((uint64_t)column * SMK_VIEW_COLUMNS / wanted);
    uint32_t to = (uint32_t)((uint64_t)(column + 1) * SMK_VIEW_COLUMNS / wanted);
    *sum = 0;
    for (uint32_t i = from; i < to; i++)
        *sum += columns[i];
}

static int share_out(struct smk_view_density *density, const struct smk_view_density_sums *sums, struct lived *lived)
{
    uint64_t part, all;
    for (uint32_t class_number = 0; class_number < SMK_VIEW_CLASSES; class_number++) {
        class_in(sums, class_number, lived->of_class);
        for (uint32_t i = 0; i < SMK_VIEW_COLUMNS; i++)
            lived->all[i] += lived->of_class[i];
    }
    for (uint32_t class_number = 0; class_number < SMK_VIEW_CLASSES; class_number++) {
        if (class_in(sums, class_number, lived->of_class) == 0)
            continue;
        float *share = smk_mem_new(&density->mem, density->columns * sizeof(*share));
        density->share[class_number] = share;
        for (uint32_t i = 0; share && i < density->columns; i++) {
            fold(lived->of_class, density->columns, i, &part);
            fold(lived->all, density->columns, i, &all);
            share[i] = all ? (float)((double)part / (double)all) : 0;
        }
    }
    return smk_mem_failed(&density->mem);
}

int smk_view_density_of(struct smk_view *view, uint32_t columns, struct smk_view_density *density)
{
    struct smk_view_reader reader;
    smk_view_mem(&density->mem);
    smk_view_density_free(density);
    if (columns < 1 || columns > SMK_VIEW_COLUMNS)
        return smk_fail(SMK_E_INVALID, "%u columns; allowed: 1 to %u", columns, SMK_VIEW_COLUMNS);
    density->columns = columns;
    density->events = smk_mem_new(&density->mem, columns * sizeof(*density->events));
    for (uint32_t i = 0; density->events && i < columns; i++)
        fold(view->events, columns, i, &density->events[i]);
    struct lived *lived = smk_mem_new(&density->mem, sizeof(*lived));
    smk_view_read_begin(&reader, view);
    density->final = smk_view_is_sealed(reader.store);
    int result = lived ? share_out(density, &reader.store->density, lived) : smk_mem_failed(&density->mem);
    smk_mem_free(&density->mem, lived, sizeof(*lived));
    return smk_view_read_end(&reader, view, result);
}

void smk_view_density_free(struct smk_view_density *density)
{
    smk_view_mem(&density->mem);
    for (uint32_t i = 0; i < SMK_VIEW_CLASSES; i++) {
        smk_mem_free(&density->mem, density->share[i], density->columns * sizeof(*density->share[i]));
        density->share[i] = NULL;
    }
    smk_mem_free(&density->mem, density->events, density->columns * sizeof(*density->events));
    density->events = NULL;
    density->columns = 0;
}
