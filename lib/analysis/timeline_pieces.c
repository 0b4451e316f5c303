/* timeline_pieces.c: the last stretch of a thread's time, piece by piece. */
#include "analysis/timeline_state.h"

#include <string.h>

#define CLOCK_NS 5000u   /* by which times of the kernel's records may be behind those of the calls */
#define FAULT_NS 200000u /* from the moment a thread runs again to the record of the fault that it waited for */

/* ---- room ----------------------------------------------------------------------------------------------- */

static void let_go(struct smk_timeline_thread *thread, const struct smk_piece *piece)
{
    if (piece->wait)
        thread->waits[piece->wait - 1].pieces--;
}

/* The oldest `count` pieces become spans. */
static void tell(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint32_t count)
{
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        smk_piece_tell(timeline, thread, &thread->pieces[i]);
        let_go(thread, &thread->pieces[i]);
    }
    thread->told = true;
    thread->piece_count -= count;
    memmove(thread->pieces, thread->pieces + count, thread->piece_count * sizeof(*thread->pieces));
}

/* There is room for one more. */
static bool make_room(struct smk_timeline *timeline, struct smk_timeline_thread *thread)
{
    if (thread->piece_count == SMK_TIMELINE_PIECES)
        tell(timeline, thread, SMK_TIMELINE_PIECES / 2);
    return smk_mem_grow(&timeline->mem, &thread->pieces, &thread->piece_capacity, thread->piece_count + 1u);
}

/* A slot for a wait that pieces may be part of; NULL: there is no memory. There are never more of them than
 * pieces, but for the one that is made now. */
static struct smk_piece_wait *take_wait(struct smk_timeline *timeline, struct smk_timeline_thread *thread)
{
    for (uint32_t i = 0; i < thread->wait_count; i++) {
        uint32_t number = (thread->wait_next + i) % thread->wait_count;
        if (thread->waits[number].pieces == 0) {
            thread->wait_next = number + 1;
            return &thread->waits[number];
        }
    }
    if (!smk_mem_grow(&timeline->mem, &thread->waits, &thread->wait_capacity, thread->wait_count + 1u))
        return NULL;
    thread->wait_next = 0;
    return &thread->waits[thread->wait_count++];
}

/* Cuts a piece in two at `time`, which lies inside of it. The number of the second; it may be that older ones
 * are told meanwhile. */
static uint32_t cut(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint32_t number, uint64_t time)
{
    uint32_t before = thread->piece_count;
    if (!make_room(timeline, thread))
        return number;
    uint32_t told = before - thread->piece_count;
    if (number < told) /* it was told itself, whole */
        return 0;
    number -= told;
    struct smk_piece *piece = &thread->pieces[number];
    memmove(piece + 1, piece, (thread->piece_count - number) * sizeof(*piece));
    thread->piece_count++;
    piece[0].to = piece[1].from = time;
    if (piece->wait)
        thread->waits[piece->wait - 1].pieces++;
    return number + 1;
}

/* The first piece that lies behind `time`, of which one begins there; the count where there is none. */
static uint32_t first_from(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time)
{
    uint32_t i = thread->piece_count;
    while (i > 0 && thread->pieces[i - 1].from >= time)
        i--;
    if (i > 0 && thread->pieces[i - 1].to > time)
        return cut(timeline, thread, i - 1, time);
    return i;
}

/* ---- what happens to it --------------------------------------------------------------------------------- */

static bool may_continue(const struct smk_timeline_thread *thread, const struct smk_piece *last)
{
    return last->cpu == SMK_PIECE_ON && last->wait == 0 && last->known == thread->cpu_known &&
           last->unswitched == thread->unswitched && last->request == thread->request &&
           last->cpu_number == thread->cpu_number;
}

