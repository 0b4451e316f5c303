#define _GNU_SOURCE
#include "source/asked.h"

#include "base/sys.h"
#include "source/address.h"

/* Of a descriptor; all atomic. */
struct question {
    uint64_t request; /* 0: for none */
    uint64_t since;   /* ticks; 0: nothing was asked. The lowest bit: something of the answer has come */
    uint64_t told;    /* events of this answer */
};

#define TOLD_MAX 64u /* of one answer: what is sent on for ever makes no more */

#define ANSWERED UINT64_C(1)

static struct question *questions; /* atomic; NULL: nothing was armed yet, or no memory */

void smk_asked_prepare(void)
{
    struct question *none = NULL, *made;
    size_t size = SMK_FD_SLOTS * sizeof *made;
    if (smk_load_relaxed(&questions))
        return;
    made = smk_sys_map(size);
    if (made && !smk_cas_acq_rel(&questions, &none, made)) /* pairs with: question_of */
        smk_sys_unmap(made, size);
}

static struct question *question_of(int fd)
{
    struct question *all = smk_load_acquire(&questions); /* pairs with: smk_asked_prepare */
    return all && (unsigned)fd < SMK_FD_SLOTS ? &all[fd] : NULL;
}

static void ask(struct question *question, uint64_t request, uint64_t since)
{
    smk_store_relaxed(&question->request, request);
    smk_store_relaxed(&question->since, since);
    smk_store_relaxed(&question->told, 0);
}

void smk_asked_anew(int fd)
{
    struct smk_fd_slot *slot = smk_fd_slot(fd);
    struct question *question = question_of(fd);
    if (!slot || !question)
        return;
    ask(question, 0, 0);
    smk_store_relaxed(&slot->conn, SMK_CONN_ASKED);
}

void smk_asked_find(struct smk_fd_slot *slot, int fd)
{
    union smk_address peer = {0};
    uint32_t size = sizeof peer;
    bool asks = smk_load_relaxed(&slot->kind) != SMK_WAIT_DISK && smk_sys_getpeername(fd, &peer.any, &size) == 0;
    struct question *question = question_of(fd);
    if (question)
        ask(question, 0, 0);
    smk_store_relaxed(&slot->conn, asks && question ? SMK_CONN_ASKED : SMK_CONN_NONE);
}

/* Whom the thread works for, or has just read an answer for. */
static uint64_t asks_for(const struct smk_thread *t)
{
    if (t->request)
        return t->request;
    return t->loop.answered_at == t->loop.polled ? t->loop.answered : 0;
}

void smk_asked_wrote(const struct smk_seen *seen, int fd, uint64_t now)
{
    struct question *question = seen->t ? question_of(fd) : NULL;
    if (!question)
        return;
    uint64_t since = smk_load_relaxed(&question->since), request = asks_for(seen->t);
    if (since == 0 || (since & ANSWERED))
        ask(question, request, (seen->since ? seen->since : now) & ~ANSWERED);
    else if (smk_load_relaxed(&question->request) == 0)
        smk_store_relaxed(&question->request, request); /* else who connected asks: it may write for another's turn */
}

static SMK_COLD void record(const struct smk_seen *seen, int fd, const struct question *asked, uint64_t now)
{
    struct smk_fd_facts facts;
    smk_fd_describe_peer(fd, &facts);
    if (facts.waits || facts.kind != SMK_WAIT_NET || !smk_gate_open(SMK_CAT_NET))
        return;
    uint32_t stack = smk_stack_here(seen->from.pc, seen->from.sp, seen->from.fp);
    if (stack)
        smk_local_count(&seen->t->counted.stacks[smk_event_category_number(SMK_EV_ANSWER_WAIT)]);
    uint64_t *rec = smk_reserve(seen->t, 8, SMK_EV_ANSWER_WAIT);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = seen->since - (asked->since & ~ANSWERED);
    rec[3] = smk_call_name(seen->call);
    rec[4] = (uint64_t)(int64_t)fd;
    rec[5] = asked->request;
    rec[6] = facts.name;
    rec[7] = now - seen->since;
    smk_commit(seen->t, rec, smk_record_head(SMK_EV_ANSWER_WAIT, 8, 0, stack));
}

void smk_asked_read(const struct smk_seen *seen, int fd, uint64_t now)
{
    struct question *question = seen->t ? question_of(fd) : NULL;
    if (!question)
        return;
    struct question asked = {.request = smk_load_relaxed(&question->request),
                             .since = smk_load_relaxed(&question->since),
                             .told = smk_load_relaxed(&question->told)};
    if (asked.since == 0 || asked.request == 0 || asked.told >= TOLD_MAX)
        return;
    smk_store_relaxed(&question->since, now | ANSWERED);
    seen->t->loop.answered = asked.request;
    seen->t->loop.answered_at = seen->t->loop.polled;
    uint64_t since = asked.since & ~ANSWERED;
    if (seen->since <= since || seen->since - since < smk_load_relaxed(&smk_slept.fd) || seen->inner)
        return;
    smk_store_relaxed(&question->told, asked.told + 1);
    record(seen, fd, &asked, now);
}
