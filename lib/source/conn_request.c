/* conn_request.c: where requests begin and end on a connection. */
#define _GNU_SOURCE
#include "source/conn_state.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/notable.h"
#include "source/asked.h"
#include "source/loop.h"

#define BEHIND_MAX 64u /* reads that bring more while nothing is answered: the answers go ways that we do not see */

/* ---- arrival --------------------------------------------------------------------------------------------- */

/* The poll did report it, so it was there then; it may have been there since the thread looked before. */
static SMK_COLD struct smk_arrival ask_kernel(const struct smk_loop_now *loop, int fd, uint64_t least, uint64_t most)
{
    uint64_t ago, grain = smk_ns_to_ticks(SMK_ARRIVAL_GRAIN_NS);
    if (!smk_conn_last_arrival(fd, &ago)) {
        if (loop->doubtful)
            return (struct smk_arrival){least, least, SMK_LOOP_POLLED};
        smk_add_relaxed(&smk_conns_count.ranges, 1);
        return (struct smk_arrival){least, most, SMK_LOOP_RANGE};
    }
    ago = smk_max_u64(smk_min_u64(ago, most), least); /* more may have arrived behind the first bytes */
    return (struct smk_arrival){ago, smk_min_u64(ago + grain, most), SMK_LOOP_KERNEL};
}

static struct smk_arrival arrival_of(const struct smk_seen *seen, const struct smk_conn *conn, int fd, uint64_t now)
{
    const struct smk_loop_now *loop = &seen->t->loop;
    uint64_t looked = smk_loop_last(loop);
    uint64_t since = seen->since ? seen->since : now;
    bool polled = looked != 0 && looked >= conn->empty_at;
    if ((!polled || !loop->polls) && now - since >= smk_load_relaxed(&smk_slept.fd))
        return (struct smk_arrival){0, 0, SMK_LOOP_POLLED}; /* the read itself waited for it; accept reports no bytes */
    uint64_t least = now - (polled ? looked : since);
    uint64_t earliest = smk_max_u64(polled ? smk_loop_earliest(loop) : 0, conn->empty_at);
    if (conn->read_at == 0 && conn->empty_at)
        earliest = conn->empty_at; /* before it was accepted no look could tell of it */
    uint64_t most = earliest ? now - smk_min_u64(earliest, now) : least;
    if (SMK_LIKELY(most - smk_min_u64(least, most) < smk_load_relaxed(&smk_slept.away)))
        return (struct smk_arrival){least, least, SMK_LOOP_POLLED};
    return ask_kernel(loop, fd, least, most);
}

void smk_conn_delayed(struct smk_thread *t, uint64_t request, const struct smk_arrival *arrival, int fd, uint64_t now)
{
    if (SMK_UNLIKELY(arrival->delay > smk_load_relaxed(&smk_notable_limits.loop)))
        smk_notable_put(&(struct smk_notable){.kind = SMK_NOTABLE_LOOP,
                                              .ended = now,
                                              .ticks = arrival->delay,
                                              .request = request,
                                              .tid = t->tid});
    uint64_t *rec = smk_gate_open(SMK_CAT_LOOP) ? smk_reserve(t, 6, SMK_EV_LOOP_DELAY) : NULL;
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = request;
    rec[3] = arrival->delay;
    rec[4] = arrival->at_most;
    rec[5] = (uint64_t)(int64_t)fd;
    smk_commit(t, rec, smk_record_head(SMK_EV_LOOP_DELAY, 6, 0, arrival->how));
}

/* ---- begin ----------------------------------------------------------------------------------------------- */

/* What begins in the bytes of one read. */
struct arriving {
    uint32_t requests, route; /* the first one's */
    bool no_body;
};

/* A loop looked, and not long before had looked too: the bytes are taken to have been there when it did so last. What
 * arrival_of finds out in all cases. */
SMK_INLINE bool came_by_look(const struct smk_loop_now *loop, const struct smk_conn *conn, uint64_t now)
{
    return SMK_LIKELY(loop->polls && loop->polled >= smk_loops_seen_since() && loop->polled >= conn->empty_at &&
                      conn->read_at != 0 && now - loop->before < smk_load_relaxed(&smk_slept.away));
}

