/* view.c: a view's life: the trace, the builder's thread, and who may read what when. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/sys.h"
#include "view/state.h"

#define MEMORY_DEFAULT (UINT64_C(448) << 20)
#define BUILDS_MAX     3u /* of a file that is damaged again and again */

void smk_view_mem(struct smk_mem *mem)
{
    if (!mem->resize)
        smk_mem_init(mem, NULL, NULL, 0);
}

/* ---- progress ------------------------------------------------------------------------------------------- */

static void change(struct smk_view *view)
{
    view->progress.serial++;
    pthread_cond_broadcast(&view->changed);
}

void smk_view_get_progress(struct smk_view *view, struct smk_view_progress *progress)
{
    pthread_mutex_lock(&view->mutex);
    *progress = view->progress;
    pthread_mutex_unlock(&view->mutex);
}

void smk_view_wait(struct smk_view *view, uint64_t serial, unsigned milliseconds, struct smk_view_progress *progress)
{
    struct timespec until;
    uint64_t end = smk_sys_clock(CLOCK_MONOTONIC) + milliseconds * UINT64_C(1000000);
    until.tv_sec = (time_t)(end / 1000000000u);
    until.tv_nsec = (long)(end % 1000000000u);
    pthread_mutex_lock(&view->mutex);
    while (view->progress.serial == serial && pthread_cond_timedwait(&view->changed, &view->mutex, &until) == 0)
        ;
    *progress = view->progress;
    pthread_mutex_unlock(&view->mutex);
}

bool smk_view_tell(struct smk_view *view, struct smk_view_store *store, uint64_t done, uint64_t total)
{
    pthread_mutex_lock(&view->mutex);
    view->progress.done = smk_min_u64(done, total);
    view->progress.known_to = store->known_to;
    view->progress.file_bytes = store->file.size;
    view->progress.refused = store->refused;
    change(view);
    bool go_on = !view->stop;
    pthread_mutex_unlock(&view->mutex);
    return go_on;
}

static void enter_phase(struct smk_view *view, enum smk_view_phase phase, int error)
{
    pthread_mutex_lock(&view->mutex);
    struct smk_view_progress *progress = &view->progress;
    progress->phase = phase;
    progress->error = error;
    snprintf(progress->text, sizeof(progress->text), "%.*s", (int)sizeof(progress->text) - 1,
             error != 0 ? smk_last_error() : "");
    if (phase == SMK_VIEW_READY) {
        progress->done = progress->total;
        progress->known_to = view->store->known_to;
        progress->file_bytes = view->store->file.size;
        progress->refused = view->store->refused;
    }
    change(view);
    pthread_mutex_unlock(&view->mutex);
}

const char *smk_view_phase_name(enum smk_view_phase phase)
{
    static const char *const names[] = {"scanning", "building", "ready", "failed"};
    return (unsigned)phase < SMK_ARRAY_LEN(names) ? names[phase] : "?";
}

/* ---- sealing -------------------------------------------------------------------------------------------- */

static void seal(struct smk_view_store *store)
{
    smk_store_release(&store->sealed, 1u); /* pairs with: smk_view_is_sealed */
}

bool smk_view_is_sealed(const struct smk_view_store *store)
{
    return smk_load_acquire(&store->sealed) != 0; /* pairs with: seal */
}

/* ---- building ------------------------------------------------------------------------------------------- */

static size_t memory_of(const struct smk_view *view)
{
    return view->options.max_memory ? view->options.max_memory : MEMORY_DEFAULT;
}

/* The trace's tables twice, and the store: a quarter each, and half. */
static int open_trace(const struct smk_view *view, smk_trace **trace)
{
    smk_open_options options = {.size = sizeof(options), .max_memory = memory_of(view) / 4};
    return smk_trace_open_segments(trace, (const char *const *)view->paths, view->path_count, &options);
}

static int build(struct smk_view *view, struct smk_view_store *store, const char *partial)
{
    smk_trace *trace = NULL;
    int result = open_trace(view, &trace);
    if (result == 0) {
        enter_phase(view, SMK_VIEW_BUILDING, 0);
        result = smk_view_build(view, store, trace);
        smk_trace_close(trace);
    }
    smk_view_turn_take(&store->turns);
    if (result == 0)
        result = smk_view_cache_end(view, store, partial);
    else if (partial[0])
        smk_sys_unlinkat(AT_FDCWD, partial);
    smk_view_file_flush(&store->file, &store->mem); /* no turns from now on */
    seal(store);
    smk_view_turn_end(&store->turns);
    return result;
}

