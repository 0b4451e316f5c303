/* latency.h: requests: those in flight while the events go by, the routes, the slowest.
 *
 * A request's time is split into parts: waits for locks, own waits, time in queues, and what its
 * regions took apart from those; the rest is unexplained. Regions of the request itself overlap all of
 * them and are kept beside. When a request ends its parts are added to its route's (cells), and it is
 * forgotten unless it is one of the slowest.
 *
 * Bounds: SMK_FLIGHTS_MAX requests in flight and SMK_PARTS_MAX parts each; what is beyond is counted.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_LATENCY_H
#define SMK_ANALYSIS_LATENCY_H

#include "analysis/dist.h"
#include "analysis/map.h"
#include "analysis/samples.h"
#include "base/mem.h"

#define SMK_FLIGHTS_MAX 65536u
#define SMK_PARTS_MAX   24u
#define SMK_SLOWEST_MAX 100u

enum smk_part_kind {
    SMK_PART_LOCK,          /* id: of the lock in smk_locks */
    SMK_PART_WAIT,          /* id: the site of an own wait */
    SMK_PART_CALL,          /* id: of the sum of waits in one call, smk_call_waits */
    SMK_PART_QUEUE,         /* id: the site of the handoff */
    SMK_PART_REGION,        /* id: the site; without the waits in it and without inner regions */
    SMK_PART_REQUEST_REGION, /* id: the site; overlaps the others */
    SMK_PART_LOOP,          /* id: 0; from the arrival of its bytes to their read */
    SMK_PART_CPU,           /* id: 0; on a CPU in none of the others. Both are known at its end, where switches are */
    SMK_PART_PREEMPTED      /* id: 0; ready in none of the others, after its CPU was taken */
};

struct smk_part {
    uint32_t kind, id;
    uint64_t ns, count;
};

struct smk_request_record {
    uint64_t id; /* with its process, smk_map_own */
    uint64_t begin, end; /* end: of the window, for one that is still running */
    uint64_t trace_high, trace_low;
    uint64_t duration;
    uint32_t route; /* id of a string */
    uint32_t route_index; /* in smk_latency.routes; SMK_MAP_NONE: not known yet */
    uint32_t status;
    uint32_t thread; /* serial of the last one that worked for it */
    uint32_t process;
    uint32_t part_count;
    bool begin_seen, running;
    bool shared;      /* more than one thread worked for it */
    bool loop_seen;   /* its loop delay is among the parts */
    bool cpu_seen;    /* a thread worked for it whose switches are known: the next two are measured … */
    bool cpu_unknown; /* … but not of all of its time */
    uint64_t on_cpu;    /* ns, of all threads that worked for it */
    uint64_t preempted; /* ns that they were ready, after their CPU was taken from them */
    uint64_t on_cpu_apart, preempted_apart; /* of these what lies in no other part */
    uint64_t answers_to;    /* to here it waited for answers of peers */
    uint64_t parts_to;      /* to here its parts reach */
    uint64_t parts_refused; /* ns of parts that had no room */
    struct smk_part parts[SMK_PARTS_MAX];
};

struct smk_route {
    uint32_t route; /* id of a string */
    uint32_t running; /* at the end of the window */
    struct smk_dist latency; /* of those that ended in the window */
    struct smk_samples samples; /* of the same, for who asked for them */
    uint64_t in_window;      /* ns of its requests within the window */
    uint64_t failed;         /* status 500 and above */
    uint64_t on_cpu, preempted; /* ns, of those requests of which all is known */
    uint64_t measured;       /* how many these are */
    uint64_t loop, loop_max; /* ns from arrival to read, of those that were found on sockets */
    uint64_t explained;      /* ns of in_window in parts that do not overlap */
    uint32_t most;           /* the cell that took most of its time, of those that do not overlap */
};

/* What a part took in all requests of a route. */
struct smk_cell {
    uint32_t route; /* index in routes */
    uint32_t unused;
    struct smk_part part;
    uint64_t requests;
};

struct smk_latency {
    uint64_t from; /* begin of the window … */
    uint32_t process; /* … of the process whose events come now */
    struct smk_request_record *flights;
    uint32_t flight_count, flight_capacity;
    uint32_t free_flight; /* index + 1 of a list through route_index */
    uint32_t last_flight; /* of the last answer of find */
    struct smk_map by_id;
    struct smk_route *routes;
    uint32_t route_count, route_capacity;
    struct smk_map by_route;
    struct smk_cell *cells;
    uint32_t cell_count, cell_capacity;
    struct smk_map by_cell;
    struct smk_request_record *slowest; /* longest first */
    uint32_t slowest_count, slowest_max;
    uint32_t samples_max; /* of a route; 0: none are kept */
    struct smk_dist all; /* latencies of all routes */
    uint64_t ended, running, unlisted, parts_refused;
};