static SMK_NOINLINE void begin_as_arrived(const struct smk_seen *seen, struct smk_conn *conn, int fd, uint32_t route,
                                          uint64_t now)
{
    struct smk_arrival arrival = arrival_of(seen, conn, fd, now);
    conn->read_at = now;
    smk_request_begins(seen->t, &conn->request, route, now - arrival.delay, now);
    if (SMK_UNLIKELY(arrival.at_most >= smk_load_relaxed(&smk_slept.away)))
        smk_conn_delayed(seen->t, conn->request.id, &arrival, fd, now);
}

SMK_INLINE void begin(const struct smk_seen *seen, struct smk_conn *conn, int fd, const struct arriving *first,
                  uint64_t now)
{
    conn->more = first->requests - 1;
    conn->wrote = 0;
    conn->answering = 0;
    conn->behind = 0;
    conn->answer.kind = SMK_ANSWER_NONE;
    conn->no_body = first->no_body;
    smk_store_relaxed(&conn->tid, seen->t->tid);
    if (came_by_look(&seen->t->loop, conn, now)) {
        conn->read_at = now;
        smk_request_begins(seen->t, &conn->request, first->route, seen->t->loop.polled, now);
    } else {
        begin_as_arrived(seen, conn, fd, first->route, now);
    }
}

/* ---- end ------------------------------------------------------------------------------------------------- */

/* Nobody sees it in flight any more. */
SMK_INLINE void over(struct smk_conn *conn)
{
    smk_store_relaxed(&conn->request.id, 0);
    smk_release_fence(); /* pairs with: smk_conns_requests */
}

static void end_with(struct smk_thread *t, struct smk_conn *conn, uint32_t more, uint64_t now)
{
    struct smk_request_answer answer = {
        .wrote = conn->wrote ? conn->wrote : now,
        .delay = conn->read_at - smk_min_u64(conn->request.begin, conn->read_at),
        .status = conn->answering ? conn->status : 0,
        .more = more,
        .outcome = conn->answering ? (enum smk_outcome)conn->outcome : SMK_OUTCOME_REFUSED,
    };
    smk_request_answered(t, &conn->request, &answer, now);
    over(conn);
}

void smk_conn_ends(struct smk_thread *t, struct smk_conn *conn, uint64_t now)
{
    if (conn->request.id)
        end_with(t, conn, conn->more, now);
}

/* It went well, and all of it was written now. */
SMK_INLINE void end_at_once(struct smk_thread *t, struct smk_conn *conn, uint64_t now)
{
    struct smk_request_answer answer = {
        .wrote = now,
        .delay = conn->read_at - smk_min_u64(conn->request.begin, conn->read_at),
        .more = conn->more,
        .outcome = SMK_OUTCOME_GOOD,
    };
    smk_request_answered(t, &conn->request, &answer, now);
    over(conn);
}

/* HTTP answers one after the other: what came behind this request is answered by what is written next. */
static void end_answered(struct smk_thread *t, struct smk_conn *conn, uint64_t now)
{
    uint64_t arrived = conn->request.begin;
    if (conn->more == 0 || conn->proto.protocol != SMK_PROTO_HTTP1) {
        end_with(t, conn, conn->more, now);
        return;
    }
    end_with(t, conn, 0, now);
    conn->more--;
    conn->answering = 0;
    conn->answer.kind = SMK_ANSWER_NONE;
    smk_request_begins(t, &conn->request, conn->request.route, arrived, now);
}

/* ---- what the wrappers saw ------------------------------------------------------------------------------- */

/* When the call began; of one that nobody stamped, when its thread was seen last. */
static uint64_t began(const struct smk_seen *seen)
{
    const struct smk_loop_now *loop = &seen->t->loop;
    return seen->since ? seen->since : smk_max_u64(loop->polled, loop->moved) + 1;
}

