/* timeline_waits.c: events that are waits, with what they say of them. */
#include "analysis/timeline_state.h"

#include <string.h>

#define SLEEPLESS_NS 20000u /* as long as a system call that does not sleep may take */

/* Where an event keeps what; all have stack and duration first but for those that the source marks. 0: nowhere. */
struct shape {
    uint8_t kind, call, object, what, fd, result, amount, holder, releaser, waker, mutex;
    uint32_t least; /* ns: below that it is no wait, but only what the event says */
};

static const struct shape shapes[SMK_EV_LIMIT] = {
    [SMK_EV_LOCK_WAIT] = {.kind = SMK_WAIT_LOCK, .object = 2, .holder = 3, .releaser = 4, .result = 5, .call = 6},
    [SMK_EV_COND_WAIT] = {.kind = SMK_WAIT_COND, .object = 2, .mutex = 3, .waker = 4, .call = 5, .result = 6},
    /* libc's pthread_cond_signal waits for those that were woken before and have not come out yet. */
    [SMK_EV_COND_WAKE] = {.kind = SMK_WAIT_COND, .object = 2, .call = 4, .least = SLEEPLESS_NS},
    [SMK_EV_NET_WAIT] = {.kind = SMK_WAIT_NET, .call = 2, .fd = 3, .result = 4, .what = 5},
    [SMK_EV_POLL_WAIT] = {.kind = SMK_WAIT_POLL, .call = 2, .fd = 3, .result = 4},
    [SMK_EV_DISK_WAIT] = {.kind = SMK_WAIT_DISK, .call = 2, .fd = 3, .result = 4, .what = 5},
    [SMK_EV_SLEEP_WAIT] = {.kind = SMK_WAIT_SLEEP, .call = 2, .amount = 3},
    [SMK_EV_JOIN_WAIT] = {.kind = SMK_WAIT_JOIN, .call = 2, .waker = 3, .result = 4},
    [SMK_EV_MEMORY_WAIT] = {.kind = SMK_WAIT_MEMORY, .call = 2, .object = 3, .amount = 4},
    [SMK_EV_ALLOC_WAIT] = {.kind = SMK_WAIT_MEMORY, .call = 2, .object = 3, .amount = 4},
    [SMK_EV_ALLOC_LARGE] = {.kind = SMK_WAIT_MEMORY, .call = 2, .object = 3, .amount = 4, .least = SLEEPLESS_NS},
    [SMK_EV_FREE_LARGE] = {.kind = SMK_WAIT_MEMORY, .call = 2, .object = 3, .amount = 4, .least = SLEEPLESS_NS},
};

static uint64_t at(const smk_event *event, uint8_t number)
{
    return number ? smk_timeline_arg(event, number) : 0;
}

/* A wait that the program's source marks: its site, and its stack behind it. */
static void marked(struct smk_span_wait *wait, const smk_event *event)
{
    uint64_t kind = smk_timeline_arg(event, 2) & 0xff;
    bool named = kind > SMK_WAIT_NONE && kind <= SMK_WAIT_OTHER;
    wait->kind = named ? (uint8_t)kind : SMK_WAIT_OTHER;
    wait->site = (uint32_t)smk_timeline_arg(event, 0);
    wait->object = smk_timeline_arg(event, 3);
    wait->stack = (uint32_t)smk_timeline_arg(event, 4);
}

bool smk_span_wait_of(struct smk_span_wait *wait, const smk_event *event)
{
    const struct shape *shape = event->id < SMK_EV_LIMIT ? &shapes[event->id] : &shapes[0];
    uint64_t duration = smk_timeline_arg(event, 1);
    if ((shape->kind == SMK_WAIT_NONE && event->id != SMK_EV_USER_WAIT) || duration < shape->least)
        return false;
    *wait = (struct smk_span_wait){.from = smk_timeline_began(event, duration),
                                   .to = event->time,
                                   .process = event->process,
                                   .thread = event->thread,
                                   .event = event->id,
                                   .kind = shape->kind,
                                   .fd = -1};
    if (event->id == SMK_EV_USER_WAIT) {
        marked(wait, event);
        return true;
    }
    wait->stack = (uint32_t)smk_timeline_arg(event, 0);
    wait->call = (uint32_t)at(event, shape->call);
    wait->object = at(event, shape->object);
    wait->what = (uint32_t)at(event, shape->what);
    wait->fd = shape->fd ? (int32_t)at(event, shape->fd) : -1;
    wait->result = (int64_t)at(event, shape->result);
    wait->amount = at(event, shape->amount);
    wait->holder = (uint32_t)at(event, shape->holder);
    wait->releaser = (uint32_t)at(event, shape->releaser);
    wait->waker = (uint32_t)at(event, shape->waker);
    wait->mutex = at(event, shape->mutex);
    return true;
}

bool smk_span_wait_is_for_work(const struct smk_timeline *timeline, const struct smk_span_wait *wait)
{
    if (wait->kind == SMK_WAIT_POLL || wait->kind == SMK_WAIT_COND || wait->kind == SMK_WAIT_SLEEP)
        return wait->event != SMK_EV_COND_WAKE;
    const char *call = wait->kind == SMK_WAIT_NET && wait->call ? smk_trace_string(timeline->trace, wait->call) : NULL;
    return call && strncmp(call, "accept", 6) == 0;
}
