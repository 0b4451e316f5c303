#define _GNU_SOURCE
#include "family_capture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/sys.h"
#include "core/fds.h"
#include "core/ownthread.h"
#include "core/thread.h"
#include "core/writer.h"
#include "family_kin.h"
#include "family_parts.h"
#include "family_wire.h"
#include "heap.h"

#define LOOK_NS    UINT64_C(100000000)  /* between two looks for processes that came since */
#define ANSWER_NS  UINT64_C(2000000000) /* until one that does not answer is given up */
#define FINISH_NS  UINT64_C(2000000000) /* the same of one that does not end */
#define LINGER_NS  UINT64_C(50000000)   /* until those who end by themselves are told to */
#define SHORT_NS   UINT64_C(10000000)   /* not worth to begin */
#define POLL_MS    20
#define IN_A_ROW   64
#define SLACK      (UINT64_C(1) << 20) /* over its share: the end of a segment */
#define TEXT_BYTES 4096

enum member_state { ASKED, RECORDING, ENDED, CUT, MISSING };

struct member {
    struct smk_family_process process;
    enum member_state state;
    int fd;
    uint64_t since, share;
    struct smk_part part;
    enum smk_reason reason;
    char why[SMK_WIRE_WHY];
};

struct smk_family_capture {
    uint32_t references; /* atomic: the running capture's and the thread's */
    uint32_t own_over;   /* atomic: enum smk_reason of our own part, 0: it goes on */
    uint32_t cancelled;  /* atomic: the agent ends */
    uint32_t told;       /* atomic: `processes` and `missing` are written */
    uint32_t own_done;   /* atomic, futex: our own part is whole */
    uint32_t done;       /* atomic, futex: the tape is at its end */
    uint32_t no_thread;  /* atomic: whoever is the last to see that it and own_done are set ends the tape */
    uint32_t ends;       /* atomic: somebody ends it */
    uint32_t others, armed; /* atomic */

    struct smk_wire_begin ask;
    uint64_t stops_at; /* CLOCK_MONOTONIC ns */
    uint64_t max_bytes, share, given;
    int pids[SMK_FAMILY_MAX];
    uint32_t pid_count;
    bool without_own;
    struct smk_tape *tape;
    void (*call_done)(void *arg);
    void *arg;

    /* the thread's */
    struct member members[SMK_FAMILY_MAX];
    uint32_t count, refused; /* more than there is room for */
    bool looked, stop_sent;
    uint64_t over_at;
    char processes[TEXT_BYTES], missing[TEXT_BYTES]; /* `told` */
};

/* ---- making one ------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct smk_family_capture *f, int pid)
{
    for (uint32_t i = 0; i < f->pid_count; i++)
        if (f->pids[i] == pid)
            return true;
    return f->pid_count == 0;
}

/* Alike for all, and one more for a process that comes later; at least what a capture needs. */
static uint64_t share_out(struct smk_family_capture *f)
{
    struct smk_family_process others[SMK_FAMILY_MAX];
    uint32_t count = smk_family_others(others), wanted = 0;
    for (uint32_t i = 0; i < count; i++)
        wanted += is_wanted(f, others[i].pid);
    f->share = smk_max_u64(f->max_bytes / (wanted + 2), SMK_MAX_BYTES_MIN);
    f->given = f->without_own ? SMK_MAX_BYTES_MIN : wanted ? f->share : f->max_bytes;
    return f->given;
}

struct smk_family_capture *smk_family_capture_new(const struct smk_family_spec *spec, uint64_t *own_bytes)
{
    struct smk_family_capture *f = smk_sys_map(sizeof *f);
    if (!f) {
        smk_fail(SMK_E_NOMEM, "no memory for a family's capture");
        return NULL;
    }
    f->references = 1;
    f->ask = (struct smk_wire_begin){.number = spec->number,
                                     .kind = spec->kind,
                                     .categories = spec->categories,
                                     .before_ns = spec->before_ns,
                                     .after_ns = spec->after_ns};
    snprintf(f->ask.id, sizeof f->ask.id, "%s", spec->id);
    snprintf(f->ask.name, sizeof f->ask.name, "%s", spec->name);
    f->stops_at = smk_sys_clock(CLOCK_MONOTONIC) + spec->duration_ns;
    f->max_bytes = spec->max_bytes;
    f->pid_count = spec->pid_count;
    memcpy(f->pids, spec->pids, spec->pid_count * sizeof *f->pids);
    f->without_own = spec->without_own;
    f->tape = smk_tape_hold(spec->tape);
    f->tape->has_parts = true;
    f->call_done = spec->done;
    f->arg = spec->arg;
    *own_bytes = share_out(f);
    return f;
}

