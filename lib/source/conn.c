/* conn.c: the table of connections: who stands for which, and when each begins and ends. */
#define _GNU_SOURCE
#include "source/conn_state.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "core/slots.h"
#include "source/loop.h"

#define GENERATIONS (1u << (32 - SMK_CONN_NUMBER_BITS))

#define SPINS 2000 /* some 20 us: a thread that lost its CPU in there is not waited for */

struct smk_conn *smk_conns SMK_HOT_DATA;

static struct {
    struct smk_slots slots;
    uint32_t capacity;
    uint32_t listed; /* atomic: those in flight are this process's */
} conns = {.capacity = SMK_CONNS_DEFAULT};

struct smk_conns_stats smk_conns_count;

int smk_conns_set_capacity(uint32_t capacity)
{
    if (capacity == 0 || capacity > SMK_CONNS_LIMIT)
        return smk_fail(SMK_E_INVALID, "%u connections: from 1 to %u", capacity, SMK_CONNS_LIMIT);
    if (smk_load_relaxed(&smk_conns) && capacity != conns.capacity)
        return smk_fail(SMK_E_BUSY, "the table of connections is made already");
    conns.capacity = capacity;
    return 0;
}

void smk_conns_stats(struct smk_conns_stats *stats)
{
    const struct smk_conns_stats *c = &smk_conns_count;
    *stats = (struct smk_conns_stats){
        .capacity = conns.capacity,
        .accepted = smk_load_relaxed(&c->accepted),
        .found = smk_load_relaxed(&c->found),
        .refused = smk_load_relaxed(&c->refused),
        .unknown = smk_load_relaxed(&c->unknown),
        .contended = smk_load_relaxed(&c->contended),
        .asked = smk_load_relaxed(&c->asked),
        .ranges = smk_load_relaxed(&c->ranges),
    };
}

size_t smk_conns_missing(char *text, size_t size)
{
    struct smk_conns_stats stats;
    size_t len = 0;
    smk_conns_stats(&stats);
    text[0] = '\0';
    if (stats.unknown)
        len += (size_t)snprintf(text + len, size - len,
                                "requests of %llu connections: TLS or another protocol, or answers that are not seen\n",
                                (unsigned long long)stats.unknown);
    if (stats.refused && len < size)
        len += (size_t)snprintf(text + len, size - len, "requests of %llu connections: more than %u at once\n",
                                (unsigned long long)stats.refused, stats.capacity);
    if (stats.contended && len < size)
        len += (size_t)snprintf(text + len, size - len,
                                "requests of %llu connections: another thread was at them for too long\n",
                                (unsigned long long)stats.contended);
    return smk_min_u64(len, size - 1);
}

/* ---- holding one ----------------------------------------------------------------------------------------- */

static uint32_t value_of(const struct smk_conn *conn)
{
    uint32_t number = (uint32_t)(conn - smk_conns);
    return smk_load_relaxed(&conn->generation) << SMK_CONN_NUMBER_BITS | (number + 1) << 1;
}

static bool lock(struct smk_conn *conn)
{
    for (unsigned i = 0; i < SPINS; i++) {
        uint32_t free = 0;
        if (SMK_LIKELY(smk_cas_acq_rel(&conn->lock, &free, 1))) /* pairs with: smk_conn_let_go */
            return true;
        smk_cpu_pause();
    }
    return false;
}

struct smk_conn *smk_conn_hold_late(struct smk_fd_slot *slot, struct smk_conn *conn, uint32_t value, bool held)
{
    if (!held && !lock(conn)) {
        smk_store_relaxed(&conn->missed, 1);
        return NULL;
    }
    if (SMK_LIKELY(value_of(conn) == value))
        return conn;
    smk_conn_let_go(conn);
    smk_cas_relaxed(&slot->conn, &value, SMK_CONN_NONE); /* given up by way of another descriptor */
    return NULL;
}

/* ---- making and ending ----------------------------------------------------------------------------------- */

static void clear(struct smk_conn *conn)
{
    size_t kept = offsetof(struct smk_conn, refs);
    memset((char *)conn + kept, 0, sizeof *conn - kept);
    smk_store_relaxed(&conn->missed, 0);
}

/* Held; nobody stands for it any more. */
static void give_back(struct smk_conn *conn)
{
    uint32_t next = (smk_load_relaxed(&conn->generation) + 1) % GENERATIONS;
    smk_store_relaxed(&conn->generation, next);
    smk_conn_let_go(conn);
    smk_slots_give(&conns.slots, (uint32_t)(conn - smk_conns));
}

struct smk_conn *smk_conn_make(struct smk_fd_slot *slot)
{
    uint32_t none = SMK_CONN_NEW;
    uint32_t number = smk_load_acquire(&smk_conns) ? smk_slots_take(&conns.slots) /* pairs with: make_table */
                                                     : SMK_NO_SLOT;
    if (number == SMK_NO_SLOT) {
        smk_add_relaxed(&smk_conns_count.refused, 1);
        smk_store_relaxed(&slot->conn, SMK_CONN_NONE);
        return NULL;
    }
    struct smk_conn *conn = &smk_conns[number];
    if (!lock(conn)) /* by whoever looked at its last life; not seen in practice */
        return NULL;
    clear(conn);
    conn->refs = 1;
    if (smk_cas_acq_rel(&slot->conn, &none, value_of(conn))) /* pairs with: smk_conn_hold */
        return conn;
    give_back(conn);
    return NULL;
}