void smk_pieces_extend(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time)
{
    if (time <= thread->end)
        return;
    if (thread->piece_count) {
        struct smk_piece *last = &thread->pieces[thread->piece_count - 1];
        if (SMK_LIKELY(may_continue(thread, last))) {
            last->to = thread->end = time;
            return;
        }
    }
    if (!make_room(timeline, thread))
        return;
    thread->pieces[thread->piece_count++] = (struct smk_piece){.from = thread->end,
                                                               .to = time,
                                                               .request = thread->request,
                                                               .cpu_number = thread->cpu_number,
                                                               .cpu = SMK_PIECE_ON,
                                                               .known = thread->cpu_known,
                                                               .unswitched = thread->unswitched};
    thread->end = time;
}

/* A thread is back on its CPU before its call returns: where the record says otherwise the clocks differ. */
static uint64_t not_behind_a_call(const struct smk_timeline_thread *thread, uint64_t from, uint64_t to)
{
    uint32_t count = thread->piece_count;
    const struct smk_piece *last = count ? &thread->pieces[count - 1] : NULL;
    bool behind = count > 1 && !last->wait && last->to == to && to - last->from < CLOCK_NS && from < last->from &&
                  thread->pieces[count - 2].wait;
    return behind ? last->from : to;
}

void smk_pieces_off(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t from, uint64_t to,
                    enum smk_piece_cpu cpu)
{
    to = not_behind_a_call(thread, from, to);
    if (from >= to)
        return;
    first_from(timeline, thread, to);
    for (uint32_t i = first_from(timeline, thread, from); i < thread->piece_count; i++) {
        if (thread->pieces[i].from >= to)
            return;
        thread->pieces[i].cpu = (uint8_t)cpu;
    }
}

void smk_pieces_switched(struct smk_timeline_thread *thread)
{
    for (uint32_t i = 0; thread->unswitched && i < thread->piece_count; i++)
        thread->pieces[i].unswitched = false;
    thread->unswitched = false;
}

void smk_pieces_not_counted(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t from,
                            uint64_t to)
{
    if (from >= to)
        return;
    first_from(timeline, thread, to);
    for (uint32_t i = first_from(timeline, thread, from); i < thread->piece_count; i++) {
        struct smk_piece *piece = &thread->pieces[i];
        if (piece->from < to && piece->cpu == SMK_PIECE_ON && (!piece->known || piece->unswitched) && !piece->wait)
            piece->cpu = SMK_PIECE_OFF;
    }
}

void smk_pieces_runs_on(struct smk_timeline_thread *thread, uint32_t cpu)
{
    struct smk_piece *last = thread->piece_count ? &thread->pieces[thread->piece_count - 1] : NULL;
    thread->cpu_number = cpu;
    if (last && last->cpu == SMK_PIECE_ON && last->cpu_number == SMK_CPU_NONE)
        last->cpu_number = cpu;
}

void smk_pieces_wait(struct smk_timeline *timeline, struct smk_timeline_thread *thread, struct smk_span_wait *wait)
{
    struct smk_piece_wait *slot = take_wait(timeline, thread);
    uint32_t i = slot ? first_from(timeline, thread, wait->from) : thread->piece_count;
    if (i == thread->piece_count)
        return;
    bool is_cut = thread->told && thread->pieces[i].from > wait->from;
    uint32_t number = (uint32_t)(slot - thread->waits) + 1;
    wait->request = thread->pieces[i].request;
    wait->idle = wait->request == 0 && smk_span_wait_is_for_work(timeline, wait);
    slot->wait = *wait;
    for (; i < thread->piece_count; i++) {
        struct smk_piece *piece = &thread->pieces[i];
        if (piece->wait)
            continue;
        piece->wait = number;
        piece->cut = is_cut;
        slot->pieces++;
    }
}

bool smk_pieces_gave_up(const struct smk_timeline_thread *thread, uint64_t from)
{
    for (uint32_t i = thread->piece_count; i > 0 && thread->pieces[i - 1].from >= from; i--)
        if (thread->pieces[i - 1].cpu == SMK_PIECE_OFF && thread->pieces[i - 1].wait == 0)
            return true;
    return false;
}

