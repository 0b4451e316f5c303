/* served.c: requests that a program's HTTP library hands on (stallmark/libevent.h, stallmark/civetweb.h): they begin
 * when their bytes arrived, as requests on sockets do, and are named as these are.
 *
 * The library has read the bytes a moment ago, in the callback in which it hands the request on. So they had arrived
 * when the loop's last poll returned, and if that did not wait the kernel is asked, as for any connection
 * (conn_request.c).
 */
#define _GNU_SOURCE
#include <string.h>

#include "core/clock.h"
#include "core/gate.h"
#include "core/request.h"
#include "source/conn_state.h"
#include "source/loop.h"
#include "source/proto_machine.h"

/* What its connection's first bytes came behind; 0: these are not its first, or it is not followed. *told: their
 * delay was told already, when they were found. */
static uint64_t accepted_behind(struct smk_thread *t, int fd, uint64_t now, bool *told)
{
    struct smk_fd_slot *slot = smk_fd_slot(fd);
    struct smk_conn *conn = slot ? smk_conn_hold(slot) : NULL;
    if (!conn)
        return 0;
    *told = conn->request.id != 0;
    if (*told) /* before the program's first mark */
        smk_request_dropped(t, &conn->request);
    conn->request.id = 0;
    uint64_t behind = conn->read_at == 0 ? conn->empty_at : 0;
    conn->read_at = now;
    smk_conn_let_go(conn);
    return behind;
}

/* `behind`: 0, or what the loop's last but one look could not tell of, since it was accepted later. */
static struct smk_arrival arrival_of(const struct smk_loop_now *loop, int fd, uint64_t behind, uint64_t now)
{
    uint64_t ago, earliest = behind ? behind : smk_loop_earliest(loop);
    if (smk_loop_last(loop) == 0)
        return (struct smk_arrival){0}; /* it came another way */
    struct smk_arrival arrival = {now - loop->polled, now - loop->polled, SMK_LOOP_POLLED};
    uint64_t most = earliest && earliest < loop->polled ? now - earliest : arrival.delay;
    if (most - arrival.delay < smk_load_relaxed(&smk_slept.away))
        return arrival;
    if (fd < 0 || !smk_conn_last_arrival(fd, &ago))
        return loop->doubtful ? arrival : (struct smk_arrival){arrival.delay, most, SMK_LOOP_RANGE};
    ago = smk_max_u64(smk_min_u64(ago, most), arrival.delay);
    return (struct smk_arrival){ago, smk_min_u64(ago + smk_ns_to_ticks(SMK_ARRIVAL_GRAIN_NS), most), SMK_LOOP_KERNEL};
}

/* "GET /item/:id"; what a path begins with may be a host ("http://x/item"). */
static uint32_t route_of(const char *method, const char *path)
{
    char name[SMK_PROTO_NAME];
    size_t used = strnlen(method, SMK_PROTO_NAME / 4);
    const char *host = path[0] == '/' ? NULL : strstr(path, "://");
    const char *rest = host ? strchr(host + 3, '/') : path;
    memcpy(name, method, used);
    name[used++] = ' ';
    if (rest && rest[0] == '/')
        used += smk_path_name(name + used, sizeof name - 1 - used, (const uint8_t *)rest, strlen(rest));
    else
        name[used++] = host ? '/' : '*';
    return smk_route_string(name, (uint32_t)used);
}

smk_served smk_abi_request_served(int fd, const char *method, const char *path, const char *traceparent)
{
    smk_served served = {0};
    struct smk_thread *t = smk_thread_self();
    if (!t || !smk_gate_open(SMK_CAT_REQUEST))
        return served;
    if (SMK_UNLIKELY(!smk_load_relaxed(&smk_requests_marked)))
        smk_store_relaxed(&smk_requests_marked, 1);
    uint64_t now = smk_ticks();
    bool told = false;
    struct smk_arrival arrival = arrival_of(&t->loop, fd, accepted_behind(t, fd, now, &told), now);
    served.delay = arrival.delay;
    smk_request_found(t, &served.request, route_of(method ? method : "?", path ? path : "*"), now - arrival.delay, now);
    if (arrival.at_most >= smk_load_relaxed(&smk_slept.away) && !told)
        smk_conn_delayed(t, served.request.id, &arrival, fd, now);
    smk_request_trace(t, served.request.id, traceparent);
    return served;
}

void smk_abi_request_answered(const smk_served *served, int status)
{
    uint64_t now = smk_ticks();
    struct smk_request_answer answer = {.wrote = now,
                                        .delay = served->delay,
                                        .status = (uint32_t)status,
                                        .outcome = status ? smk_outcome_of((uint32_t)status) : SMK_OUTCOME_REFUSED};
    smk_request_answered(smk_thread_self(), &served->request, &answer, now);
}