void smk_family_capture_release(struct smk_family_capture *f)
{
    if (!f || smk_sub_acq_rel(&f->references, 1) != 1)
        return;
    smk_tape_release(f->tape);
    smk_sys_unmap(f, sizeof *f);
}

/* ---- one of the others ------------------------------------------------------------------------------------ */

static void hang_up(struct member *m, enum member_state state, const char *why)
{
    m->state = state;
    snprintf(m->why, sizeof m->why, "%s", why);
    for (char *at = m->why; *at; at++)
        if (*at == '\n')
            *at = ' '; /* one line each */
    smk_fd_close(m->fd);
    m->fd = -1;
}

static void fail_with(struct member *m, const char *what, int rc)
{
    smk_fail_errno(-rc, "%s", what);
    hang_up(m, m->part.bytes ? CUT : MISSING, smk_last_error());
}

static int ask(struct smk_family_capture *f, struct member *m)
{
    struct smk_wire_begin begin = f->ask;
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    uid_t uid;
    if (smk_wire_peer(m->fd, &uid) != m->process.pid)
        return -EPERM; /* who has its name is somebody else */
    begin.duration_ns = f->stops_at > now ? f->stops_at - now : 0;
    begin.max_bytes = m->share;
    return smk_wire_send(m->fd, SMK_WIRE_BEGIN, &begin, sizeof begin);
}

static void add_member(struct smk_family_capture *f, const struct smk_family_process *process)
{
    struct member *m = &f->members[f->count];
    uint64_t left = f->max_bytes > f->given ? f->max_bytes - f->given : 0;
    *m = (struct member){.process = *process, .since = smk_sys_clock(CLOCK_MONOTONIC), .part.file = -1};
    m->fd = smk_wire_connect(process->name);
    if (m->fd == -ECONNREFUSED)
        return; /* it has just ended */
    f->count++;
    smk_store_relaxed(&f->others, f->count);
    m->share = smk_min_u64(f->share, left);
    int rc = m->fd;
    if (rc >= 0 && m->share < SMK_MAX_BYTES_MIN) {
        hang_up(m, MISSING, "max_bytes has no room for one more process");
        return;
    }
    if (rc >= 0)
        rc = smk_part_open(&m->part, f->tape, m->share + SLACK);
    if (rc >= 0)
        rc = ask(f, m);
    if (rc < 0)
        fail_with(m, "its agent's socket", rc);
    else
        f->given += m->share;
}

static bool is_known(const struct smk_family_capture *f, const struct smk_family_process *process)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->members[i].process.pid == process->pid &&
            memcmp(f->members[i].process.name, process->name, SMK_FAMILY_NAME) == 0)
            return true;
    return false;
}

static void look_for_members(struct smk_family_capture *f)
{
    struct smk_family_process others[SMK_FAMILY_MAX];
    uint32_t count = smk_family_others(others);
    f->refused = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_wanted(f, others[i].pid) || is_known(f, &others[i]))
            continue;
        if (f->count < SMK_FAMILY_MAX)
            add_member(f, &others[i]);
        else
            f->refused++;
    }
    f->looked = true;
}

/* ---- what it sends ---------------------------------------------------------------------------------------- */

static void end_of_member(struct smk_family_capture *f, struct member *m, const struct smk_wire_end *end)
{
    m->reason = (enum smk_reason)end->reason;
    f->given -= m->share - smk_min_u64(m->part.bytes, m->share);
    hang_up(m, ENDED, "");
}

static void take(struct smk_family_capture *f, struct member *m, struct smk_wire_message *message)
{
    int rc;
    switch (message->kind) {
    case SMK_WIRE_ANSWER:
        if (m->state != ASKED) {
            fail_with(m, "its agent's socket", -EPROTO);
            return;
        }
        message->is.answer.why[SMK_WIRE_WHY - 1] = '\0';
        if (message->is.answer.rc < 0) {
            hang_up(m, MISSING, message->is.answer.why);
        } else {
            m->state = RECORDING;
            smk_add_relaxed(&f->armed, 1);
        }
        return;
    case SMK_WIRE_CHUNKS:
        rc = smk_part_write(&m->part, message->is.data, message->len);
        if (rc < 0)
            fail_with(m, "its part could not be kept", rc);
        return;
    case SMK_WIRE_END:
        end_of_member(f, m, &message->is.end);
        return;
    default:
        fail_with(m, "its agent's socket", -EPROTO);
    }
}

static void receive(struct smk_family_capture *f, struct member *m)
{
    struct smk_wire_message message;
    for (int i = 0; i < IN_A_ROW && m->fd >= 0; i++) {
        int rc = smk_wire_receive(m->fd, &message);
        if (rc == -EAGAIN)
            return;
        if (rc >= 0)
            take(f, m, &message);
        else if (rc == -EPIPE)
            hang_up(m, m->part.bytes ? CUT : MISSING,
                    m->part.bytes ? "it ended while it recorded" : "it ended before it recorded");
        else
            fail_with(m, "its agent's socket", rc);
    }
}