void smk_conn_give_up(struct smk_thread *t, struct smk_fd_slot *slot, struct smk_conn *conn)
{
    smk_add_relaxed(smk_load_relaxed(&conn->missed) ? &smk_conns_count.contended : &smk_conns_count.unknown, 1);
    if (conn->request.id)
        smk_request_dropped(t, &conn->request);
    smk_store_relaxed(&conn->request.id, 0);
    smk_store_relaxed(&slot->conn, SMK_CONN_NONE);
    conn->refs = 0;
    give_back(conn);
}

void smk_conn_accepted(const struct smk_seen *seen, int listener, int fd, uint64_t now)
{
    struct smk_fd_slot *slot = smk_fd_slot(fd), *from = smk_fd_slot(listener);
    if (!slot || !smk_gate_open(SMK_CAT_REQUEST) || !smk_load_relaxed(&smk_proto_wanted.requests))
        return;
    if (from && smk_load_relaxed(&from->conn) == SMK_CONN_NEW) {
        smk_conn_note_listener(listener);
        smk_store_relaxed(&from->conn, SMK_CONN_NONE);
    }
    smk_conn_forget(seen->t, fd, now); /* it was closed behind our back */
    struct smk_loop_now *loop = &seen->t->loop;
    struct smk_conn *conn = smk_conn_make(slot);
    if (!conn)
        return;
    smk_add_relaxed(&smk_conns_count.accepted, 1);
    conn->empty_at = smk_loop_earliest(loop);
    smk_conn_let_go(conn);
}

void smk_conn_closes(struct smk_thread *t, struct smk_fd_slot *slot, uint64_t now)
{
    struct smk_conn *conn = smk_conn_hold(slot);
    smk_store_relaxed(&slot->conn, SMK_CONN_NEW);
    if (!conn)
        return;
    if (--conn->refs > 0) {
        smk_conn_let_go(conn);
        return;
    }
    smk_conn_ends(t, conn, now);
    give_back(conn);
}

void smk_conn_copied(int from, int to)
{
    struct smk_fd_slot *slot = smk_fd_slot(from), *copy = smk_fd_slot(to);
    struct smk_conn *conn = slot && from != to ? smk_conn_hold(slot) : NULL;
    if (!conn)
        return;
    if (copy) {
        conn->refs++;
        smk_store_release(&copy->conn, value_of(conn)); /* pairs with: smk_conn_hold */
    }
    smk_conn_let_go(conn);
}

/* ---- arming ---------------------------------------------------------------------------------------------- */

/* Two that arm at once: the other goes without connections for as long as this takes. */
static void make_table(void)
{
    static uint32_t begun;
    if (smk_exchange_acq_rel(&begun, 1)) /* pairs with: itself */
        return;
    uint32_t *next = smk_sys_map(conns.capacity * sizeof *next);
    struct smk_conn *array = smk_sys_map(conns.capacity * sizeof *array);
    if (!next || !array)
        return;
    smk_slots_init(&conns.slots, next, conns.capacity);
    smk_store_release(&smk_conns, array); /* pairs with: smk_conn_make */
}

/* What is open stays open on the host's side, unseen. The generation goes on, so that nobody who was in the
 * middle of something finds what he left. */
static void forget_all(void)
{
    uint32_t used = smk_load_acquire(&conns.slots.used); /* pairs with: smk_slots_take */
    for (uint32_t i = 0; i < used; i++) {
        struct smk_conn *conn = &smk_conns[i];
        if (!lock(conn))
            continue;
        bool in_use = conn->refs > 0;
        if (conn->request.id)
            smk_request_dropped(NULL, &conn->request);
        clear(conn);
        if (in_use)
            give_back(conn);
        else
            smk_conn_let_go(conn);
    }
}

/* In a child what was in flight is its parent's, until it is armed itself. */
void smk_conns_reset_in_child(void) { smk_store_relaxed(&conns.listed, 0); }

void smk_conns_requests(bool (*visit)(const struct smk_flight *flight, void *arg), void *arg)
{
    struct smk_conn *array = smk_load_acquire(&smk_conns); /* pairs with: make_table */
    uint32_t used = smk_load_acquire(&conns.slots.used);   /* pairs with: smk_slots_take */
    bool more = array && smk_load_relaxed(&conns.listed);
    for (uint32_t i = 0; more && i < used; i++) {
        const smk_request *request = &array[i].request;
        struct smk_flight copy = {.id = smk_load_acquire(&request->id)}; /* pairs with: smk_request_begins */
        if (copy.id == 0)
            continue;
        copy.begin = smk_load_relaxed(&request->begin);
        copy.route = smk_load_relaxed(&request->route);
        copy.tid = smk_load_relaxed(&array[i].tid);
        smk_acquire_fence(); /* pairs with: over */
        if (smk_load_relaxed(&request->id) == copy.id)
            more = visit(&copy, arg);
    }
}

void smk_conns_prepare(bool anew)
{
    if (!smk_load_relaxed(&smk_conns))
        make_table();
    else if (anew)
        forget_all();
    smk_store_relaxed(&conns.listed, 1);
    if (anew)
        smk_conn_find_listeners();
}