static void set_store(struct smk_view *view, struct smk_view_store *store, bool from_file)
{
    pthread_mutex_lock(&view->mutex);
    struct smk_view_store *old = view->store;
    store->refs = 1;
    view->store = store;
    view->progress.from_file = from_file;
    view->progress.done = 0;
    view->progress.known_to = store->known_to;
    bool last = old && --old->refs == 0;
    change(view);
    pthread_mutex_unlock(&view->mutex);
    if (last)
        smk_view_store_drop(view, old);
}

void smk_view_store_drop(struct smk_view *view, struct smk_view_store *store)
{
    smk_view_store_free(store);
    pthread_mutex_lock(&view->mutex);
    smk_mem_free(&view->mem, store, sizeof(*store));
    pthread_mutex_unlock(&view->mutex);
}

struct smk_view_store *smk_view_store_new(struct smk_view *view, int fd)
{
    pthread_mutex_lock(&view->mutex);
    struct smk_view_store *store = smk_mem_new(&view->mem, sizeof(*store));
    pthread_mutex_unlock(&view->mutex);
    if (!store) {
        smk_sys_close(fd);
        smk_fail(SMK_E_NOMEM, "no memory for the view");
        return NULL;
    }
    if (smk_view_store_begin(store, fd, smk_view_cache_max(view), memory_of(view) / 2, view->first,
                             view->first + view->duration)) {
        store->processes = smk_trace_get_info(view->trace)->processes;
        return store;
    }
    smk_fail(SMK_E_NOMEM, "no memory for the view");
    smk_view_store_drop(view, store);
    return NULL;
}

/* In a file at the first place that takes one. */
static int renew_store(struct smk_view *view)
{
    int fd = smk_view_cache_begin(view, view->partial);
    struct smk_view_store *store = fd >= 0 ? smk_view_store_new(view, fd) : NULL;
    if (!store)
        return fd < 0 ? fd : SMK_E_NOMEM;
    store->file.size = store->file.written = SMK_VIEW_HEADER_BYTES;
    set_store(view, store, false);
    enter_phase(view, SMK_VIEW_SCANNING, 0);
    return 0;
}

/* A full disk, or a broken one: there may be room elsewhere. Says once which place it was. */
static bool go_elsewhere(struct smk_view *view, int result)
{
    const struct smk_view_store *store = view->store;
    if (result != SMK_E_NOSPACE && (store->file.failure != SMK_E_IO))
        return false;
    pthread_mutex_lock(&view->mutex);
    if (!view->progress.not_kept[0])
        snprintf(view->progress.not_kept, sizeof(view->progress.not_kept), "%.600s%s%.200s", view->file,
                 view->file[0] ? ": " : "", smk_last_error());
    pthread_mutex_unlock(&view->mutex);
    return smk_view_cache_next(view);
}

static void *build_thread(void *arg)
{
    struct smk_view *view = arg;
    int result = build(view, view->store, view->partial);
    while (result != 0 && go_elsewhere(view, result)) {
        result = renew_store(view);
        if (result == 0)
            result = build(view, view->store, view->partial);
    }
    enter_phase(view, result == 0 ? SMK_VIEW_READY : SMK_VIEW_FAILED, result);
    return NULL;
}