static void receive_all(struct smk_family_capture *f)
{
    struct pollfd polled[SMK_FAMILY_MAX];
    struct member *who[SMK_FAMILY_MAX];
    unsigned count = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->members[i].fd < 0)
            continue;
        who[count] = &f->members[i];
        polled[count++] = (struct pollfd){.fd = f->members[i].fd, .events = POLLIN};
    }
    if (smk_sys_poll(polled, count, POLL_MS) <= 0)
        return;
    for (unsigned i = 0; i < count; i++)
        if (polled[i].revents)
            receive(f, who[i]);
}

static void check_time(struct smk_family_capture *f, struct member *m, uint64_t now)
{
    if (m->fd < 0)
        return;
    if (m->state == ASKED && now - m->since > ANSWER_NS)
        hang_up(m, m->part.bytes ? CUT : MISSING, "its agent does not answer");
    else if (f->over_at && now - f->over_at > FINISH_NS)
        hang_up(m, m->part.bytes ? CUT : MISSING, "it did not finish in time");
}

/* ---- the thread ------------------------------------------------------------------------------------------- */

/* Those whose own timer ends them do so in a moment. */
static void stop_others(struct smk_family_capture *f, uint64_t now)
{
    uint32_t reason = smk_load_acquire(&f->own_over); /* pairs with: smk_family_capture_may_end */
    bool by_time = reason == SMK_REASON_TIMER || reason == SMK_REASON_COMPLETE;
    if (reason != 0 && f->over_at == 0)
        f->over_at = now;
    if (f->over_at == 0 || f->stop_sent || (by_time && now - f->over_at < LINGER_NS))
        return;
    f->stop_sent = true;
    for (uint32_t i = 0; i < f->count; i++)
        if (f->members[i].fd >= 0)
            smk_wire_send(f->members[i].fd, SMK_WIRE_STOP, NULL, 0);
}

static bool all_are_through(const struct smk_family_capture *f)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->members[i].fd >= 0)
            return false;
    return f->looked && f->over_at != 0;
}

static bool still_worth_it(const struct smk_family_capture *f, uint64_t now)
{
    if (!f->looked)
        return true;
    return f->over_at == 0 && (f->ask.kind == SMK_CAPTURE_SNAPSHOT || now + SHORT_NS < f->stops_at);
}

static void gather(struct smk_family_capture *f)
{
    uint64_t look_at = 0;
    while (!all_are_through(f) && !smk_load_relaxed(&f->cancelled)) {
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        if (now >= look_at && still_worth_it(f, now)) {
            look_for_members(f);
            look_at = now + LOOK_NS;
        }
        receive_all(f);
        now = smk_sys_clock(CLOCK_MONOTONIC);
        stop_others(f, now);
        for (uint32_t i = 0; i < f->count; i++)
            check_time(f, &f->members[i], now);
    }
    for (uint32_t i = 0; i < f->count; i++)
        if (f->members[i].fd >= 0)
            hang_up(&f->members[i], f->members[i].part.bytes ? CUT : MISSING, "the first of the family ended");
}

static void append_parts(struct smk_family_capture *f)
{
    static const enum member_state order[] = {CUT, ENDED}; /* the last END is how the file says that it ended */
    int rc = smk_tape_append_begin(f->tape);
    for (unsigned pass = 0; pass < SMK_ARRAY_LEN(order); pass++)
        for (uint32_t i = 0; i < f->count && rc == 0; i++)
            if (f->members[i].state == order[pass])
                rc = smk_part_append(&f->members[i].part, f->tape, f->ask.number, f->members[i].process.pid);
    smk_tape_append_end(f->tape);
    smk_tape_end(f->tape);
    for (uint32_t i = 0; i < f->count; i++)
        smk_part_close(&f->members[i].part);
}

/* ---- what the file says ----------------------------------------------------------------------------------- */

static void add_line(char *text, const char *line)
{
    size_t len = strlen(text);
    snprintf(text + len, TEXT_BYTES - len, "%s%s", len ? "\n" : "", line);
}

static void tell_member(struct smk_family_capture *f, const struct member *m)
{
    char line[SMK_WIRE_WHY + 64];
    if (m->state == ENDED || m->state == CUT) {
        enum smk_reason reason = m->state == CUT ? SMK_REASON_CUT : m->reason;
        snprintf(line, sizeof line, "%d %s", m->process.pid, smk_reason_name(reason));
        add_line(f->processes, line);
    }
    if (m->state == ENDED && m->reason != SMK_REASON_EXIT)
        return;
    if (m->state == ENDED)
        snprintf(line, sizeof line, "%d: it ended while it recorded", m->process.pid);
    else
        snprintf(line, sizeof line, "%d: %s", m->process.pid, m->why);
    add_line(f->missing, line);
}

