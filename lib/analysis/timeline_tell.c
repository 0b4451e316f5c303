/* timeline_tell.c: a piece of a thread's time as the span that it is. */
#include "analysis/timeline_state.h"

#define OFF_BEFORE_NS UINT64_C(300000000) /* who is off its CPU for so long waits, and is not just ready */
#define OWN_WORK_NS   20000u /* on a CPU in a call: below that it is no span of its own */

/* Waits are not recorded there, or what the CPU's records say is not. */
#define WAIT_CATEGORIES                                                                                            \
    (SMK_CAT_LOCK | SMK_CAT_COND | SMK_CAT_NET | SMK_CAT_POLL | SMK_CAT_DISK | SMK_CAT_SLEEP | SMK_CAT_MEMORY |    \
     SMK_CAT_JOIN)

const char *smk_span_state_name(enum smk_span_state state)
{
    static const char *const names[] = {"unknown", "running", "runnable", "waiting", "idle"};
    return state < SMK_SPAN_STATES ? names[state] : "?";
}

/* ---- gaps ----------------------------------------------------------------------------------------------- */

/* Categories that are not recorded at `from`; *to: until when, at most, that is so. */
static uint32_t missing_at(const struct smk_timeline *timeline, uint32_t process, uint64_t from, uint64_t *to)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < timeline->gaps.count; i++) {
        const smk_gap *gap = &timeline->gaps.array[i];
        if (gap->from >= *to) /* in order of their beginnings */
            break;
        if (gap->process != process || gap->to <= from)
            continue;
        if (gap->from > from) {
            *to = gap->from;
            continue;
        }
        missing |= gap->category;
        *to = smk_min_u64(*to, gap->to);
    }
    const struct smk_timeline_window *window = &timeline->windows[process];
    if (from < window->complete) {
        missing |= WAIT_CATEGORIES;
        *to = smk_min_u64(*to, window->complete);
    }
    return missing;
}

/* ---- spans ---------------------------------------------------------------------------------------------- */

void smk_piece_tell_held(struct smk_timeline *timeline, struct smk_timeline_thread *thread)
{
    if (thread->held.to > thread->held.from)
        timeline->calls->span(timeline->arg, &thread->held);
    thread->held.to = 0;
}

static bool continues(const struct smk_span *held, const struct smk_span *span)
{
    return held->to == span->from && held->state == span->state && held->request == span->request &&
           held->cpu == span->cpu && held->flags == span->flags;
}

/* Stretches on one CPU that only short calls lie between are one. */
static void tell_span(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const struct smk_span *span)
{
    if (span->state == SMK_SPAN_RUNNING && !span->wait) {
        if (continues(&thread->held, span)) {
            thread->held.to = span->to;
            return;
        }
        smk_piece_tell_held(timeline, thread);
        thread->held = *span;
        return;
    }
    smk_piece_tell_held(timeline, thread);
    timeline->calls->span(timeline->arg, span);
}

static void set_waiting(struct smk_span *span, const struct smk_piece *piece)
{
    span->state = span->wait && span->wait->idle ? SMK_SPAN_IDLE : SMK_SPAN_WAITING;
    span->kind = span->wait ? span->wait->kind : SMK_WAIT_NONE;
    if (piece->cut)
        span->flags |= SMK_SPAN_CUT;
}

/* Nothing says that the thread was off its CPU: it was on one, if switches are known; else it may have been
 * anywhere but in a call that is seen, or in one that wakes and that seldom waits. */
static void set_on(struct smk_span *span, const struct smk_piece *piece, uint32_t missing)
{
    bool known = piece->known && !(missing & SMK_CAT_SCHED);
    if (!known && span->wait && span->wait->event != SMK_EV_COND_WAKE) {
        set_waiting(span, piece);
        span->flags |= SMK_SPAN_WHOLE_CALL;
        return;
    }
    if (!known && (missing & WAIT_CATEGORIES)) {
        span->state = SMK_SPAN_UNKNOWN;
        return;
    }
    span->state = SMK_SPAN_RUNNING;
    span->cpu = known ? piece->cpu_number : SMK_CPU_NONE;
    span->flags |= known ? 0 : SMK_SPAN_OR_RUNNABLE;
    if (piece->to - piece->from < OWN_WORK_NS)
        span->wait = NULL;
    span->kind = span->wait ? span->wait->kind : SMK_WAIT_NONE;
}

/* [from, to] of a piece, in which one set of categories is missing. */
static void tell_part(struct smk_timeline *timeline, struct smk_timeline_thread *thread,
                      const struct smk_piece *piece, uint64_t from, uint64_t to, uint32_t missing)
{
    struct smk_span span = {.from = from,
                            .to = to,
                            .request = piece->request,
                            .wait = piece->wait ? &thread->waits[piece->wait - 1].wait : NULL,
                            .process = thread->process,
                            .thread = thread->serial,
                            .cpu = SMK_CPU_NONE,
                            .flags = missing & (WAIT_CATEGORIES | SMK_CAT_SCHED) ? SMK_SPAN_IN_GAP : 0};
    if (span.wait && span.wait->open)
        span.flags |= SMK_SPAN_OPEN;
    switch (piece->cpu) {
    case SMK_PIECE_ON:
        set_on(&span, piece, missing);
        break;
    case SMK_PIECE_READY:
        span.state = SMK_SPAN_RUNNABLE;
        span.cpu = piece->cpu_number;
        span.kind = span.wait ? span.wait->kind : SMK_WAIT_NONE;
        break;
    case SMK_PIECE_UNSAID:
        break;
    case SMK_PIECE_OFF_BEFORE:
        if (span.wait || (piece->known && piece->to - piece->from >= OFF_BEFORE_NS))
            set_waiting(&span, piece);
        break;
    default:
        set_waiting(&span, piece);
    }
    tell_span(timeline, thread, &span);
}

void smk_piece_tell(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const struct smk_piece *piece)
{
    if (!timeline->calls->span)
        return;
    for (uint64_t from = piece->from, to; from < piece->to; from = to) {
        to = piece->to;
        uint32_t missing = missing_at(timeline, thread->process, from, &to);
        tell_part(timeline, thread, piece, from, to, missing);
    }
}
