/* perfetto_state.c: states of threads, as task states where the switch records say them, so that Perfetto draws its
 * own tracks of threads and CPUs; else as slices on a track below the thread's.
 *
 * What its importer wants (generic_kernel_parser.cc of Perfetto v55):
 *   - what ends `running` repeats the CPU, or the slice on that CPU stays open;
 *   - nothing comes twice in a row, and nothing behind `dead`;
 *   - there is no state for "not known". But what runs on a CPU when another begins there has none from then on: the
 *     other is the idle thread, for no time at all. What does not run when it is lost sight of runs for 1 ns, which is
 *     the least that is taken, on a CPU that no machine has.
 */
#include "export/perfetto.h"

enum { TASK_NONE = 0, TASK_RUNNABLE = 2, TASK_RUNNING = 3, TASK_SLEEP = 4, TASK_DEAD = 7 };

#define NO_CPU 1023u

static void put_task(struct perfetto *to, uint64_t time, uint32_t tid, uint32_t cpu, unsigned state, const char *name)
{
    perfetto_packet(to, time);
    smk_proto_begin(&to->proto, PF_PACKET_TASK_STATE);
    smk_proto_number(&to->proto, 1, cpu);
    if (name)
        smk_proto_text(&to->proto, 2, name);
    smk_proto_number(&to->proto, 3, tid);
    smk_proto_number(&to->proto, 4, state);
    smk_proto_end(&to->proto);
    perfetto_packet_end(to);
}

/* From here on it is not known. */
static void forget_task(struct perfetto *to, struct perfetto_thread *thread, uint64_t time)
{
    if (thread->task == TASK_NONE)
        return;
    if (thread->task != TASK_RUNNING) {
        thread->cpu = NO_CPU;
        time = smk_max_u64(time, to->forgot_at); /* one after the other */
        put_task(to, time++, thread->tid, NO_CPU, TASK_RUNNING, NULL);
        to->forgot_at = time;
    }
    put_task(to, time, 0, thread->cpu, TASK_RUNNING, NULL);
    put_task(to, time, 0, thread->cpu, TASK_SLEEP, NULL);
    thread->task = TASK_NONE;
}

static void tell_task(struct perfetto *to, struct perfetto_thread *thread, const struct smk_span *span)
{
    static const uint8_t tasks[SMK_SPAN_STATES] = {[SMK_SPAN_RUNNING] = TASK_RUNNING,
                                                   [SMK_SPAN_RUNNABLE] = TASK_RUNNABLE,
                                                   [SMK_SPAN_WAITING] = TASK_SLEEP,
                                                   [SMK_SPAN_IDLE] = TASK_SLEEP};
    struct smk_export_text name;
    bool first = thread->task == TASK_NONE;
    uint8_t task = tasks[span->state];
    if (task == thread->task) /* it may have been moved to another CPU, and nobody said when */
        return;
    if (task == TASK_RUNNING)
        thread->cpu = span->cpu;
    put_task(to, span->from, thread->tid, thread->cpu, task,
             first ? smk_export_thread(to->exporter, &name, thread->serial) : NULL);
    thread->task = task;
}

/* ---- slices --------------------------------------------------------------------------------------------- */

static void close_slice(struct perfetto *to, struct perfetto_thread *thread, uint64_t time)
{
    uint64_t track = perfetto_track(PT_STATE, 0, thread->serial);
    if (!thread->state)
        return;
    if (!thread->has_state_track)
        perfetto_track_named(to, track, perfetto_track(PT_THREAD, 0, thread->serial), "state", NULL);
    thread->has_state_track = true;
    perfetto_event(to, PF_SLICE_BEGIN, thread->state_from, track, "state", thread->state);
    perfetto_event_end(to);
    perfetto_slice_end(to, time, track);
    thread->state = NULL;
}

static const char *slice_name(const struct smk_span *span)
{
    if (span->state == SMK_SPAN_RUNNING)
        return span->flags & SMK_SPAN_OR_RUNNABLE ? "running or runnable" : "running";
    return smk_span_state_name((enum smk_span_state)span->state);
}

static void tell_slice(struct perfetto *to, struct perfetto_thread *thread, const struct smk_span *span)
{
    const char *name = slice_name(span);
    if (thread->state == name)
        return;
    close_slice(to, thread, span->from);
    thread->state = name;
    thread->state_from = span->from;
}

/* ---- both ----------------------------------------------------------------------------------------------- */

static bool is_told_by_records(const struct smk_span *span)
{
    if (span->state == SMK_SPAN_UNKNOWN || span->flags & (SMK_SPAN_OR_RUNNABLE | SMK_SPAN_WHOLE_CALL))
        return false;
    return span->state != SMK_SPAN_RUNNING || span->cpu < NO_CPU;
}

void perfetto_span(struct perfetto *to, const struct smk_span *span)
{
    struct perfetto_thread *thread = perfetto_thread_of(to, span->thread, span->process);
    if (!thread)
        return;
    thread->to = span->to;
    if (thread->own_tid && is_told_by_records(span)) {
        close_slice(to, thread, span->from);
        tell_task(to, thread, span);
    } else {
        forget_task(to, thread, span->from);
        tell_slice(to, thread, span);
    }
}

void perfetto_states_end(struct perfetto *to)
{
    for (uint32_t i = 0; i < to->thread_count; i++) {
        struct perfetto_thread *thread = &to->threads[i];
        bool is_main = thread->tid == smk_export_pid(to->exporter, thread->process);
        close_slice(to, thread, thread->to);
        if (thread->serves)
            perfetto_slice_end(to, smk_max_u64(thread->to, thread->turned),
                               perfetto_track(PT_SERVES, 0, thread->serial));
        if (thread->exited && !is_main && thread->task != TASK_NONE)
            put_task(to, thread->to, thread->tid, thread->cpu, TASK_DEAD, NULL);
        else if (thread->task == TASK_RUNNING) /* the others' states stay open, and nothing is drawn on a CPU */
            forget_task(to, thread, thread->to);
    }
}