/* Takes all pieces. False: it is not understood. */
static SMK_NOINLINE bool parse_pieces(struct smk_conn *conn, const struct smk_bytes *bytes, struct arriving *first)
{
    struct smk_proto_seen seen;
    size_t left = bytes->len;
    first->requests = 0;
    for (int i = 0; i < bytes->count && left > 0; i++) {
        size_t len = smk_min_u64(bytes->pieces[i].iov_len, left);
        if (smk_proto_read_head(&conn->proto, bytes->pieces[i].iov_base, len, &seen, &conn->head) == SMK_PROTO_UNKNOWN)
            return false;
        if (seen.requests && first->requests == 0) {
            first->route = smk_route_string(seen.name, seen.name_len);
            first->no_body = seen.name_len > 5 && memcmp(seen.name, "HEAD ", 5) == 0;
        }
        if (seen.learned) {
            conn->named_route = first->requests ? smk_route_string(seen.name, seen.name_len) : first->route;
            conn->named_no_body = seen.name_len > 5 && memcmp(seen.name, "HEAD ", 5) == 0;
        }
        first->requests += seen.requests;
        left -= len;
    }
    return true;
}

/* Nearly always in one piece, and called as the one before. */
SMK_INLINE bool parse(struct smk_conn *conn, const struct smk_bytes *bytes, struct arriving *first)
{
    const struct iovec *piece = bytes->pieces;
    if (bytes->count < 1 || piece->iov_len < bytes->len ||
        !smk_proto_read_known(&conn->proto, &conn->head, piece->iov_base, bytes->len, &first->requests))
        return parse_pieces(conn, bytes, first);
    first->route = conn->named_route;
    first->no_body = conn->named_no_body;
    return conn->proto.protocol != SMK_PROTO_UNKNOWN;
}

/* The connection of a slot that was not looked at yet is looked for. */
static SMK_COLD struct smk_conn *find(struct smk_fd_slot *slot, int fd)
{
    if (!smk_load_relaxed(&smk_proto_wanted.requests) || smk_load_relaxed(&slot->kind) == SMK_WAIT_DISK ||
        !smk_conn_is_served(fd)) {
        smk_asked_find(slot, fd);
        return NULL;
    }
    struct smk_conn *conn = smk_conn_make(slot);
    if (conn)
        smk_add_relaxed(&smk_conns_count.found, 1);
    return conn;
}

SMK_INLINE struct smk_conn *hold_or_find(struct smk_fd_slot *slot, int fd)
{
    return SMK_LIKELY(smk_load_relaxed(&slot->conn) != SMK_CONN_NEW) ? smk_conn_hold(slot) : find(slot, fd);
}

static SMK_COLD void follow_no_more(struct smk_thread *t, struct smk_fd_slot *slot, struct smk_conn *conn)
{
    if (smk_load_relaxed(&conn->missed) != 0) {
        smk_conn_give_up(t, slot, conn);
        return;
    }
    if (conn->request.id)
        smk_request_dropped(t, &conn->request);
    over(conn);
    smk_conn_let_go(conn);
}

/* False: it is followed no more, and was let go of. */
SMK_INLINE bool is_followed(struct smk_thread *t, struct smk_fd_slot *slot, struct smk_conn *conn)
{
    if (SMK_LIKELY(smk_load_relaxed(&conn->missed) == 0 && smk_load_relaxed(&smk_requests_marked) == 0))
        return true;
    follow_no_more(t, slot, conn);
    return false;
}

SMK_INLINE void has_read(const struct smk_seen *seen, struct smk_fd_slot *slot, int fd, const struct smk_bytes *bytes,
                         int64_t result, size_t asked, uint64_t now)
{
    struct arriving first;
    bool nothing = result == -1 && errno == EAGAIN;
    if (result <= 0 && !nothing)
        return;
    struct smk_conn *conn = hold_or_find(slot, fd);
    if (!conn) {
        if (result > 0 && smk_load_relaxed(&slot->conn) == SMK_CONN_ASKED)
            smk_asked_read(seen, fd, now);
        return;
    }
    if (!is_followed(seen->t, slot, conn))
        return;
    if (!nothing) {
        if (SMK_UNLIKELY(!parse(conn, bytes, &first) || conn->behind >= BEHIND_MAX)) {
            smk_conn_give_up(seen->t, slot, conn);
            return;
        }
        if (first.requests && conn->request.id && conn->wrote)
            smk_conn_ends(seen->t, conn, now);
        if (first.requests && conn->request.id) {
            conn->more += first.requests;
            conn->behind++;
        } else if (first.requests) {
            begin(seen, conn, fd, &first, now);
        }
    }
    if (nothing || (size_t)result < asked)
        conn->empty_at = began(seen);
    seen->t->loop.moved = now;
    smk_conn_let_go(conn);
}

