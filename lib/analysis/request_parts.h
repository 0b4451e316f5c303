/* request_parts.h: where one request's time went, to the nanosecond: steps without holes from its begin to its end,
 * and the sums of them.
 *
 * A step is what the threads that worked for it did; where several did at once, one that ran counts, then one that
 * was ready, then one that waited; and who put it into a queue counts from then on only where it is in no queue and
 * nobody else has it. Where none did: from the arrival of its bytes to their read the event loop was
 * late; in a handoff it lay in a queue; between a question and its answer a peer was waited for, as long as the
 * thread that read it came to rest once more; else it was left to a loop, whose thread either worked for somebody
 * else, so the request may have waited for it, or had nothing to do, so something outside was waited for. On a CPU
 * is what switch records say; without them the kernel's counts give an estimate, and what they do not cover is
 * unexplained.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_REQUEST_PARTS_H
#define SMK_ANALYSIS_REQUEST_PARTS_H

#include "analysis/locks.h"
#include "analysis/span_index.h"

/*    NAME         name           as text */
#define SMK_TIMES(X)                                                                                               \
    X(CPU, "cpu", "on CPU")                                                                                        \
    X(RUNNABLE, "runnable", "no CPU (runnable)")                                                                   \
    X(LOCK, "lock", "lock")                                                                                        \
    X(COND, "cond", "condition")                                                                                   \
    X(NET, "net", "network")                                                                                       \
    X(POLL, "poll", "poll")                                                                                        \
    X(DISK, "disk", "disk")                                                                                        \
    X(SLEEP, "sleep", "sleep")                                                                                     \
    X(MEMORY, "memory", "memory")                                                                                  \
    X(JOIN, "join", "join")                                                                                        \
    X(OTHER, "other", "own wait")                                                                                  \
    X(QUEUE, "queue", "queue")                                                                                     \
    X(LOOP, "loop", "event loop")                                                                                  \
    X(OUTSIDE, "outside", "outside")                                                                               \
    X(UNEXPLAINED, "unexplained", "unexplained")

enum smk_time_kind {
#define X(NAME, name, text) SMK_TIME_##NAME,
    SMK_TIMES(X)
#undef X
    SMK_TIMES_COUNT
};

/* "cpu"; "on CPU". */
const char *smk_time_name(enum smk_time_kind kind);
const char *smk_time_text(enum smk_time_kind kind);

/* What a part is made of. */
enum smk_detail_type {
    SMK_DETAIL_REGION, /* id: a site; the innermost region */
    SMK_DETAIL_CALL,   /* id: a string */
    SMK_DETAIL_WHAT,   /* id: a string, the peer or the file */
    SMK_DETAIL_SITE,   /* id: a site: of an own wait, of a handoff */
    SMK_DETAIL_THREAD, /* id: serial; that one had the CPU, or the loop */
    SMK_DETAIL_WHY,    /* id: enum smk_why */
    SMK_DETAIL_ROUTE   /* id: a string; a request of that one had the loop */
};

enum smk_why {
    SMK_WHY_UNSEEN,      /* off its CPU in no call that is seen */
    SMK_WHY_UNKNOWN,     /* not recorded: a gap, or the thread was not known yet */
    SMK_WHY_NO_SOURCE,   /* in no call, and nothing says whether it had a CPU */
    SMK_WHY_NOT_COUNTED, /* in no call, and the kernel counts less CPU time */
    SMK_WHY_NOBODY,      /* no thread worked for it, and none had */
    SMK_WHY_WOKEN,       /* of a queue that nobody marked: the next thread was idle, and to be woken */
    SMK_WHY_OTHERS       /* runnable: something else had the CPUs */
};

const char *smk_why_text(enum smk_why why);

struct smk_time_detail {
    uint64_t ns;
    uint32_t type, id, count;
};

#define SMK_DETAILS_MAX 12u
#define SMK_TIME_PARTS_MAX 96u

struct smk_time_part {
    uint32_t kind;       /* enum smk_time_kind */
    uint32_t lock;       /* of SMK_TIME_LOCK: index in the locks; SMK_MAP_NONE */
    uint64_t ns;
    uint64_t estimated;  /* ns of it that are */
    uint32_t count;      /* steps */
    uint32_t ahead;      /* of a queue: others that were in it before, and came out before */
    uint32_t detail_count;
    struct smk_time_detail details[SMK_DETAILS_MAX]; /* most first */
};

struct smk_request_step {
    uint64_t from, to;
    uint32_t part;   /* number */
    uint32_t thread; /* serial; 0: none worked for it */
    uint32_t wait;   /* number in the index's waits + 1; 0: none */
};

/* A thread that worked for it. */
struct smk_request_server {
    uint32_t thread;
    uint64_t first, last, ns;
};

#define SMK_SERVERS_MAX 32u

struct smk_request_parts {
    struct smk_span_request request;
    uint64_t total; /* = the sum of the parts, and of the steps */
    struct smk_time_part parts[SMK_TIME_PARTS_MAX]; /* by kind; of locks most first */
    uint32_t part_count;
    struct smk_request_step *steps;
    uint32_t step_count, step_capacity;
    struct smk_request_server servers[SMK_SERVERS_MAX];
    uint32_t server_count, servers_more;
    uint32_t loop_thread; /* whose loop it waited for; 0: none */
    bool estimated; /* some of it is */
};

/* The index has the request's interval. False when there is no memory. `locks`: of the trace. */
bool smk_request_parts_make(struct smk_request_parts *parts, const struct smk_span_index *index,
                            struct smk_locks *locks, const struct smk_span_request *request);
void smk_request_parts_free(struct smk_request_parts *parts, struct smk_mem *mem);

/* The part of a kind, and of this lock; NULL: it has none. */
const struct smk_time_part *smk_request_part(const struct smk_request_parts *parts, uint32_t kind, uint32_t lock);

#endif
