#include "threads_view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "analysis/map.h"
#include "base/errors.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/intern.h"
#include "core/locknames.h"
#include "core/request.h"
#include "core/site.h"
#include "heap.h"

/* ---- one thread ------------------------------------------------------------------------------------------------ */

static const char *state_of(const struct smk_look *look)
{
    static const char *const names[] = {"running", "runnable", "waiting", "stopped", "ended"};
    bool looks_for_work = look->kind == SMK_WAIT_POLL || look->kind == SMK_WAIT_COND ||
                          (look->call && strncmp(look->call, "accept", 6) == 0);
    return look->state == SMK_LOOK_WAITING && looks_for_work && look->request == 0 ? "idle" : names[look->state];
}

static void fill_thread(struct smk_threads_view *view, struct smk_live_thread *thread, const struct smk_look *look,
                        struct smk_live_frame *frames)
{
    static const char *const since[] = {"unknown", "estimated", "exact"};
    *thread = (struct smk_live_thread){.tid = look->tid,
                                       .name = look->name,
                                       .call = look->call ? look->call : "",
                                       .object = look->what,
                                       .address = look->object,
                                       .holder = look->holder,
                                       .since = since[look->since],
                                       .waited_ns = look->waited_ns,
                                       .request = look->request,
                                       .route = "",
                                       .stack_why = look->stack_why ? look->stack_why : "",
                                       .frames = frames,
                                       .frame_count = look->depth,
                                       .cut = look->cut};
    smk_view_name_frames(view, frames, look->pcs, look->depth);
}

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

/* What the stack says of a wait that the system call left open: the library's function that the program called. */
static void refine(struct smk_threads_view *view, struct smk_look *look, struct smk_live_thread *thread)
{
    char name[128], text[160];
    bool waits = look->state == SMK_LOOK_WAITING || look->state == SMK_LOOK_STOPPED;
    bool open = waits && !look->published && look->call && strcmp(look->call, "futex") == 0;
    if (open && smk_live_called(thread, name, sizeof name)) {
        if (has(name, "pthread_cond_") || has(name, "cnd_") || has(name, "sem_") || has(name, "pthread_barrier_"))
            look->kind = SMK_WAIT_COND;
        if (has(name, "pthread_rwlock_")) {
            look->kind = SMK_WAIT_LOCK;
            thread->holder = look->holder = smk_look_rwlock_writer(look->object);
        }
        snprintf(text, sizeof text, "in %s", name);
        if (!look->holder && !has(name, "pthread_") && !has(name, "cnd_") && !has(name, "sem_"))
            thread->object = smk_view_text(view, text);
    }
    thread->kind = waits && look->kind ? smk_wait_kind_name(look->kind) : "";
    thread->state = state_of(look);
}

/* ---- names of locks and requests ------------------------------------------------------------------------------- */

static bool name_lock(uint64_t address, uint32_t name, void *arg)
{
    struct smk_threads_view *view = arg;
    uint32_t len;
    const char *text = NULL;
    for (uint32_t i = 0; i < view->live.count; i++) {
        struct smk_live_thread *thread = &view->live.threads[i];
        if (thread->address != address)
            continue;
        char copy[SMK_NAME_LEN_MAX + 1];
        const char *bytes = text ? text : smk_intern_get(&smk_strings, name, &len);
        if (!text && bytes) {
            len = len < SMK_NAME_LEN_MAX ? len : SMK_NAME_LEN_MAX;
            memcpy(copy, bytes, len);
            copy[len] = '\0';
            text = smk_view_text(view, copy);
        }
        thread->object = text ? text : "";
    }
    return true;
}

static void name_objects(struct smk_threads_view *view)
{
    for (uint32_t i = 0; i < view->live.count; i++) {
        struct smk_live_thread *thread = &view->live.threads[i];
        const char *name = thread->address ? smk_view_object(view, thread->address) : NULL;
        if (name)
            thread->object = name;
    }
    smk_locknames_each(name_lock, view);
}