/* The first bytes of an answer; false: these begin none (100 Continue). */
static bool answer_begins(struct smk_conn *conn, const struct smk_bytes *bytes, bool full)
{
    struct smk_proto_answer answer = {0};
    size_t len = bytes->pieces ? smk_min_u64(bytes->pieces[0].iov_len, bytes->len) : 0;
    bool begins = len > 0 && smk_proto_wrote(&conn->proto, bytes->pieces[0].iov_base, len, &answer);
    if (!begins && conn->proto.protocol == SMK_PROTO_HTTP1)
        return false;
    conn->answering = 1;
    conn->status = (uint32_t)answer.status;
    conn->outcome = answer.failed ? SMK_OUTCOME_FAILED : answer.refused ? SMK_OUTCOME_REFUSED : SMK_OUTCOME_GOOD;
    smk_answer_begin(&conn->answer, conn->proto.protocol, bytes, conn->status, conn->no_body, full);
    return true;
}

static SMK_NOINLINE void goes_on(struct smk_thread *t, struct smk_conn *conn, const struct smk_bytes *bytes, bool full,
                                 uint64_t now)
{
    if (conn->answering)
        smk_answer_goes_on(&conn->answer, bytes);
    else
        answer_begins(conn, bytes, full);
    conn->wrote = now;
    if (smk_answer_is_whole(&conn->answer))
        end_answered(t, conn, now);
}

SMK_INLINE void has_written(const struct smk_seen *seen, struct smk_fd_slot *slot, int fd,
                            const struct smk_bytes *bytes, size_t asked, uint64_t now)
{
    struct smk_conn *conn = hold_or_find(slot, fd);
    if (!conn) {
        if (smk_load_relaxed(&slot->conn) == SMK_CONN_ASKED)
            smk_asked_wrote(seen, fd, now);
        return;
    }
    if (!is_followed(seen->t, slot, conn))
        return;
    if (conn->request.id) {
        seen->t->loop.moved = now;
        if (SMK_LIKELY(!conn->answering && smk_answer_at_once(&conn->proto, bytes, bytes->len == asked)))
            end_at_once(seen->t, conn, now);
        else
            goes_on(seen->t, conn, bytes, bytes->len == asked, now);
    }
    if (SMK_UNLIKELY(conn->proto.protocol == SMK_PROTO_UNKNOWN)) { /* another one was switched to */
        smk_conn_ends(seen->t, conn, now);
        smk_conn_give_up(seen->t, slot, conn);
        return;
    }
    smk_conn_let_go(conn);
}

void smk_conn_read(const struct smk_seen *seen, struct smk_fd_slot *slot, int fd, const struct smk_bytes *bytes,
                   int64_t result, size_t asked, uint64_t now)
{
    if (smk_gate_open(SMK_CAT_REQUEST))
        has_read(seen, slot, fd, bytes, result, asked, now);
}

void smk_conn_wrote(const struct smk_seen *seen, struct smk_fd_slot *slot, int fd, const struct smk_bytes *bytes,
                    size_t asked, uint64_t now)
{
    if (smk_gate_open(SMK_CAT_REQUEST))
        has_written(seen, slot, fd, bytes, asked, now);
}

SMK_HOT void smk_conn_passed_read(struct smk_thread *t, struct smk_fd_slot *slot, int fd, const struct iovec *pieces,
                                  int count, int64_t result)
{
    struct smk_seen seen;
    if (!smk_gate_open(SMK_CAT_REQUEST))
        return;
    seen.t = t;
    seen.since = 0;
    struct smk_bytes bytes = {pieces, count, result > 0 ? (size_t)result : 0};
    has_read(&seen, slot, fd, &bytes, result, smk_bytes_room(pieces, count), smk_ticks());
}

SMK_HOT void smk_conn_passed_write(struct smk_thread *t, struct smk_fd_slot *slot, int fd, const struct iovec *pieces,
                                   int count, int64_t result)
{
    struct smk_seen seen;
    if (!smk_gate_open(SMK_CAT_REQUEST) || result <= 0)
        return;
    seen.t = t;
    seen.since = 0;
    struct smk_bytes bytes = {pieces, count, (size_t)result};
    has_written(&seen, slot, fd, &bytes, smk_bytes_room(pieces, count), smk_ticks());
}