/* A new store, and who fills it. */
static int start_build(struct smk_view *view)
{
    int result = renew_store(view);
    if (result != 0)
        return result;
    if (view->options.in_turn) {
        build_thread(view);
        return view->progress.error;
    }
    if (pthread_create(&view->builder, NULL, build_thread, view) != 0)
        return smk_fail(SMK_E_UNAVAILABLE, "no thread to build the view in");
    view->has_builder = true;
    return 0;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

void smk_view_read_begin(struct smk_view_reader *reader, struct smk_view *view)
{
    pthread_mutex_lock(&view->mutex);
    struct smk_view_store *store = view->store;
    store->refs++;
    pthread_mutex_unlock(&view->mutex);
    smk_view_reader_begin(reader, store);
    reader->in_turn = !smk_view_is_sealed(store);
    if (reader->in_turn)
        smk_view_turn_take(&store->turns);
}

/* One thread builds anew; who read what was damaged is told so, and may ask again. */
static void rebuild(struct smk_view *view, const struct smk_view_store *store)
{
    pthread_mutex_lock(&view->mutex);
    bool now = view->store == store && !view->rebuilding && view->damages < BUILDS_MAX &&
               view->progress.phase == SMK_VIEW_READY;
    view->rebuilding |= now;
    view->damages += now;
    pthread_mutex_unlock(&view->mutex);
    if (!now)
        return;
    if (view->has_builder)
        pthread_join(view->builder, NULL);
    view->has_builder = false;
    int result = start_build(view);
    if (result != 0)
        enter_phase(view, SMK_VIEW_FAILED, result);
    pthread_mutex_lock(&view->mutex);
    view->rebuilding = false;
    pthread_mutex_unlock(&view->mutex);
}

int smk_view_read_end(struct smk_view_reader *reader, struct smk_view *view, int result)
{
    struct smk_view_store *store = reader->store;
    bool sealed = !reader->in_turn;
    int read = smk_view_reader_end(reader);
    if (reader->in_turn)
        smk_view_turn_end(&store->turns);
    if (read == SMK_E_FORMAT && sealed)
        rebuild(view, store);
    pthread_mutex_lock(&view->mutex);
    bool last = --store->refs == 0;
    pthread_mutex_unlock(&view->mutex);
    if (last)
        smk_view_store_drop(view, store);
    return read != 0 ? read : result;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static void init(struct smk_view *view, const struct smk_mem *mem, const struct smk_view_options *options)
{
    pthread_mutexattr_t recursive;
    pthread_condattr_t clock;
    view->mem = *mem;
    view->options = *options;
    pthread_mutex_init(&view->mutex, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&view->changed, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&view->trace_mutex, &recursive);
    pthread_mutexattr_destroy(&recursive);
    smk_mem_init(&view->names, NULL, NULL, 0);
}

static bool copy_paths(struct smk_view *view, const char *const *paths, size_t count)
{
    view->paths = smk_mem_new(&view->mem, count * sizeof(char *));
    for (size_t i = 0; view->paths && i < count; i++) {
        size_t size = strlen(paths[i]) + 1;
        view->paths[i] = smk_mem_new(&view->mem, size);
        if (!view->paths[i])
            return false;
        memcpy(view->paths[i], paths[i], size);
        view->path_count++;
    }
    return view->paths != NULL;
}

static int open_view(struct smk_view *view)
{
    int result = open_trace(view, &view->trace);
    if (result != 0)
        return result;
    const smk_trace_info *info = smk_trace_get_info(view->trace);
    smk_symbols_init(&view->symbols, &view->names, view->trace, view->options.lines, view->options.no_symbols);
    view->symbols.debug_dir = view->options.debug_dir;
    view->first = info->first;
    view->duration = smk_max_u64(info->last, info->first) - info->first;
    while (view->duration >> (view->level_max + 9))
        view->level_max++;
    view->progress.total = info->events;
    view->events = smk_mem_new(&view->mem, SMK_VIEW_COLUMNS * sizeof(*view->events));
    if (!view->events)
        return smk_fail(SMK_E_NOMEM, "no memory for the view");
    smk_view_count_events(view);
    struct smk_view_store *store = smk_view_cache_load(view);
    if (!store)
        return start_build(view);
    set_store(view, store, true);
    seal(store);
    enter_phase(view, SMK_VIEW_READY, 0);
    return 0;
}

int smk_view_open(struct smk_view **made, const char *const *paths, size_t count,
                  const struct smk_view_options *options)
{
    static const struct smk_view_options defaults = {0};
    struct smk_mem mem;
    *made = NULL;
    smk_mem_init(&mem, NULL, NULL, 0);
    struct smk_view *view = smk_mem_new(&mem, sizeof(*view));
    if (!view)
        return smk_fail(SMK_E_NOMEM, "no memory for the view");
    init(view, &mem, options ? options : &defaults);
    int result = copy_paths(view, paths, count) ? open_view(view) : smk_fail(SMK_E_NOMEM, "no memory for the view");
    if (result == 0)
        *made = view;
    else
        smk_view_close(view);
    return result;
}

void smk_view_close(struct smk_view *view)
{
    if (!view)
        return;
    pthread_mutex_lock(&view->mutex);
    view->stop = true;
    pthread_mutex_unlock(&view->mutex);
    if (view->has_builder)
        pthread_join(view->builder, NULL);
    if (view->store) {
        smk_view_store_free(view->store);
        smk_mem_free(&view->mem, view->store, sizeof(*view->store));
    }
    if (view->trace) {
        smk_symbols_free(&view->symbols);
        smk_locks_free(&view->locks, &view->names);
        smk_trace_close(view->trace);
    }
    for (size_t i = 0; i < view->path_count; i++)
        smk_mem_free(&view->mem, view->paths[i], strlen(view->paths[i]) + 1);
    smk_mem_free(&view->mem, view->paths, view->path_count * sizeof(char *));
    smk_mem_free(&view->mem, view->events, SMK_VIEW_COLUMNS * sizeof(*view->events));
    pthread_cond_destroy(&view->changed);
    pthread_mutex_destroy(&view->mutex);
    pthread_mutex_destroy(&view->trace_mutex);
    struct smk_mem last = view->mem; /* lies in what is freed now */
    smk_mem_free(&last, view, sizeof(*view));
}