void smk_pieces_left(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t request,
                     uint64_t from)
{
    for (uint32_t i = first_from(timeline, thread, from); i < thread->piece_count; i++) {
        struct smk_piece *piece = &thread->pieces[i];
        struct smk_span_wait *wait = piece->wait ? &thread->waits[piece->wait - 1].wait : NULL;
        if (piece->request == request)
            piece->request = 0;
        if (wait && wait->request == request && wait->from >= from) {
            wait->request = 0;
            wait->idle = smk_span_wait_is_for_work(timeline, wait);
        }
    }
}

void smk_pieces_called(struct smk_timeline_thread *thread, uint64_t from, uint64_t to)
{
    for (uint32_t i = thread->piece_count; i > 0 && thread->pieces[i - 1].to > from; i--) {
        const struct smk_piece *piece = &thread->pieces[i - 1];
        struct smk_span_wait *wait = piece->wait ? &thread->waits[piece->wait - 1].wait : NULL;
        if (wait && wait->from >= from && wait->to <= to)
            wait->idle = false;
    }
}

/* Who sleeps takes no lock: what it holds for a part of a call it holds in all of it. A condition gives its own lock
 * back and takes it again, so that one stays what it is. */
void smk_pieces_held(struct smk_timeline_thread *thread, uint64_t from, uint64_t to)
{
    for (uint32_t i = thread->piece_count; i > 0 && thread->pieces[i - 1].to > from; i--) {
        const struct smk_piece *piece = &thread->pieces[i - 1];
        struct smk_span_wait *wait = piece->wait ? &thread->waits[piece->wait - 1].wait : NULL;
        if (wait && piece->from <= to && wait->kind != SMK_WAIT_COND)
            wait->idle = false;
    }
}

void smk_pieces_fault(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event)
{
    uint32_t i = thread->piece_count;
    while (i > 0 && thread->pieces[i - 1].cpu == SMK_PIECE_ON && thread->pieces[i - 1].wait == 0)
        i--;
    if (i == 0 || thread->pieces[i - 1].wait || thread->pieces[i - 1].cpu == SMK_PIECE_OFF_BEFORE ||
        event->time - thread->pieces[i - 1].to > FAULT_NS)
        return;
    while (i > 1 && thread->pieces[i - 2].cpu != SMK_PIECE_ON && thread->pieces[i - 2].wait == 0)
        i--;
    struct smk_span_wait wait = {.from = thread->pieces[i - 1].from,
                                 .to = event->time,
                                 .object = smk_timeline_arg(event, 1),
                                 .process = event->process,
                                 .thread = event->thread,
                                 .event = event->id,
                                 .stack = (uint32_t)smk_timeline_arg(event, 0),
                                 .fd = -1,
                                 .kind = SMK_WAIT_MEMORY};
    smk_pieces_wait(timeline, thread, &wait);
    if (timeline->calls->wait)
        timeline->calls->wait(timeline->arg, &wait);
}

void smk_pieces_finish(struct smk_timeline *timeline, struct smk_timeline_thread *thread)
{
    struct smk_mem *mem = &timeline->mem;
    tell(timeline, thread, thread->piece_count);
    smk_piece_tell_held(timeline, thread);
    smk_mem_free(mem, thread->pieces, thread->piece_capacity * sizeof(*thread->pieces));
    smk_mem_free(mem, thread->waits, thread->wait_capacity * sizeof(*thread->waits));
    smk_mem_free(mem, thread->frames, thread->frame_capacity * sizeof(*thread->frames));
    thread->pieces = NULL;
    thread->waits = NULL;
    thread->frames = NULL;
    thread->piece_capacity = thread->wait_capacity = thread->wait_count = thread->frame_capacity = thread->depth = 0;
}