static void tell(struct smk_family_capture *f)
{
    char line[128];
    int known[SMK_FAMILY_MAX];
    snprintf(f->processes, sizeof f->processes, "%d %s", smk_sys_getpid(), f->without_own ? "not wanted" : "first");
    for (uint32_t i = 0; i < f->count; i++) {
        known[i] = f->members[i].process.pid;
        tell_member(f, &f->members[i]);
    }
    if (f->refused > 0) {
        snprintf(line, sizeof line, "%u more: a capture takes in %d processes", f->refused, SMK_FAMILY_MAX);
        add_line(f->missing, line);
    }
    if (f->pid_count == 0)
        smk_kin_without_agent(known, f->count, f->missing, sizeof f->missing);
    smk_store_release(&f->told, 1); /* pairs with: smk_family_capture_facts */
    smk_writer_wake();
}

static void end_tape(struct smk_family_capture *f)
{
    append_parts(f);
    smk_tape_release(f->tape);
    f->tape = NULL;
    f->call_done(f->arg);
    smk_store_release(&f->done, 1); /* pairs with: smk_family_capture_finish */
    smk_sys_futex_wake(&f->done, INT32_MAX);
}

static void *family_main(void *arg)
{
    struct smk_family_capture *f = arg;
    smk_thread_hide();
    smk_sys_set_thread_name("stallmark-fam");
    gather(f);
    tell(f);
    while (smk_load_acquire(&f->own_done) == 0) /* pairs with: smk_family_capture_own_done */
        smk_sys_futex_wait(&f->own_done, 0, UINT64_C(1000000000));
    end_tape(f);
    smk_family_capture_release(f);
    return NULL;
}

static void end_without_thread(struct smk_family_capture *f)
{
    if (!smk_load_acquire(&f->own_done) || smk_exchange_acq_rel(&f->ends, 1) != 0) /* pairs with: ourselves */
        return;
    end_tape(f);
}

int smk_family_capture_begin(struct smk_family_capture *f)
{
    smk_add_relaxed(&f->references, 1);
    int rc = smk_start_own_thread(family_main, f);
    if (rc == 0)
        return 0;
    rc = smk_fail_errno(-rc, "the family's thread could not be started");
    snprintf(f->processes, sizeof f->processes, "%d first", smk_sys_getpid());
    snprintf(f->missing, sizeof f->missing, "all others: %s", smk_last_error());
    smk_store_release(&f->told, 1);             /* pairs with: smk_family_capture_facts */
    smk_exchange_acq_rel(&f->no_thread, 1);     /* pairs with: smk_family_capture_own_done */
    smk_writer_wake();
    end_without_thread(f);
    smk_family_capture_release(f);
    return rc;
}

/* ---- what others call ------------------------------------------------------------------------------------- */

/* At the agent's end nobody is waited for. */
bool smk_family_capture_may_end(struct smk_family_capture *f, enum smk_reason reason)
{
    uint32_t goes_on = 0;
    smk_cas_acq_rel(&f->own_over, &goes_on, reason); /* pairs with: stop_others */
    return reason == SMK_REASON_EXIT || smk_load_acquire(&f->told) != 0; /* pairs with: tell */
}

void smk_family_capture_facts(struct smk_family_capture *f, smk_add_fact add, void *table)
{
    if (smk_load_acquire(&f->told) == 0) { /* pairs with: tell */
        add(table, SMK_FACT_FAMILY_MISSING, "the first of the family ended before the others did");
        return;
    }
    add(table, SMK_FACT_FAMILY, f->processes);
    if (f->missing[0])
        add(table, SMK_FACT_FAMILY_MISSING, f->missing);
}

/* From its first line on the others may be through with it. */
void smk_family_capture_own_done(struct smk_family_capture *f)
{
    smk_add_relaxed(&f->references, 1);
    smk_exchange_acq_rel(&f->own_done, 1); /* pairs with: family_main, smk_family_capture_begin */
    smk_sys_futex_wake(&f->own_done, 1);
    if (smk_load_acquire(&f->no_thread)) /* pairs with: smk_family_capture_begin */
        end_without_thread(f);
    smk_family_capture_release(f);
}

void smk_family_capture_counts(const struct smk_family_capture *f, uint32_t *others, uint32_t *armed)
{
    *others = smk_load_relaxed(&f->others);
    *armed = smk_load_relaxed(&f->armed);
}

bool smk_family_capture_finish(struct smk_family_capture *f, uint64_t ns)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ns;
    smk_store_relaxed(&f->cancelled, 1);
    while (smk_load_acquire(&f->done) == 0) { /* pairs with: family_main */
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        if (now >= until)
            return false;
        smk_sys_futex_wait(&f->done, 0, until - now);
    }
    return true;
}
