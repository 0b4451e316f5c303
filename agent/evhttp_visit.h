/* evhttp_visit.h: one request on an evhttp, from its dispatch to its last byte, for the two fronts that have one.
 *
 * Everything runs on the thread of the evhttp's event base and never waits. A visit ends when its connection
 * does, whoever closes it: evhttp's close callback is the one place where it is let go.
 *
 *     dispatch ─▶ gate ─▶ submit ─▶ (waits for its answer) ─▶ headers, then block after block of the body:
 *                                                             the next one when the client took the last
 *
 * A timer looks four times a second whether the client is still there and takes enough (front.h, pace); and
 * asks a body that had nothing yet.
 */
#ifndef SMK_AGENT_EVHTTP_VISIT_H
#define SMK_AGENT_EVHTTP_VISIT_H

#include "front.h"

struct event_base;
struct evhttp_request;
struct smk_evhttp_visit;

struct smk_evhttp_place {
    enum smk_front front;
    struct event_base *base;
    uint64_t stall_ns;
    /* The exchange was answered; on the control loop's thread. Sees to it that smk_evhttp_visit_send is called
     * on the base's thread. */
    void (*answered)(struct smk_evhttp_visit *visit);
    /* The visit ended and is freed next; on the base's thread. May be NULL. */
    void (*ended)(struct smk_evhttp_visit *visit);
};

struct smk_evhttp_visit {
    const struct smk_evhttp_place *place;
    struct evhttp_request *request; /* NULL: its connection is closed */
    struct smk_exchange *exchange;  /* NULL: the gate refused */
    struct smk_answer refusal;
    struct smk_answer *answer; /* once there is one: the exchange's, or `refusal` */
    struct event *timer;
    struct smk_pace pace;
    uint64_t looked_at;  /* when the timer looked last */
    size_t unsent;       /* bytes that the connection held then */
    int64_t left;        /* of the body's announced length; -1: not announced */
    bool sending, complete;
    struct smk_evhttp_visit *next; /* the place's own */
};

/* Takes the request, whatever comes of it. `peer` is for the audit line. False: there is no memory, and the
 * request is the caller's still. */
bool smk_evhttp_visit_begin(const struct smk_evhttp_place *place, struct evhttp_request *request,
                            const char *peer, bool peer_is_local);

/* Sends the answer; or, where the connection is gone meanwhile, lets the visit go. */
void smk_evhttp_visit_send(struct smk_evhttp_visit *visit);

#endif