/* `from`: begin of the window; `slowest`: how many are kept. False when there is no memory. */
bool smk_latency_init(struct smk_latency *latency, struct smk_mem *mem, uint64_t from,
                      uint32_t slowest);
void smk_latency_free(struct smk_latency *latency, struct smk_mem *mem);

void smk_latency_begin(struct smk_latency *latency, struct smk_mem *mem, uint64_t id, uint32_t route,
                       uint64_t time, uint32_t thread);
/* A request about which nothing is known yet is taken up: it began before the trace. */
void smk_latency_enter(struct smk_latency *latency, struct smk_mem *mem, uint64_t id, uint32_t thread);
void smk_latency_trace(struct smk_latency *latency, uint64_t id, uint64_t high, uint64_t low);
void smk_latency_end(struct smk_latency *latency, struct smk_mem *mem, uint64_t id, uint32_t route,
                     uint64_t time, uint64_t duration, uint32_t status, uint32_t thread);

/* How a request ended that was found on a socket; all before it was known when its event was recorded. */
struct smk_latency_answer {
    uint64_t end;      /* when its last byte was written */
    uint64_t duration;
    uint64_t delay;    /* from the arrival of its bytes to their read */
    uint64_t more;     /* others that came, and were answered, with it */
    uint32_t route, status;
};

void smk_latency_answered(struct smk_latency *latency, struct smk_mem *mem, uint64_t id,
                          const struct smk_latency_answer *answer, uint32_t thread);
/* Its bytes had arrived `delay` before its begin. */
void smk_latency_arrived(struct smk_latency *latency, uint64_t id, uint64_t delay);
/* It was none. */
void smk_latency_dropped(struct smk_latency *latency, uint64_t id);

/* [end - ns, end] belongs to the request: what lies before its begin is cut off. */
void smk_latency_part(struct smk_latency *latency, uint64_t id, enum smk_part_kind kind, uint32_t part,
                      uint64_t end, uint64_t ns);

/* The request waited for an answer that came at `end`, the calls `part` brought it; what it waited for answers before
 * is not counted twice. */
void smk_latency_peer(struct smk_latency *latency, uint64_t id, uint32_t part, uint64_t begin, uint64_t end);

/* [end - ns, end] lay behind its end, and is none of it. */
void smk_latency_part_back(struct smk_latency *latency, uint64_t id, enum smk_part_kind kind, uint32_t part,
                           uint64_t ns);

/* Parts of it lie behind `end`; others than this thread worked for it. */
bool smk_latency_goes_beyond(struct smk_latency *latency, uint64_t id, uint64_t end);
bool smk_latency_is_shared(struct smk_latency *latency, uint64_t id, uint32_t thread);

/* The thread is the last that worked for it, and it has not ended. */
bool smk_latency_is_with(struct smk_latency *latency, uint64_t id, uint32_t thread);

/* A thread that works for the request was on a CPU, or preempted, up to `end`; or what it did is not known. Apart: as
 * far as is known yet, in no other part; what turns out to be in one is taken back. */
void smk_latency_cpu(struct smk_latency *latency, uint64_t id, uint64_t end, uint64_t on_cpu,
                     uint64_t preempted, bool apart);
void smk_latency_cpu_in_part(struct smk_latency *latency, uint64_t id, uint64_t on_cpu, uint64_t preempted);
void smk_latency_cpu_unknown(struct smk_latency *latency, uint64_t id);

/* Requests are not recorded for a while: what is in flight may end unseen, and is forgotten. */
void smk_latency_forget_flights(struct smk_latency *latency);

/* What the process has in flight at `to`, the end of its window, is taken in as running. */
void smk_latency_stop(struct smk_latency *latency, struct smk_mem *mem, uint64_t to);
/* The same of the last process; sums are right from then on. */
void smk_latency_finish(struct smk_latency *latency, struct smk_mem *mem, uint64_t to);

/* The cell of a part in a route, or NULL. */
const struct smk_cell *smk_latency_cell(const struct smk_latency *latency, uint32_t route_index,
                                        enum smk_part_kind kind, uint32_t part);

/* The index of a route in flight or ended; SMK_MAP_NONE: the request or its route is not known. */
uint32_t smk_latency_route_of(const struct smk_latency *latency, uint64_t id);

#endif