static bool name_request(const struct smk_flight *flight, void *arg)
{
    struct smk_threads_view *view = arg;
    uint64_t now = smk_ticks();
    uint32_t at = smk_live_find(&view->live, flight->tid), len = 0;
    if (at == SMK_LIVE_NONE || view->live.threads[at].request != flight->id)
        return true;
    char text[SMK_NAME_LEN_MAX + 1] = "";
    const char *route = smk_intern_get(&smk_strings, flight->route, &len);
    len = route && len < SMK_NAME_LEN_MAX ? len : route ? SMK_NAME_LEN_MAX : 0;
    if (route)
        memcpy(text, route, len);
    text[len] = '\0';
    view->live.threads[at].route = smk_view_text(view, text);
    view->live.threads[at].request_ns = flight->begin < now ? smk_ticks_to_ns(now - flight->begin) : 0;
    return true;
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static void say_late_names(struct smk_threads_view *view)
{
    size_t used = strlen(view->why);
    if (view->names_late)
        snprintf(view->why + used, sizeof view->why - used,
                 "%snames not in time: the program's files are slow to read; modules and offsets stand for them",
                 used ? "; " : "");
}

static int fill(struct smk_threads_view *view)
{
    uint32_t frames = 0;
    struct smk_live *live = &view->live;
    for (uint32_t i = 0; i < view->result.looked; i++)
        frames += view->looks[i].depth;
    live->threads = smk_mem_new(&view->mem, (view->result.looked + 1) * sizeof *live->threads);
    struct smk_live_frame *frame = smk_mem_new(&view->mem, (frames + 1) * sizeof *frame);
    view->frames = frame;
    view->frame_capacity = frames + 1;
    if (!live->threads || !frame)
        return smk_mem_failed(&view->mem);
    for (uint32_t i = 0; i < view->result.looked; i++) {
        fill_thread(view, &live->threads[i], &view->looks[i], frame);
        refine(view, &view->looks[i], &live->threads[i]);
        frame += view->looks[i].depth;
    }
    live->count = view->result.looked;
    name_objects(view);
    say_late_names(view);
    smk_requests_each(name_request, view);
    smk_live_link(live);
    return 0;
}

static void head(struct smk_threads_view *view)
{
    char name[32] = "";
    struct smk_live *live = &view->live;
    int len = smk_sys_slurp("/proc/self/comm", name, sizeof name);
    name[len > 0 && name[len - 1] == '\n' ? len - 1 : len > 0 ? len : 0] = '\0';
    live->program = smk_view_text(view, name);
    live->pid = (uint64_t)smk_sys_getpid();
    live->unix_ns = (int64_t)smk_sys_clock(CLOCK_REALTIME);
    live->total = view->result.threads;
    live->why = view->why;
    if (view->result.late)
        snprintf(view->why, sizeof view->why, "%u of %u threads were looked at, in the second that this may take",
                 view->result.looked, view->result.threads);
    else if (view->result.looked < view->result.threads && !view->only)
        snprintf(view->why, sizeof view->why, "%u of %u threads; max=%u shows up to that many", view->result.looked,
                 view->result.threads, SMK_THREADS_SHOWN_MOST);
}

int smk_threads_view_make(struct smk_threads_view *view, const struct smk_threads_wanted *wanted)
{
    memset(view, 0, sizeof *view);
    smk_mem_init(&view->mem, smk_heap_resize, NULL, smk_agent.settings.report_memory);
    view->until_ns = smk_sys_clock(CLOCK_MONOTONIC) + SMK_THREADS_TIME_NS;
    view->symbols = wanted->symbols;
    view->only = wanted->only;
    view->looks_capacity = wanted->only ? 1 : wanted->max;
    view->looks = smk_sys_map(view->looks_capacity * sizeof *view->looks);
    if (!view->looks)
        return smk_fail(SMK_E_NOMEM, "no memory for %u threads", view->looks_capacity);
    const struct smk_look_options options = {
        .max = view->looks_capacity, .only = wanted->only, .until_ns = view->until_ns};
    smk_clock_calibrate(); /* nothing may have been armed yet */
    int rc = smk_look_threads(&options, view->looks, &view->result);
    if (rc < 0 && view->result.why)
        return smk_fail(SMK_E_UNAVAILABLE, "%s", view->result.why);
    if (rc < 0)
        return smk_fail_errno(-rc, "/proc/self/task");
    rc = smk_view_list_modules(view);
    head(view);
    return rc == 0 ? fill(view) : rc;
}

void smk_threads_view_free(struct smk_threads_view *view)
{
    smk_view_free_modules(view);
    smk_mem_free(&view->mem, view->live.threads, (view->result.looked + 1) * sizeof *view->live.threads);
    smk_mem_free(&view->mem, view->frames, view->frame_capacity * sizeof *view->frames);
    if (view->looks)
        smk_sys_unmap(view->looks, view->looks_capacity * sizeof *view->looks);
}

const struct smk_live_thread *smk_threads_view_find(const struct smk_threads_view *view, uint32_t tid)
{
    uint32_t at = smk_live_find(&view->live, tid);
    return at == SMK_LIVE_NONE ? NULL : &view->live.threads[at];
}
